/* test_authority_change.c - an issuer's state and URLs, and what follows from them. */
#include "ca/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/x509v3.h>

#include "tests/ca/support.h"

static int
change(struct house *house, const struct issuer_change *wanted, struct violations *v,
    struct error *err)
{
	*v = (struct violations){ 0 };
	*err = (struct error){ 0 };
	return authority_change_issuer(house->authority, "internal", wanted, v, err);
}

static const struct issuer_info *
internal(struct house *house)
{
	const struct issuer_info *info;

	assert_int_equal(
	    authority_find_issuer(house->authority, "internal", &info, NULL), 0);
	return info;
}

static void
changes_urls_and_keeps_them_over_a_restart(void **state)
{
	const struct issuer_change wanted = { .crl_url = "http://crl.example/i",
		.ocsp_url = "http://ocsp.example/",
		.crl_shards = 8,
		.actor = "uid:0" };
	const struct issuer_change none = { .ocsp_url = "", .actor = "uid:0" };
	struct house *house = *state;
	const struct issuer_info *before = internal(house);
	struct violations v;
	struct error err;

	assert_int_equal(change(house, &wanted, &v, &err), 0);
	assert_null(before->crl_url);
	assert_int_equal(before->crl_shards, 1);
	assert_string_equal(internal(house)->crl_url, "http://crl.example/i");
	house_reopen(house);
	assert_string_equal(internal(house)->ocsp_url, "http://ocsp.example/");
	assert_int_equal(internal(house)->crl_shards, 8);
	assert_int_equal(change(house, &none, &v, &err), 0);
	assert_null(internal(house)->ocsp_url);
	assert_string_equal(internal(house)->crl_url, "http://crl.example/i");
	assert_string_equal(internal(house)->parent, "root");
}

static void
refuses_a_url_that_is_not_http(void **state)
{
	const struct issuer_change wanted = { .crl_url = "https://crl.example/",
		.actor = "uid:0" };
	struct violations v;
	struct error err;

	assert_int_equal(change(*state, &wanted, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_ISSUER_URL));
	assert_null(internal(*state)->crl_url);
}

static int
issue(struct house *house, struct issue_result *result, struct error *err)
{
	EVP_PKEY *key = ec_key("P-256");
	struct violations v;
	struct buffer csr;
	int rc;

	simple_request(key, "DNS:localhost", &csr);
	rc = house_issue(house, &csr, "server", result, &v, err);
	buf_free(&csr);
	EVP_PKEY_free(key);
	return rc;
}

static bool
has_extension(struct bytes der, int nid)
{
	const unsigned char *p = der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);
	bool there = X509_get_ext_by_NID(cert, nid, -1) >= 0;

	X509_free(cert);
	return there;
}

static void
puts_its_urls_into_certificates(void **state)
{
	const struct issuer_change wanted = { .crl_url = "http://crl.example/i",
		.ocsp_url = "http://ocsp.example/",
		.ca_issuers_url = "http://ca.example/i.cer",
		.actor = "uid:0" };
	const struct issuer_change shards = { .crl_shards = 2, .actor = "uid:0" };
	struct house *house = *state;
	struct issue_result result;
	struct violations v;
	struct error err;

	assert_int_equal(issue(house, &result, &err), 0);
	assert_false(
	    has_extension(buf_bytes(&result.certificate), NID_crl_distribution_points));
	assert_string_equal(result.issuer, "internal");
	issue_result_clear(&result);
	assert_int_equal(change(house, &wanted, &v, &err), 0);
	assert_int_equal(issue(house, &result, &err), 0);
	assert_true(
	    has_extension(buf_bytes(&result.certificate), NID_crl_distribution_points));
	assert_true(has_extension(buf_bytes(&result.certificate), NID_info_access));
	assert_true(house_trusts(
	    house, buf_bytes(&result.certificate), "ssl_server", "localhost"));
	issue_result_clear(&result);
	/* Which shard's is decided certificate by certificate. */
	assert_int_equal(change(house, &shards, &v, &err), 0);
	assert_int_equal(internal(house)->crl_shards, 2);
}

static void
signs_only_while_active(void **state)
{
	static const char *const states[] = { "retiring", "retired" };
	const struct issuer_change back = { .state = "active", .actor = "uid:0" };
	struct house *house = *state;
	struct issue_result result;
	struct violations v;
	struct error err;

	for (size_t i = 0; i < 2; i++) {
		const struct issuer_change wanted = { .state = states[i],
			.actor = "uid:0" };

		assert_int_equal(change(house, &wanted, &v, &err), 0);
		assert_int_equal(issue(house, &result, &err), -1);
		assert_int_equal(err.code, ERROR_CONFLICT);
		assert_non_null(strstr(err.text, states[i]));
	}
	assert_int_equal(change(house, &back, &v, &err), 0);
	assert_int_equal(issue(house, &result, &err), 0);
	issue_result_clear(&result);
}

static void
leaves_signing_to_the_successor_that_it_is_given(void **state)
{
	const struct issuer_change retire = {
		.state = "retiring", .successor = "root", .actor = "uid:0"
	};
	const struct issuer_change early = { .successor = "root", .actor = "uid:0" };
	const struct issuer_change itself = {
		.state = "retiring", .successor = "internal", .actor = "uid:0"
	};
	const struct issuer_change unknown = {
		.state = "retiring", .successor = "nobody", .actor = "uid:0"
	};
	const struct issuer_change back = { .state = "active", .actor = "uid:0" };
	struct house *house = *state;
	struct issue_result result;
	struct violations v;
	struct error err;

	assert_int_equal(change(house, &early, &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(change(house, &itself, &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(change(house, &unknown, &v, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(change(house, &retire, &v, &err), 0);
	assert_int_equal(issue(house, &result, &err), 0);
	assert_string_equal(result.issuer, "root");
	issue_result_clear(&result);
	/* One that signs again has none: successors never lead in a circle. */
	assert_int_equal(change(house, &back, &v, &err), 0);
	assert_null(internal(house)->successor);
	assert_int_equal(issue(house, &result, &err), 0);
	assert_string_equal(result.issuer, "internal");
	issue_result_clear(&result);
}

static void
makes_no_issuer_under_one_that_retires(void **state)
{
	const struct issuer_change wanted = { .state = "retiring", .actor = "uid:0" };
	struct house *house = *state;
	struct issuer_spec spec = { .name = "x",
		.subject = "/CN=x",
		.parent = "root",
		.path_len = -1,
		.key = ec_key("P-256"),
		.actor = "uid:0" };
	struct violations v = { 0 };
	struct error err;

	assert_int_equal(
	    authority_change_issuer(house->authority, "root", &wanted, &v, &err), 0);
	assert_int_equal(authority_create_issuer(house->authority, &spec, &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	EVP_PKEY_free(spec.key);
}

static void
does_not_end_while_its_certificates_are_valid(void **state)
{
	const struct issuer_change wanted = { .state = "retired", .actor = "uid:0" };
	struct house *house = *state;
	struct issue_result result;
	struct violations v;
	struct error err;

	assert_int_equal(issue(house, &result, &err), 0);
	issue_result_clear(&result);
	assert_int_equal(change(house, &wanted, &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(internal(house)->state, ISSUER_ACTIVE);
}

static void
refuses_states_that_cannot_be(void **state)
{
	const struct issuer_change unknown = { .state = "lost", .actor = "uid:0" };
	const struct issuer_change pending = { .state = "pending", .actor = "uid:0" };
	struct violations v;
	struct error err;

	assert_int_equal(change(*state, &unknown, &v, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_int_equal(change(*state, &pending, &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
}

static void
knows_no_other_issuer(void **state)
{
	const struct issuer_change wanted = { .state = "active", .actor = "uid:0" };
	struct house *house = *state;
	struct violations v = { 0 };
	struct error err = { 0 };

	assert_int_equal(
	    authority_change_issuer(house->authority, "nobody", &wanted, &v, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

#define HOUSE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(changes_urls_and_keeps_them_over_a_restart),
		HOUSE_TEST(refuses_a_url_that_is_not_http),
		HOUSE_TEST(puts_its_urls_into_certificates),
		HOUSE_TEST(signs_only_while_active),
		HOUSE_TEST(leaves_signing_to_the_successor_that_it_is_given),
		HOUSE_TEST(makes_no_issuer_under_one_that_retires),
		HOUSE_TEST(does_not_end_while_its_certificates_are_valid),
		HOUSE_TEST(refuses_states_that_cannot_be),
		HOUSE_TEST(knows_no_other_issuer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
