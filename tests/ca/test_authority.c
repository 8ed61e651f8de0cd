/* test_authority.c - issuers: made, refused and found again. */
#include "ca/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ca/support.h"

static int
create(struct house *house, const char *name, const char *subject, const char *parent,
    EVP_PKEY *key, struct violations *v, struct error *err)
{
	const struct issuer_spec spec = { .name = name,
		.subject = subject,
		.parent = parent,
		.path_len = -1,
		.key = key,
		.actor = "uid:0" };

	*v = (struct violations){ 0 };
	return authority_create_issuer(house->authority, &spec, v, err);
}

static void
describes_its_issuers(void **state)
{
	struct house *house = *state;
	const struct issuer_info *root, *internal;
	unsigned char unknown[32] = { 0 };
	struct error err = { 0 };

	assert_int_equal(authority_find_issuer(house->authority, "root", &root, &err), 0);
	assert_int_equal(
	    authority_find_issuer(house->authority, "internal", &internal, &err), 0);
	assert_null(root->parent);
	assert_string_equal(root->subject, "CN=milvus root,O=milvus,C=CN");
	assert_string_equal(internal->parent, "root");
	assert_int_equal(strlen(internal->serial), 40);
	assert_true(internal->not_after <= root->not_after);
	assert_true(authority_uses_key(house->authority, root->spki_sha256));
	assert_false(authority_uses_key(house->authority, unknown));
	assert_int_equal(
	    authority_find_issuer(house->authority, "other", &root, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void
refuses_taken_names_keys_and_unknown_parents(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	struct violations v;
	struct error err = { 0 };

	assert_int_equal(create(house, "root", "/CN=x", NULL, key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(create(house, "x", "/CN=x", NULL, house->keys[0], &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(create(house, "x", "/CN=x", "nobody", key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(create(house, "X", "/CN=x", NULL, key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_int_equal(create(house, "x", "CN=x", NULL, key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	EVP_PKEY_free(key);
}

static void
refuses_an_issuer_without_a_subject_of_its_own(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	struct violations v;
	struct error err = { 0 };

	assert_int_equal(create(house, "x", "", NULL, key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_ISSUER_SUBJECT));
	assert_int_equal(
	    create(house, "x", "/C=CN/O=milvus/CN=milvus root", "root", key, &v, &err),
	    -1);
	assert_true(breaks(&v, RULE_ISSUER_SUBJECT));
	EVP_PKEY_free(key);
}

static void
refuses_an_issuer_deeper_than_its_issuer_allows(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	struct violations v;
	struct error err = { 0 };

	assert_int_equal(create(house, "x", "/CN=x", "internal", key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_ISSUER_PATH_LENGTH));
	EVP_PKEY_free(key);
}

static void
refuses_a_weak_key_for_an_issuer(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = rsa_key(1024);
	struct violations v;
	struct error err = { 0 };

	assert_int_equal(create(house, "x", "/CN=x", NULL, key, &v, &err), -1);
	assert_true(breaks(&v, RULE_CSR_RSA_SIZE));
	EVP_PKEY_free(key);
}

static int
count_issuer(void *ctx, const struct issuer_info *info)
{
	(void)info;
	++*(int *)ctx;
	return 0;
}

static void
finds_its_issuers_again_after_a_restart(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;
	int count = 0;

	house_reopen(house);
	authority_each_issuer(house->authority, count_issuer, &count);
	assert_int_equal(count, 2);
	simple_request(key, "DNS:localhost", &csr);
	assert_int_equal(house_issue(house, &csr, "server", &result, &v, &err), 0);
	assert_true(house_trusts(
	    house, buf_bytes(&result.certificate), "ssl_server", "localhost"));
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static void
starts_without_its_keys_and_uses_them_when_they_come(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	house->keys_are_away = true;
	house_reopen(house);
	simple_request(key, "DNS:localhost", &csr);
	assert_int_equal(house_issue(house, &csr, "server", &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_TOKEN);
	assert_non_null(strstr(err.text, "internal"));
	house->keys_are_away = false;
	assert_int_equal(house_issue(house, &csr, "server", &result, &v, &err), 0);
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static void
makes_chains_as_long_as_they_may_be(void **state)
{
	struct house *house = *state;
	struct issuer_spec middle = { .name = "middle",
		.subject = "/CN=middle",
		.parent = "root",
		.path_len = 1,
		.key = ec_key("P-256"),
		.actor = "uid:0" };
	struct issuer_spec lowest = { .name = "lowest",
		.subject = "/CN=lowest",
		.parent = "middle",
		.path_len = 1,
		.key = ec_key("P-256"),
		.actor = "uid:0" };
	struct violations v = { 0 };
	struct error err = { 0 };
	struct buffer chain;

	buf_init(&chain, 0);
	house_add_key(house, "middle", middle.key);
	house_add_key(house, "lowest", lowest.key);
	assert_int_equal(authority_create_issuer(house->authority, &middle, &v, &err), 0);
	assert_int_equal(
	    authority_create_issuer(house->authority, &lowest, &v, &err), -1);
	assert_true(breaks(&v, RULE_ISSUER_PATH_LENGTH));
	v = (struct violations){ 0 };
	lowest.path_len = -1;
	assert_int_equal(authority_create_issuer(house->authority, &lowest, &v, &err), 0);
	assert_int_equal(
	    authority_chain(house->authority, "lowest", true, &chain, &err), 0);
	assert_int_equal(count_certificates(buf_string(&chain)), 3);
	buf_free(&chain);
}

static void
copy_issuer(struct house *from, struct house *to, const char *name, EVP_PKEY *key)
{
	static const struct audit_event event = {
		.actor = "test", .action = "issuer.created", .object = "old"
	};
	struct issuer_row row = { .created = 1, .crl_shards = 1 };
	const struct issuer_info *info;

	assert_int_equal(authority_find_issuer(from->authority, name, &info, NULL), 0);
	assert_int_equal(text_copy(row.name, sizeof(row.name), name), 0);
	if (info->parent != NULL)
		assert_int_equal(
		    text_copy(row.parent, sizeof(row.parent), info->parent), 0);
	memcpy(row.key_spki_sha256, info->spki_sha256, 32);
	row.certificate = info->certificate;
	EVP_PKEY_up_ref(key);
	house_add_key(to, name, key);
	assert_int_equal(store_issuer_add(to->store, &row, &event, NULL), 0);
}

static int
see_certificate(void *ctx, const struct certificate_row *row)
{
	assert_string_equal(row->issuer, "root");
	assert_string_equal(row->profile, "intermediate");
	++*(int *)ctx;
	return 0;
}

static void
records_the_intermediates_that_an_older_version_did_not(void **state)
{
	struct house *house = *state, older;
	const struct issuer_info *internal;
	int seen = 0;
	int64_t entries, again;

	house_open(&older, NULL);
	copy_issuer(house, &older, "root", house->keys[0]);
	copy_issuer(house, &older, "internal", house->keys[1]);
	house_reopen(&older);
	assert_int_equal(
	    authority_find_issuer(older.authority, "internal", &internal, NULL), 0);
	assert_int_equal(store_certificate_find(
			     older.store, internal->serial, see_certificate, &seen, NULL),
	    0);
	assert_int_equal(seen, 1);
	assert_int_equal(store_audit_verify(older.store, &entries, NULL), 0);
	/* Once. */
	house_reopen(&older);
	assert_int_equal(store_audit_verify(older.store, &again, NULL), 0);
	assert_int_equal(again, entries);
	house_close(&older);
}

static void
refuses_to_open_with_a_certificate_for_another_key(void **state)
{
	static const struct audit_event event = {
		.actor = "test", .action = "issuer.created", .object = "evil"
	};
	struct house *house = *state;
	const struct key_finder none = { 0 };
	const struct issuer_info *root;
	struct issuer_row row = { .name = "evil", .created = 1 };
	struct authority *authority = NULL;
	struct error err = { 0 };

	assert_int_equal(authority_find_issuer(house->authority, "root", &root, &err), 0);
	row.certificate = root->certificate;
	assert_int_equal(
	    authority_find_issuer(house->authority, "internal", &root, &err), 0);
	memcpy(row.key_spki_sha256, root->spki_sha256, 32);
	if (store_issuer_add(house->store, &row, &event, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(authority_open(NULL, house->store, &none, &authority, &err), -1);
	assert_null(authority);
	assert_non_null(strstr(err.text, "evil"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_its_issuers),
		cmocka_unit_test(refuses_taken_names_keys_and_unknown_parents),
		cmocka_unit_test(refuses_an_issuer_without_a_subject_of_its_own),
		cmocka_unit_test(refuses_an_issuer_deeper_than_its_issuer_allows),
		cmocka_unit_test(refuses_a_weak_key_for_an_issuer),
		cmocka_unit_test(finds_its_issuers_again_after_a_restart),
		cmocka_unit_test(starts_without_its_keys_and_uses_them_when_they_come),
		cmocka_unit_test(makes_chains_as_long_as_they_may_be),
		cmocka_unit_test(records_the_intermediates_that_an_older_version_did_not),
		cmocka_unit_test(refuses_to_open_with_a_certificate_for_another_key),
	};

	return cmocka_run_group_tests(tests, house_setup, house_teardown);
}
