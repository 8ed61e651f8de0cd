/* test_resource.c - what a server may answer, and each thing that it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "acme/resource.h"

static struct error err;
static struct http *http;

static struct bytes
text(const char *value)
{
	return (struct bytes){ (const unsigned char *)value, strlen(value) };
}

/* base with one part replaced: in a static buffer. */
static const char *
changed(const char *base, const char *from, const char *to)
{
	static char out[8192];
	const char *at = strstr(base, from);

	assert_non_null(at);
	snprintf(
	    out, sizeof(out), "%.*s%s%s", (int)(at - base), base, to, at + strlen(from));
	return out;
}

struct change {
	const char *from, *to;
};

static const char directory_text[] =
    "{\"newNonce\":\"https://a.example/nonce\",\"newAccount\":\"https://a.example/acct\","
    "\"newOrder\":\"https://a.example/order\",\"revokeCert\":\"https://a.example/"
    "revoke\","
    "\"keyChange\":\"https://a.example/change\",\"renewalInfo\":\"https://a.example/"
    "ari\","
    "\"meta\":{\"termsOfService\":\"https://a.example/terms\","
    "\"externalAccountRequired\":true},\"x\":1}";

static void
a_directory_is_read(void **state)
{
	struct directory directory;

	(void)state;
	assert_int_equal(directory_read(http, text(directory_text), &directory, &err), 0);
	assert_string_equal(directory.new_order, "https://a.example/order");
	assert_string_equal(directory.renewal_info, "https://a.example/ari");
	assert_string_equal(directory.terms, "https://a.example/terms");
	assert_true(directory.needs_binding);
	directory_free(&directory);
	assert_int_equal(
	    directory_read(http,
		text("{\"newNonce\":\"https://a.example/\",\"newAccount\":\"https://"
		     "a.example/\",\"newOrder\":\"https://a.example/\",\"revokeCert\":"
		     "\"https://a.example/\",\"keyChange\":\"https://a.example/\"}"),
		&directory, &err),
	    0);
	assert_null(directory.renewal_info);
	assert_false(directory.needs_binding);
	directory_free(&directory);
}

static void
a_directory_that_is_none_is_refused(void **state)
{
	static const struct change changes[] = {
		{ "\"newNonce\"", "\"x1\"" },
		{ "\"newAccount\"", "\"x1\"" },
		{ "\"newOrder\"", "\"newNonce\"" }, /* twice */
		{ "\"https://a.example/order\"", "7" },
		{ "\"https://a.example/order\"", "\"\"" },
		{ "\"https://a.example/order\"", "null" },
		{ "https://a.example/order", "http://a.example/order" },
		{ "https://a.example/revoke", "https://u:p@a.example/revoke" },
		{ "https://a.example/change", "change" },
		{ "\"https://a.example/ari\"", "[]" },
		{ "true", "\"yes\"" },
		{ "\"https://a.example/terms\"", "1" },
		{ "https://a.example/terms", "https://a.example/\\u001b[2J" },
		{ "{\"newNonce\"", "[{\"newNonce\"" },
	};
	struct directory directory;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (directory_read(http,
			text(changed(directory_text, changes[i].from, changes[i].to)),
			&directory, &err) == 0)
			fail_msg("%s is taken", changes[i].to);
	assert_int_equal(directory_read(http, text(""), &directory, &err), -1);
	assert_int_equal(directory_read(http, text("[]"), &directory, &err), -1);
}

static void
an_account_is_read(void **state)
{
	struct acme_account account = { .url = NULL };

	(void)state;
	assert_int_equal(
	    account_read(text("{\"status\":\"valid\",\"contact\":[\"mailto:a@"
			      "b.example\",\"mailto:c@d.example\"]}"),
		&account, &err),
	    0);
	assert_string_equal(account.status, "valid");
	assert_string_equal(account.contacts[1], "mailto:c@d.example");
	assert_null(account.contacts[2]);
	acme_account_free(&account);
	assert_int_equal(account_read(text("{\"status\":\"valid\"}"), &account, &err), 0);
	assert_null(account.contacts);
	acme_account_free(&account);
}

static void
an_account_that_is_none_is_refused(void **state)
{
	static const char *const wrong[] = { "{}", "{\"status\":1}",
		"{\"status\":\"valid\",\"contact\":\"mailto:a@b.example\"}",
		"{\"status\":\"valid\",\"contact\":[1]}",
		"{\"status\":\"valid\",\"contact\":[\"a\\nb\"]}",
		"{\"status\":\"va\\u0000lid\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct acme_account account = { .url = NULL };

		if (account_read(text(wrong[i]), &account, &err) == 0)
			fail_msg("%s is taken", wrong[i]);
		acme_account_free(&account);
	}
}

static const char order_text[] =
    "{\"status\":\"valid\",\"authorizations\":[\"https://a.example/z/1\","
    "\"https://a.example/z/2\"],\"finalize\":\"https://a.example/f\","
    "\"certificate\":\"https://a.example/c\",\"error\":{\"type\":\"x\"}}";

static void
an_order_is_read(void **state)
{
	struct order order;

	(void)state;
	assert_int_equal(order_read(http, text(order_text), &order, &err), 0);
	assert_int_equal(order.status, STATUS_VALID);
	assert_int_equal(order.count, 2);
	assert_string_equal(order.authorizations[1], "https://a.example/z/2");
	assert_string_equal(order.certificate, "https://a.example/c");
	assert_non_null(order.error);
	order_free(&order);
	assert_int_equal(order_read(http,
			     text("{\"status\":\"pending\",\"authorizations\":[\"https://"
				  "a.example/z\"],\"finalize\":\"https://a.example/f\","
				  "\"certificate\":null,\"error\":null}"),
			     &order, &err),
	    0);
	assert_null(order.certificate);
	assert_null(order.error);
	order_free(&order);
}

static void
an_order_that_is_none_is_refused(void **state)
{
	static const struct change changes[] = {
		{ "\"valid\"", "\"done\"" },
		{ "\"status\"", "\"stat\"" },
		{ "\"https://a.example/z/1\",\"https://a.example/z/2\"", "" },
		{ "\"https://a.example/z/1\"", "1" },
		{ "https://a.example/z/1", "http://a.example/z/1" },
		{ "\"finalize\"", "\"final\"" },
		{ "\"certificate\"", "\"cert\"" },
		{ "https://a.example/c", "file:///etc/passwd" },
		{ "{\"type\":\"x\"}", "\"x\"" },
	};
	struct buffer many;
	struct order order;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (order_read(http,
			text(changed(order_text, changes[i].from, changes[i].to)), &order,
			&err) == 0)
			fail_msg("%s is taken", changes[i].to);
	buf_init(&many, 0);
	buf_text(&many, "{\"status\":\"pending\",\"finalize\":\"https://a.example/f\","
			"\"authorizations\":[");
	for (int i = 0; i < RESOURCE_NAMES_MAX; i++)
		buf_text(&many, "\"https://a.example/z\",");
	buf_text(&many, "\"https://a.example/z\"]}");
	assert_int_equal(order_read(http, buf_bytes(&many), &order, &err), -1);
	buf_free(&many);
}

static const char authorization_text[] =
    "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.example\"},"
    "\"wildcard\":false,\"challenges\":[{\"type\":\"new-02\",\"strange\":true},"
    "{\"type\":\"http-01\",\"url\":\"https://a.example/h\",\"status\":\"pending\","
    "\"token\":\"abc_-9\",\"error\":{\"detail\":\"why\"}},"
    "{\"type\":\"dns-01\",\"url\":\"https://a.example/d\",\"status\":\"pending\","
    "\"token\":\"abc_-9\"}]}";

static void
an_authorization_is_read(void **state)
{
	struct authorization a;

	(void)state;
	assert_int_equal(
	    authorization_read(http, text(authorization_text), "http-01", &a, &err), 0);
	assert_int_equal(a.status, STATUS_PENDING);
	assert_string_equal(a.value, "a.example");
	assert_string_equal(a.url, "https://a.example/h");
	assert_string_equal(a.token, "abc_-9");
	assert_non_null(a.error);
	authorization_free(&a);
	assert_int_equal(
	    authorization_read(http, text(authorization_text), "tls-alpn-01", &a, &err),
	    0);
	assert_null(a.url);
	authorization_free(&a);
}

static void
an_authorization_that_is_none_is_refused(void **state)
{
	static const struct change changes[] = {
		{ "\"pending\"", "\"open\"" },
		{ "{\"type\":\"dns\",\"value\":\"a.example\"}", "\"a.example\"" },
		{ "\"a.example\"", "\"a\\nb\"" },
		{ "\"a.example\"", "\"a\\u009b2J\"" },
		{ "false", "0" },
		{ "\"challenges\"", "\"chal\"" },
		{ "{\"type\":\"new-02\",\"strange\":true}", "7" },
		{ "\"type\":\"new-02\"", "\"type\":7" },
		{ "https://a.example/h", "http://a.example/h" },
		{ "abc_-9", "" },
		{ "abc_-9", "../../x" },
		{ "abc_-9", "a b" },
		{ "abc_-9", "a\\u0000b" },
		{ "\"abc_-9\"", "null" },
		{ "{\"detail\":\"why\"}", "\"why\"" },
	};
	char token[RESOURCE_TOKEN_MAX + 2];
	struct authorization a;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (authorization_read(http,
			text(changed(authorization_text, changes[i].from, changes[i].to)),
			"http-01", &a, &err) == 0)
			fail_msg("%s is taken", changes[i].to);
	memset(token, 'a', sizeof(token) - 1);
	token[sizeof(token) - 1] = '\0';
	assert_int_equal(
	    authorization_read(http, text(changed(authorization_text, "abc_-9", token)),
		"http-01", &a, &err),
	    -1);
}

static const char window_text[] =
    "{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00Z\","
    "\"end\":\"2025-01-03T04:00:00Z\"},\"explanationURL\":\"https://a.example/why\"}";

static void
a_window_is_read(void **state)
{
	struct acme_window window;

	(void)state;
	assert_int_equal(window_read(text(window_text), &window, &err), 0);
	assert_int_equal(window.start, 1735790400);
	assert_int_equal(window.end - window.start, 86400);
	assert_string_equal(window.explanation, "https://a.example/why");
	assert_int_equal(window_read(text(changed(window_text, "02T04:00:00Z",
					 "02T05:30:00.123456789+01:30")),
			     &window, &err),
	    0);
	assert_int_equal(window.start, 1735790400);
	assert_int_equal(
	    window_read(text(changed(window_text, "02T04:00:00Z", "01T23:00:00-05:00")),
		&window, &err),
	    0);
	assert_int_equal(window.start, 1735790400);
}

static void
a_window_that_is_none_is_refused(void **state)
{
	static const struct change changes[] = {
		{ "02T04:00:00Z", "03T04:00:00Z" }, /* empty */
		{ "02T04:00:00Z", "04T04:00:00Z" }, /* backwards */
		{ "\"2025-01-02T04:00:00Z\"", "1735790400" },
		{ "02T04:00:00Z", "02" },
		{ "02T04:00:00Z", "32T04:00:00Z" },
		{ "02T04:00:00Z", "02T04:00:00" },
		{ "02T04:00:00Z", "02T04:00:00+1:00" },
		{ "02T04:00:00Z", "02T04:00:00+24:00" },
		{ "02T04:00:00Z", "02T04:00:00+01:00x" },
		{ "02T04:00:00Z", "02T04:00:00+-1:00" },
		{ "02T04:00:00Z", "02 04:00:00Z" },
		{ "\"start\"", "\"begin\"" },
		{ "\"end\"", "\"until\"" },
		{ "\"suggestedWindow\"", "\"window\"" },
		{ "\"https://a.example/why\"", "7" },
	};
	struct acme_window window;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (window_read(
			text(changed(window_text, changes[i].from, changes[i].to)),
			&window, &err) == 0)
			fail_msg("%s is taken", changes[i].to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_is_read),
		cmocka_unit_test(a_directory_that_is_none_is_refused),
		cmocka_unit_test(an_account_is_read),
		cmocka_unit_test(an_account_that_is_none_is_refused),
		cmocka_unit_test(an_order_is_read),
		cmocka_unit_test(an_order_that_is_none_is_refused),
		cmocka_unit_test(an_authorization_is_read),
		cmocka_unit_test(an_authorization_that_is_none_is_refused),
		cmocka_unit_test(a_window_is_read),
		cmocka_unit_test(a_window_that_is_none_is_refused),
	};
	int failed;

	if (http_new("https://a.example/dir", "/dev/null", &http, &err) != 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	http_free(http);
	return failed;
}
