/*
 * fuzz_acme.c - what an ACME server, or anybody who connects to a challenge's listener,
 * may send: the first byte says what it is.
 */
#include "tests/fuzz/target.h"

#include <stdlib.h>
#include <string.h>

#include "acme/base64url.h"
#include "acme/certid.h"
#include "acme/chain.h"
#include "acme/http01.h"
#include "acme/refusal.h"
#include "acme/resource.h"
#include "base/text.h"

static struct http *http;

static void
open_http(void)
{
	struct error err;

	if (http == NULL)
		must(http_new("https://a.example/dir", "/dev/null", &http, &err) == 0);
}

static void
try_directory(struct bytes body, const char *text)
{
	struct directory directory;
	struct error err;

	(void)text;
	if (directory_read(http, body, &directory, &err) != 0)
		return;
	must(http_check_url(http, directory.new_order, &err) == 0);
	must(strncasecmp(directory.new_order, "https:", 6) == 0);
	directory_free(&directory);
}

static void
try_account(struct bytes body, const char *text)
{
	struct acme_account account = { .url = NULL };
	struct error err;

	(void)text;
	account_read(body, &account, &err);
	acme_account_free(&account);
}

static void
try_order(struct bytes body, const char *text)
{
	struct order order;
	struct error err;

	(void)text;
	if (order_read(http, body, &order, &err) != 0)
		return;
	must(order.count >= 1 && order.count <= RESOURCE_NAMES_MAX);
	must(order.status != STATUS_VALID || order.certificate != NULL);
	order_free(&order);
}

static void
try_authorization(struct bytes body, const char *text)
{
	struct authorization authorization;
	struct error err;

	(void)text;
	if (authorization_read(http, body, "http-01", &authorization, &err) != 0)
		return;
	must(http_is_plain(authorization.value) && http_is_plain(authorization.type));
	if (authorization.url != NULL) {
		must(base64url_is(authorization.token));
		must(strlen(authorization.token) <= RESOURCE_TOKEN_MAX);
	}
	authorization_free(&authorization);
}

static void
try_window(struct bytes body, const char *text)
{
	struct acme_window window;
	struct error err;

	(void)text;
	if (window_read(body, &window, &err) == 0)
		must(window.end > window.start && !text_has_control(window.explanation));
}

static void
try_refusal(struct bytes body, const char *text)
{
	struct refusal refusal;
	struct buffer copy, lines;

	(void)text;
	buf_init(&copy, 0);
	buf_init(&lines, REFUSAL_TEXT_MAX);
	buf_append(&copy, body.data, body.len);
	refusal_parse(&copy, 400, &refusal, &lines);
	must(!text_has_control(refusal.type) && !text_has_control(refusal.detail));
	for (size_t i = 0; i < lines.len; i++)
		must(lines.data[i] == '\n' ||
		     (lines.data[i] >= ' ' && lines.data[i] != 0x7f));
	buf_free(&copy);
	buf_free(&lines);
}

static void
try_chain(struct bytes body, const char *text)
{
	struct buffer out, again;
	struct error err;

	(void)text;
	buf_init(&out, 0);
	buf_init(&again, 0);
	/* No request: no certificate is for its key. */
	must(chain_read(body, (struct bytes){ NULL, 0 }, NULL, 0, &out, &err) != 0);
	certid_write(body, &again, &err);
	buf_free(&out);
	buf_free(&again);
}

static void
try_head(struct bytes body, const char *text)
{
	struct http_response res;
	const char *end;

	(void)body;
	http_response_init(&res);
	while ((end = strchr(text, '\n')) != NULL) {
		http_read_header(&res, text, (size_t)(end + 1 - text));
		text = end + 1;
	}
	must(strlen(res.nonce) < sizeof(res.nonce) && res.retry_after_s >= -1);
	http_response_free(&res);
}

static void
try_request(struct bytes body, const char *text)
{
	struct buffer out;

	(void)body;
	buf_init(&out, 0);
	http01_answer(text, "token", "token.secret", &out);
	if (strstr(buf_string(&out), "secret") != NULL)
		must(strncmp(text, "GET " HTTP01_PATH "token", strlen(HTTP01_PATH) + 9) ==
		     0);
	buf_free(&out);
}

static void
try_identifier(struct bytes body, const char *text)
{
	struct identifier identifier;
	struct buffer name, octets, back;
	struct error err;

	(void)body;
	buf_init(&name, 0);
	buf_init(&octets, 0);
	buf_init(&back, 0);
	if (identifier_read(text, &identifier, &err) == 0) {
		must(!text_has_control(identifier.value) &&
		     strchr(identifier.value, '/') == NULL);
		identifier_server_name(&identifier, &name);
	}
	if (base64url_decode(&octets, text, &err) == 0) {
		base64url_encode(&back, buf_bytes(&octets));
		must(strcmp(buf_string(&back), text) == 0);
	}
	buf_free(&name);
	buf_free(&octets);
	buf_free(&back);
}

static void (*const tries[])(struct bytes body, const char *text) = {
	try_directory,
	try_account,
	try_order,
	try_authorization,
	try_window,
	try_refusal,
	try_chain,
	try_head,
	try_request,
	try_identifier,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	open_http();
	if (size == 0 || data[0] < 'a' ||
	    data[0] >= 'a' + sizeof(tries) / sizeof(tries[0]))
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	must(text != NULL);
	tries[data[0] - 'a']((struct bytes){ data + 1, size - 1 }, text);
	free(text);
	return 0;
}
