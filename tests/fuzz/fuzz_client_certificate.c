/* fuzz_client_certificate.c - any bytes as certificates that a TLS client shows, each
 * after two bytes of length, or as the PEM file of those who may sign them. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "ca/anchors.h"
#include "ca/certtext.h"
#include "ca/client_certificate.h"
#include "tests/ca/support.h"

static struct house house;
static X509_STORE *anchors; /* the house's root alone */

static void
leave(void)
{
	X509_STORE_free(anchors);
	house_close(&house);
}

static void
enter(void)
{
	const struct issuer_info *info;
	struct error err = { 0 };
	struct buffer pem;

	if (anchors != NULL)
		return;
	house_open(&house, NULL);
	house_add_issuers(&house, ec_key("P-256"));
	buf_init(&pem, 0);
	must(authority_find_issuer(house.authority, "root", &info, &err) == 0);
	certtext_pem(info->certificate, &pem);
	must(anchors_read(NULL, buf_bytes(&pem), "root", &anchors, &err) == 0);
	buf_free(&pem);
	atexit(leave);
}

static void
read_chain(struct bytes in, struct client_chain *chain)
{
	for (chain->count = 0; in.len >= 2 && chain->count < CLIENT_CHAIN_MAX;) {
		size_t len = (size_t)in.data[0] << 8 | in.data[1];

		if (len > in.len - 2)
			len = in.len - 2;
		chain->certificates[chain->count++] = (struct bytes){ in.data + 2, len };
		in = (struct bytes){ in.data + 2 + len, in.len - 2 - len };
	}
}

static void
verify(const struct client_chain *chain, X509_STORE *trusted)
{
	struct client_certificate *client = NULL;
	enum client_fault fault = CLIENT_FAULT_BAD;
	const char *const *names;
	struct error err = { 0 };
	size_t count;

	if (client_certificate_verify(
		house.authority, trusted, chain, &client, &fault, &err) != 0) {
		must(client == NULL && err.code == ERROR_FORBIDDEN);
		return;
	}
	names = client_certificate_names(client, &count);
	must(count <= CLIENT_NAMES_MAX && (count == 0 || names[count - 1] != NULL));
	must(strlen(client_certificate_actor(client)) < CLIENT_ACTOR_SIZE);
	client_certificate_free(client);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct client_chain chain = { 0 };
	X509_STORE *read = NULL;
	struct error err = { 0 };

	enter();
	read_chain(in, &chain);
	if (chain.count > 0)
		verify(&chain, anchors);
	if (anchors_read(NULL, in, "file", &read, &err) == 0)
		must(read != NULL);
	else
		must(read == NULL && err.code != ERROR_NONE);
	X509_STORE_free(read);
	return 0;
}
