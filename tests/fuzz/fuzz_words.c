/* fuzz_words.c - any line as each of the small texts that come in settings, in queries
 * and in headers. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "api/bearer.h"
#include "api/pattern.h"
#include "api/who.h"
#include "base/clock.h"
#include "base/text.h"
#include "ca/namepattern.h"
#include "ca/reason.h"
#include "service/tcp.h"

/* What is read is written as it stood. */
static void
read_times(const char *text)
{
	char written[CLOCK_TEXT_SIZE], http[CLOCK_HTTP_SIZE];
	int64_t seconds;

	if (clock_parse(text, &seconds) == 0) {
		clock_format(written, seconds);
		must(strcmp(written, text) == 0);
	}
	if (clock_http_parse(text, &seconds) == 0) {
		clock_http_format(http, seconds);
		must(strcmp(http, text) == 0);
	}
}

static void
read_bearer(const char *text)
{
	char written[BEARER_TEXT_SIZE];
	struct bearer bearer;

	if (bearer_read(text, strlen(text), &bearer) == 0) {
		bearer_write(&bearer, written);
		must(strcmp(written, text) == 0);
	}
	bearer_clear(&bearer);
}

static void
read_others(const char *text)
{
	struct error err = { 0 };
	struct tcp_address address;
	struct access_who who;
	uint64_t number;
	int reason;

	if (text_to_uint(text, 5, 50, &number, &err) == 0)
		must(number >= 5 && number <= 50 && strlen(text) <= 2);
	if (reason_read(text, &reason, &err) == 0)
		must(strcmp(reason_name(reason), text) == 0);
	if (tcp_address_read(text, &address, &err) == 0)
		must(tcp_address_is_same(&address, &address));
	if (pattern_is_valid(text) && name_is_valid(text))
		must(pattern_matches(text, text));
	(void)namepattern_is_valid(text);
	if (who_read(text, &who, &err) != 0)
		must(err.code == ERROR_CONFIG);
}

static void
read_base64(struct bytes in)
{
	struct buffer bytes, text;
	struct error err = { 0 };

	buf_init(&bytes, 0);
	buf_init(&text, 0);
	if (base64_decode(&bytes, (const char *)in.data, in.len, &err) == 0) {
		base64_encode(&text, bytes.data, bytes.len);
		must(text.len == in.len &&
		     (in.len == 0 || memcmp(text.data, in.data, in.len) == 0));
	}
	buf_free(&bytes);
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	read_base64((struct bytes){ data, size });
	read_times(text);
	read_bearer(text);
	read_others(text);
	free(text);
	return 0;
}
