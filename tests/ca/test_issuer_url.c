/* test_issuer_url.c - which URLs may stand in certificates. */
#include "ca/issuer_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ca/support.h"

static void
accepts_http(void **state)
{
	static const char *const urls[] = { "http://a", "http://crl.example/root.crl",
		"http://crl.example:8080/a/b?c=d%20e", "http://10.0.0.1/crl",
		"http://[2001:db8::1]:80/crl", "http://ocsp.example/" };
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (!issuer_url_is_fine(urls[i], &why))
			fail_msg("%s: %s", urls[i], why);
}

static void
refuses_what_a_relying_party_may_not_follow(void **state)
{
	static const char *const urls[] = { "", "http://", "https://crl.example/",
		"HTTP://crl.example/", "ldap://crl.example/", "http:///crl",
		"http://user@crl.example/", "http://crl.example:0/",
		"http://crl.example:/", "http://crl.example:65536/",
		"http://crl.example/a b", "http://crl.example/#top",
		"http://crl.example/\n", "http://crl.ex\xc3\xa4mple/",
		"http://[2001:db8::1", "http://[]/", "http://crl_1.example/" };
	char url[STORE_URL_SIZE + 1];
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (issuer_url_is_fine(urls[i], &why))
			fail_msg("accepted: %s", urls[i]);
	memset(url, 'a', sizeof(url));
	memcpy(url, "http://", 7);
	url[STORE_URL_SIZE] = '\0';
	assert_false(issuer_url_is_fine(url, &why));
	url[STORE_URL_SIZE - 1] = '\0';
	assert_true(issuer_url_is_fine(url, &why));
}

static void
keeps_sets_and_removes(void **state)
{
	struct issuer_row row = { .crl_shards = 1, .ocsp_url = "http://kept" };
	struct violations v = { 0 };

	(void)state;
	assert_int_equal(
	    issuer_set_urls(&row, "http://crl", NULL, "http://ca", &v, NULL), 0);
	assert_string_equal(row.crl_url, "http://crl");
	assert_string_equal(row.ocsp_url, "http://kept");
	assert_int_equal(issuer_set_urls(&row, NULL, NULL, "", &v, NULL), 0);
	assert_string_equal(row.ca_issuers_url, "");
	assert_int_equal(v.count, 0);
	assert_int_equal(issuer_set_urls(&row, NULL, "https://x", NULL, &v, NULL), 0);
	assert_true(breaks(&v, RULE_ISSUER_URL));
	assert_string_equal(row.ocsp_url, "http://kept");
}

static void
refuses_a_query_before_the_number_of_a_shard(void **state)
{
	struct issuer_row row = { .crl_shards = 2 };
	struct violations v = { 0 };

	(void)state;
	issuer_set_urls(&row, "http://crl/x", NULL, NULL, &v, NULL);
	assert_int_equal(v.count, 0);
	issuer_set_urls(&row, "http://crl/x?y", NULL, NULL, &v, NULL);
	assert_true(breaks(&v, RULE_ISSUER_URL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_http),
		cmocka_unit_test(refuses_what_a_relying_party_may_not_follow),
		cmocka_unit_test(keeps_sets_and_removes),
		cmocka_unit_test(refuses_a_query_before_the_number_of_a_shard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
