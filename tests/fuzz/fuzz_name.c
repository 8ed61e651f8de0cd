/* fuzz_name.c - any bytes as a pattern, a newline, and a name that is asked for. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "ca/dnsname.h"
#include "ca/dnspattern.h"
#include "ca/emailname.h"
#include "ca/network.h"
#include "ca/uriname.h"

#define NETWORK_SIZE 64

/* A name that is fine is a pattern, and the only name that this pattern has. */
static void
check_uri(struct bytes pattern, struct bytes name)
{
	struct violations v = { 0 };

	uriname_check(name, "san[0]", &v);
	if (v.count == 0 && uriname_pattern_is_valid(name))
		must(uriname_matches(name, name));
	if (v.count == 0 && uriname_pattern_is_valid(pattern) &&
	    memchr(pattern.data, '*', pattern.len) == NULL)
		must(uriname_matches(pattern, name) ==
		     (pattern.len == name.len &&
			 memcmp(pattern.data, name.data, name.len) == 0));
	(void)uriname_is_spiffe(name);
}

static void
check_email(struct bytes pattern, struct bytes name)
{
	struct violations v = { 0 };

	emailname_check(name, "san[0]", &v);
	if (v.count == 0)
		must(emailname_pattern_is_valid(name) && emailname_matches(name, name));
	if (emailname_pattern_is_valid(pattern))
		(void)emailname_matches(pattern, name);
}

static void
check_dns(struct bytes pattern, struct bytes name)
{
	struct violations v = { 0 };

	dnsname_check(name, true, "san[0]", &v);
	if (v.count == 0)
		must(dnspattern_is_valid(name) && dnspattern_matches(name, name));
	if (dnspattern_is_valid(pattern))
		(void)dnspattern_matches(pattern, name);
}

static void
check_network(struct bytes pattern, struct bytes name)
{
	struct network network;
	char text[NETWORK_SIZE];

	if (pattern.len >= sizeof(text))
		return;
	memcpy(text, pattern.data, pattern.len);
	text[pattern.len] = '\0';
	if (network_read(text, &network) == 0) {
		must(
		    network_has(&network, (struct bytes){ network.octets, network.len }));
		(void)network_has(&network, name);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
	struct bytes pattern, name;

	if (line == NULL)
		return 0;
	pattern = (struct bytes){ data, (size_t)(line - data) };
	name = (struct bytes){ line + 1, size - pattern.len - 1 };
	check_uri(pattern, name);
	check_email(pattern, name);
	check_dns(pattern, name);
	check_network(pattern, name);
	return 0;
}
