/* test_renewal.c - certificates that take the place of others. */
#include "ca/renewal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/certificate_copy.h"
#include "store/revocations.h"
#include "tests/ca/support.h"

#define DAY INT64_C(86400)

static X509_REQ *
asking_for(EVP_PKEY *key, const char *subject, const char *san, const char *usage)
{
	X509_REQ *req = request_new(key, subject);
	X509_EXTENSIONS *extensions = NULL;

	request_extension(&extensions, "subjectAltName", san);
	if (usage != NULL)
		request_extension(&extensions, "keyUsage", usage);
	request_add(req, extensions);
	return req;
}

/* Issues, and reads what was recorded; the caller clears it. */
static void
issue_first(struct house *house, EVP_PKEY *key, const char *subject, const char *san,
    struct certificate_copy *first)
{
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	request_sign(asking_for(key, subject, san, "digitalSignature,keyEncipherment"),
	    key, "SHA256", &csr);
	if (house_issue(house, &csr, "server", &result, &v, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(
	    store_certificate_copy(house->store, result.serial, first, NULL), 0);
	issue_result_clear(&result);
	buf_free(&csr);
}

static int
renew(struct house *house, const struct certificate_copy *old, struct bytes csr,
    struct issue_result *result, struct violations *v)
{
	const struct issue_request request = {
		.issuer = "internal",
		.profile = old->row.profile,
		.csr = csr,
		.actor = "uid:1",
		.renews = &old->row,
	};
	struct error err = { 0 };
	int rc;

	*v = (struct violations){ 0 };
	rc = authority_issue(house->authority, &request, result, v, &err);
	if (rc != 0)
		assert_int_equal(err.code, ERROR_REFUSED);
	return rc;
}

static X509 *
parse(struct bytes der)
{
	const unsigned char *p = der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);

	assert_non_null(cert);
	return cert;
}

static int
last_detail(void *ctx, const struct audit_row *row)
{
	snprintf(ctx, 512, "%s %s %s", row->action, row->object, row->detail);
	return 0;
}

static void
certifies_the_same_key_and_names_again(void **state)
{
	EVP_PKEY *key = rsa_key(2048);
	struct certificate_copy old;
	struct issue_result result;
	struct house *house = *state;
	struct violations v;
	char entry[512], expected[512];
	X509 *first, *second;

	issue_first(house, key, "/CN=a.example", "DNS:a.example,IP:10.0.0.1", &old);
	assert_int_equal(renew(house, &old, (struct bytes){ 0 }, &result, &v), 0);
	first = parse(old.row.certificate);
	second = parse(buf_bytes(&result.certificate));
	assert_string_not_equal(result.serial, old.row.serial);
	assert_string_equal(buf_string(&result.names), old.row.names);
	assert_string_equal(buf_string(&result.subject), old.row.subject);
	assert_int_equal(
	    EVP_PKEY_eq(X509_get0_pubkey(first), X509_get0_pubkey(second)), 1);
	assert_int_equal(X509_get_key_usage(first), X509_get_key_usage(second));
	assert_int_equal(result.warnings.count, 0);
	assert_true(house_trusts(
	    house, buf_bytes(&result.certificate), "ssl_server", "a.example"));
	store_audit_each(house->store, 0, 1000, last_detail, entry, NULL);
	snprintf(expected, sizeof(expected), "certificate.issued %s issuer internal",
	    result.serial);
	assert_non_null(strstr(entry, expected));
	snprintf(expected, sizeof(expected), ", renews %s", old.row.serial);
	assert_non_null(strstr(entry, expected));
	X509_free(first);
	X509_free(second);
	issue_result_clear(&result);
	certificate_copy_clear(&old);
	EVP_PKEY_free(key);
}

static void
certifies_a_new_key_for_the_same_names_in_any_order(void **state)
{
	EVP_PKEY *key = ec_key("P-256"), *new_key = ec_key("P-384");
	struct certificate_copy old;
	struct issue_result result;
	struct house *house = *state;
	struct violations v;
	struct buffer csr;
	X509 *cert;

	issue_first(house, key, "/CN=a.example", "DNS:a.example,IP:10.0.0.1", &old);
	request_sign(
	    asking_for(new_key, "/CN=a.example", "IP:10.0.0.1,DNS:A.example", NULL),
	    new_key, "SHA256", &csr);
	assert_int_equal(renew(house, &old, buf_bytes(&csr), &result, &v), 0);
	assert_false(breaks(&v, RULE_RENEWAL_NAMES));
	cert = parse(buf_bytes(&result.certificate));
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(cert), new_key), 1);
	X509_free(cert);
	issue_result_clear(&result);
	certificate_copy_clear(&old);
	buf_free(&csr);
	EVP_PKEY_free(key);
	EVP_PKEY_free(new_key);
}

static void
refuses_a_request_for_anything_else(void **state)
{
	static const struct {
		const char *subject, *san;
	} others[] = {
		{ "/CN=a.example", "DNS:a.example" },
		{ "/CN=a.example", "DNS:a.example,IP:10.0.0.2" },
		{ "/CN=a.example", "DNS:a.example,IP:10.0.0.1,DNS:b.example" },
		{ "", "DNS:a.example,IP:10.0.0.1" },
	};
	EVP_PKEY *key = ec_key("P-256");
	struct certificate_copy old;
	struct house *house = *state;

	issue_first(house, key, "/CN=a.example", "DNS:a.example,IP:10.0.0.1", &old);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct issue_result result;
		struct violations v;
		struct buffer csr;

		request_sign(asking_for(key, others[i].subject, others[i].san, NULL), key,
		    "SHA256", &csr);
		assert_int_equal(renew(house, &old, buf_bytes(&csr), &result, &v), -1);
		assert_true(breaks(&v, RULE_RENEWAL_NAMES));
		assert_int_equal(v.count, 1);
		buf_free(&csr);
	}
	certificate_copy_clear(&old);
	EVP_PKEY_free(key);
}

static void
holds_a_new_request_to_the_rules_of_any_other(void **state)
{
	EVP_PKEY *key = ec_key("P-256"), *thief = ec_key("P-256");
	struct certificate_copy old;
	struct issue_result result;
	struct house *house = *state;
	struct violations v;
	struct buffer csr;

	issue_first(house, key, "/CN=a.example", "DNS:a.example", &old);
	request_sign(asking_for(key, "/CN=a.example", "DNS:a.example", NULL), thief,
	    "SHA256", &csr);
	assert_int_equal(renew(house, &old, buf_bytes(&csr), &result, &v), -1);
	assert_true(breaks(&v, RULE_CSR_SIGNATURE));
	certificate_copy_clear(&old);
	buf_free(&csr);
	EVP_PKEY_free(key);
	EVP_PKEY_free(thief);
}

/* The rules are of today: what they would not take now is not renewed. */
static void
judges_the_old_key_and_names_anew(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct certificate_copy old;
	struct issue_result result;
	struct house *house = *state;
	const struct issuer_info *info;
	struct violations v;

	issue_first(house, key, "/CN=a.example", "DNS:a.example", &old);
	assert_int_equal(
	    authority_find_issuer(house->authority, "internal", &info, NULL), 0);
	/* Its key is an issuer's, and it has no names. */
	old.row.certificate = info->certificate;
	assert_int_equal(renew(house, &old, (struct bytes){ 0 }, &result, &v), -1);
	assert_true(breaks(&v, RULE_CSR_KEY_OF_ISSUER));
	certificate_copy_clear(&old);
	EVP_PKEY_free(key);
}

static struct violations
check(int64_t not_after, enum certificate_status status)
{
	const struct certificate_row row = { .not_after = not_after, .status = status };
	struct violations v = { 0 };

	renewal_check(&row, 1000 * DAY, &v);
	return v;
}

static void
takes_what_is_valid_or_expired_lately(void **state)
{
	struct violations v = check(1001 * DAY, CERTIFICATE_VALID);

	(void)state;
	assert_int_equal(v.count, 0);
	assert_false(breaks(&v, RULE_RENEWAL_REVOKED));
	v = check(970 * DAY, CERTIFICATE_VALID);
	assert_false(breaks(&v, RULE_RENEWAL_EXPIRED));
	assert_int_equal(v.count, 0);
}

static void
refuses_what_expired_long_ago(void **state)
{
	struct violations v = check(970 * DAY - 1, CERTIFICATE_VALID);

	(void)state;
	assert_true(breaks(&v, RULE_RENEWAL_EXPIRED));
}

static void
refuses_what_is_revoked(void **state)
{
	struct violations v = check(1001 * DAY, CERTIFICATE_REVOKED);

	(void)state;
	assert_true(breaks(&v, RULE_RENEWAL_REVOKED));
}

static int
find_predecessor(struct house *house, EVP_PKEY *key, const char *san,
    struct certificate_copy *found, struct violations *v)
{
	struct issue_request request = { .issuer = "internal", .profile = "server" };
	struct buffer csr;
	int rc;

	*v = (struct violations){ 0 };
	simple_request(key, san, &csr);
	request.csr = buf_bytes(&csr);
	rc = authority_find_predecessor(house->authority, &request, found, v, NULL);
	buf_free(&csr);
	return rc;
}

static void
revoke(struct house *house, const char *serial)
{
	static const struct audit_event event = {
		.actor = "t", .action = "certificate.revoked", .object = "x"
	};
	static const unsigned char no_key[32];
	struct revocation revocation = { .revoked_at = 1, .reason = 4 };
	bool changed;

	snprintf(revocation.serial, sizeof(revocation.serial), "%s", serial);
	assert_int_equal(store_revocation_add(
			     house->store, &revocation, no_key, &event, &changed, NULL),
	    0);
}

static void
finds_the_newest_valid_certificate_of_the_same_names(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct certificate_copy first, second, found;
	struct house *house = *state;
	struct violations v;

	issue_first(house, key, "", "DNS:c.example,DNS:d.example", &first);
	issue_first(house, key, "", "DNS:d.example,DNS:c.example", &second);
	assert_int_equal(
	    find_predecessor(house, key, "DNS:c.example,DNS:d.example", &found, &v), 0);
	assert_string_equal(found.row.serial, second.row.serial);
	certificate_copy_clear(&found);
	revoke(house, second.row.serial);
	assert_int_equal(
	    find_predecessor(house, key, "DNS:c.example,DNS:d.example", &found, &v), 0);
	assert_string_equal(found.row.serial, first.row.serial);
	certificate_copy_clear(&found);
	revoke(house, first.row.serial);
	assert_int_equal(
	    find_predecessor(house, key, "DNS:c.example,DNS:d.example", &found, &v), -1);
	assert_true(breaks(&v, RULE_RENEWAL_NAMES));
	certificate_copy_clear(&found);
	certificate_copy_clear(&first);
	certificate_copy_clear(&second);
	EVP_PKEY_free(key);
}

static void
finds_none_of_other_names(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct certificate_copy first, found;
	struct house *house = *state;
	struct violations v;

	issue_first(house, key, "", "DNS:e.example,DNS:f.example", &first);
	assert_int_equal(find_predecessor(house, key, "DNS:e.example", &found, &v), -1);
	assert_true(breaks(&v, RULE_RENEWAL_NAMES));
	certificate_copy_clear(&found);
	assert_int_equal(
	    find_predecessor(house, key, "DNS:e.example,DNS:g.example", &found, &v), -1);
	certificate_copy_clear(&found);
	certificate_copy_clear(&first);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certifies_the_same_key_and_names_again),
		cmocka_unit_test(certifies_a_new_key_for_the_same_names_in_any_order),
		cmocka_unit_test(refuses_a_request_for_anything_else),
		cmocka_unit_test(holds_a_new_request_to_the_rules_of_any_other),
		cmocka_unit_test(judges_the_old_key_and_names_anew),
		cmocka_unit_test(takes_what_is_valid_or_expired_lately),
		cmocka_unit_test(refuses_what_expired_long_ago),
		cmocka_unit_test(refuses_what_is_revoked),
		cmocka_unit_test(finds_the_newest_valid_certificate_of_the_same_names),
		cmocka_unit_test(finds_none_of_other_names),
	};

	return cmocka_run_group_tests(tests, house_setup, house_teardown);
}
