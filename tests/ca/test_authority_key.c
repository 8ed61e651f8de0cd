/* test_authority_key.c - keys that an authority knows and does not certify. */
#include "ca/authority_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "base/text.h"
#include "store/blocked_keys.h"
#include "tests/base/directory.h"
#include "tests/ca/support.h"

static const struct audit_event event = {
	.actor = "uid:0", .action = "key.blocked", .object = "spki:..."
};

static void
block(struct house *house, const unsigned char *spki_sha256)
{
	struct blocked_key_row row = { .reason = "found on the net", .created = 1 };
	bool added;

	memcpy(row.spki_sha256, spki_sha256, sizeof(row.spki_sha256));
	assert_int_equal(
	    store_blocked_key_put(house->store, &row, &event, &added, NULL), 0);
}

static void
unblock(struct house *house, const unsigned char *spki_sha256)
{
	assert_int_equal(
	    store_blocked_key_remove(house->store, spki_sha256, &event, NULL), 0);
}

static void
block_key(struct house *house, const EVP_PKEY *key, unsigned char hash[static 32])
{
	assert_int_equal(spki_sha256(NULL, key, hash, NULL), 0);
	block(house, hash);
}

static int
issue(struct house *house, EVP_PKEY *key, struct violations *v)
{
	struct issue_result result;
	struct error err = { 0 };
	struct buffer csr;
	int rc;

	simple_request(key, "DNS:localhost", &csr);
	rc = house_issue(house, &csr, "server", &result, v, &err);
	issue_result_clear(&result);
	buf_free(&csr);
	return rc;
}

static int
create(struct house *house, const char *name, const char *parent, EVP_PKEY *key,
    struct violations *v)
{
	const struct issuer_spec spec = { .name = name,
		.subject = "/CN=x",
		.parent = parent,
		.path_len = -1,
		.key = key,
		.actor = "uid:0" };
	struct error err = { 0 };

	*v = (struct violations){ 0 };
	return authority_create_issuer(house->authority, &spec, v, &err);
}

/* A list of one key, as openssl-blacklist would have it. */
static struct weakkeys *
list_of(const EVP_PKEY *key)
{
	unsigned char hash[20];
	char text[600], list[2 * sizeof(hash) + 1], path[256], *hex;
	struct weakkeys *keys = NULL;
	void *directory;
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	hex = BN_bn2hex(n);
	snprintf(text, sizeof(text), "Modulus=%s\n", hex);
	assert_int_equal(EVP_Digest(text, strlen(text), hash, NULL, EVP_sha1(), NULL), 1);
	hex_encode(list, hash, sizeof(hash));
	directory_make(&directory);
	write_file(
	    directory_path(&directory, "blacklist.RSA-2048", path), list + 20, 0600);
	assert_int_equal(weakkeys_read(directory, &keys, NULL), 0);
	directory_remove(&directory);
	OPENSSL_free(hex);
	BN_free(n);
	return keys;
}

static void
certifies_a_key_that_it_does_not_know(void **state)
{
	EVP_PKEY *key = rsa_key(2048), *listed = rsa_key(2048);
	struct weakkeys *keys = list_of(listed);
	unsigned char hash[32];
	struct house *house = *state;
	struct violations v;

	authority_use_weak_keys(house->authority, keys);
	block_key(house, listed, hash);
	assert_int_equal(issue(house, key, &v), 0);
	assert_false(breaks(&v, RULE_CSR_KEY_BLOCKED));
	assert_false(breaks(&v, RULE_CSR_KEY_DEBIAN_WEAK));
	assert_false(breaks(&v, RULE_CSR_KEY_OF_ISSUER));
	authority_use_weak_keys(house->authority, NULL);
	unblock(house, hash);
	weakkeys_free(keys);
	EVP_PKEY_free(key);
	EVP_PKEY_free(listed);
}

static void
refuses_a_blocked_key_until_it_is_unblocked(void **state)
{
	EVP_PKEY *key = ec_key("P-256"), *other = ec_key("P-256");
	unsigned char hash[32];
	struct violations v;

	assert_int_equal(issue(*state, key, &v), 0);
	block_key(*state, key, hash);
	assert_int_equal(issue(*state, key, &v), -1);
	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, RULE_CSR_KEY_BLOCKED));
	assert_string_equal(v.items[0].field, "key");
	assert_string_equal(v.items[0].detail, "blocked: found on the net");
	assert_int_equal(issue(*state, other, &v), 0);
	unblock(*state, hash);
	assert_int_equal(issue(*state, key, &v), 0);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

/* The same numbers, in a SubjectPublicKeyInfo that says id-RSASSA-PSS. */
static EVP_PKEY *
as_rsa_pss(EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pss = NULL;

	assert_int_equal(EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &params), 1);
	EVP_PKEY_fromdata_init(ctx);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &pss, EVP_PKEY_KEYPAIR, params), 1);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return pss;
}

static void
refuses_a_blocked_rsa_key_however_it_is_written(void **state)
{
	EVP_PKEY *rsa = rsa_key(2048), *pss = as_rsa_pss(rsa);
	unsigned char hash[32];
	struct violations v;

	block_key(*state, rsa, hash);
	assert_int_equal(issue(*state, pss, &v), -1);
	assert_true(breaks(&v, RULE_CSR_KEY_BLOCKED));
	unblock(*state, hash);
	assert_int_equal(issue(*state, pss, &v), 0);
	block_key(*state, pss, hash);
	assert_int_equal(issue(*state, rsa, &v), -1);
	assert_true(breaks(&v, RULE_CSR_KEY_BLOCKED));
	unblock(*state, hash);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(pss);
}

static void
refuses_the_rsa_key_of_an_issuer_however_it_is_written(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = rsa_key(2048), *pss = as_rsa_pss(key);
	struct violations v;

	house_add_key(house, "rsa", key);
	assert_int_equal(create(house, "rsa", NULL, key, &v), 0);
	assert_int_equal(issue(house, pss, &v), -1);
	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, RULE_CSR_KEY_OF_ISSUER));
	EVP_PKEY_free(pss);
}

static void
refuses_a_blocked_key_for_an_issuer(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	unsigned char hash[32];
	struct violations v;

	block_key(*state, key, hash);
	assert_int_equal(create(*state, "x", NULL, key, &v), -1);
	assert_true(breaks(&v, RULE_CSR_KEY_BLOCKED));
	unblock(*state, hash);
	EVP_PKEY_free(key);
}

static void
issues_nothing_under_a_blocked_issuer(void **state)
{
	struct house *house = *state;
	const struct issuer_info *root;
	EVP_PKEY *key = ec_key("P-256");
	struct violations v;

	assert_int_equal(authority_find_issuer(house->authority, "root", &root, NULL), 0);
	block(house, root->spki_sha256);
	assert_int_equal(issue(house, key, &v), -1);
	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, RULE_CSR_KEY_BLOCKED));
	assert_string_equal(v.items[0].field, "issuer root");
	assert_int_equal(create(house, "x", "root", key, &v), -1);
	assert_true(breaks(&v, RULE_CSR_KEY_BLOCKED));
	unblock(house, root->spki_sha256);
	assert_int_equal(issue(house, key, &v), 0);
	EVP_PKEY_free(key);
}

static void
refuses_a_key_on_debians_list(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = rsa_key(2048), *other = rsa_key(2048);
	struct weakkeys *keys = list_of(key);
	struct violations v;

	authority_use_weak_keys(house->authority, keys);
	assert_int_equal(issue(house, key, &v), -1);
	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, RULE_CSR_KEY_DEBIAN_WEAK));
	assert_int_equal(create(house, "x", NULL, key, &v), -1);
	assert_true(breaks(&v, RULE_CSR_KEY_DEBIAN_WEAK));
	assert_int_equal(issue(house, other, &v), 0);
	authority_use_weak_keys(house->authority, NULL);
	assert_int_equal(issue(house, key, &v), 0);
	weakkeys_free(keys);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certifies_a_key_that_it_does_not_know),
		cmocka_unit_test(refuses_a_blocked_key_until_it_is_unblocked),
		cmocka_unit_test(refuses_a_blocked_rsa_key_however_it_is_written),
		cmocka_unit_test(refuses_the_rsa_key_of_an_issuer_however_it_is_written),
		cmocka_unit_test(refuses_a_blocked_key_for_an_issuer),
		cmocka_unit_test(issues_nothing_under_a_blocked_issuer),
		cmocka_unit_test(refuses_a_key_on_debians_list),
	};

	return cmocka_run_group_tests(tests, house_setup, house_teardown);
}
