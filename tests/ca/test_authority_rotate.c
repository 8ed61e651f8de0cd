/* test_authority_rotate.c - successors of issuers, and who trusts them. */
#include "ca/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ca/authority_revoke.h"
#include "ca/certtext.h"
#include "store/blocked_keys.h"
#include "tests/ca/support.h"

static int
rotate_as(struct house *house, const char *old, const char *name, const char *subject,
    struct violations *v, struct error *err)
{
	const struct issuer_spec spec = {
		.name = name, .subject = subject, .key = ec_key("P-256"), .actor = "uid:0"
	};

	*v = (struct violations){ 0 };
	*err = (struct error){ 0 };
	house_add_key(house, name, spec.key);
	return authority_rotate_issuer(house->authority, old, &spec, v, err);
}

static int
rotate(struct house *house, const char *old, const char *name, struct error *err)
{
	struct violations v;

	return rotate_as(house, old, name, NULL, &v, err);
}

static const struct issuer_info *
info_of(struct house *house, const char *name)
{
	const struct issuer_info *info;

	assert_int_equal(authority_find_issuer(house->authority, name, &info, NULL), 0);
	return info;
}

static void
issue(struct house *house, struct issue_result *result)
{
	EVP_PKEY *key = ec_key("P-256");
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	simple_request(key, "DNS:localhost", &csr);
	if (house_issue(house, &csr, "server", result, &v, &err) != 0)
		fail_msg("%s", err.text);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static STACK_OF(X509) * read_chain(const struct buffer *pem)
{
	BIO *in = BIO_new_mem_buf(pem->data, (int)pem->len);
	STACK_OF(X509) *list = sk_X509_new_null();
	X509 *cert;

	while ((cert = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
		sk_X509_push(list, cert);
	BIO_free(in);
	return list;
}

/* With one root trusted, the issuer's chain (towards via, unless NULL) at hand. */
static bool
trusts(struct house *house, const char *root, const struct issue_result *leaf,
    const char *via)
{
	struct bytes der = info_of(house, root)->certificate;
	const unsigned char *p = der.data, *q = leaf->certificate.data;
	X509 *anchor = d2i_X509(NULL, &p, (long)der.len);
	X509 *cert = d2i_X509(NULL, &q, (long)leaf->certificate.len);
	X509_STORE *trusted = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) * untrusted;
	struct buffer pem;
	bool fine;

	buf_init(&pem, 0);
	assert_int_equal(via == NULL ? authority_chain(house->authority, leaf->issuer,
					   false, &pem, NULL)
				     : authority_chain_via(house->authority, leaf->issuer,
					   via, false, &pem, NULL),
	    0);
	untrusted = read_chain(&pem);
	X509_STORE_add_cert(trusted, anchor);
	X509_STORE_CTX_init(ctx, trusted, cert, untrusted);
	X509_VERIFY_PARAM_set_flags(
	    X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_X509_STRICT);
	fine = X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(trusted);
	sk_X509_pop_free(untrusted, X509_free);
	X509_free(cert);
	X509_free(anchor);
	buf_free(&pem);
	return fine;
}

static void
leaves_signing_to_the_successor(void **state)
{
	struct house *house = *state;
	struct issue_result old, new;
	struct error err;

	issue(house, &old);
	assert_int_equal(rotate(house, "internal", "internal-2", &err), 0);
	assert_int_equal(info_of(house, "internal")->state, ISSUER_RETIRING);
	assert_string_equal(info_of(house, "internal")->successor, "internal-2");
	assert_string_equal(info_of(house, "internal-2")->subject, "CN=internal 2");
	assert_string_equal(info_of(house, "internal-2")->parent, "root");
	house_reopen(house);
	/* The name that clients know goes on working. */
	issue(house, &new);
	assert_string_equal(new.issuer, "internal-2");
	assert_true(trusts(house, "root", &new, NULL));
	assert_true(trusts(house, "root", &old, NULL));
	assert_int_equal(rotate(house, "internal-2", "internal-3", &err), 0);
	assert_string_equal(info_of(house, "internal-3")->subject, "CN=internal 3");
	issue_result_clear(&new);
	issue(house, &new);
	assert_string_equal(new.issuer, "internal-3");
	issue_result_clear(&old);
	issue_result_clear(&new);
}

static void
lets_clients_trust_either_root(void **state)
{
	struct house *house = *state;
	struct issue_result old, middle, new;
	struct error err;

	issue(house, &old);
	assert_int_equal(rotate(house, "root", "root-2", &err), 0);
	house_reopen(house);
	issue(house, &middle);
	assert_string_equal(middle.issuer, "internal");
	assert_int_equal(rotate(house, "internal", "internal-2", &err), 0);
	assert_string_equal(info_of(house, "internal-2")->parent, "root-2");
	issue(house, &new);
	/* Beneath the new root, for clients of either. */
	assert_true(trusts(house, "root-2", &new, NULL));
	assert_true(trusts(house, "root", &new, "root"));
	assert_false(trusts(house, "root", &new, NULL));
	/* Beneath the old root likewise. */
	assert_true(trusts(house, "root", &old, NULL));
	assert_true(trusts(house, "root-2", &old, "root-2"));
	assert_true(trusts(house, "root-2", &middle, "root-2"));
	issue_result_clear(&old);
	issue_result_clear(&middle);
	issue_result_clear(&new);
}

static void
leads_over_no_cross_certificate_that_was_revoked(void **state)
{
	struct house *house = *state;
	struct revoke_request request = { .actor = "uid:0" };
	char serial[STORE_SERIAL_SIZE];
	struct revocation revoked;
	STACK_OF(X509) * chain;
	struct buffer pem;
	struct error err;

	assert_int_equal(rotate(house, "root", "root-2", &err), 0);
	buf_init(&pem, 0);
	assert_int_equal(authority_chain_via(
			     house->authority, "internal", "root-2", false, &pem, &err),
	    0);
	chain = read_chain(&pem);
	assert_int_equal(sk_X509_num(chain), 2);
	assert_int_equal(certtext_serial(sk_X509_value(chain, 1), serial, NULL), 0);
	request.serial = serial;
	assert_int_equal(authority_revoke(house->authority, &request, &revoked, &err), 0);
	assert_string_equal(revoked.issuer, "root-2");
	assert_int_equal(authority_chain_via(
			     house->authority, "internal", "root-2", false, &pem, &err),
	    -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	sk_X509_pop_free(chain, X509_free);
	buf_free(&pem);
}

static int
count(void *ctx, int64_t id, const struct certificate_row *row)
{
	(void)id;
	assert_string_equal(row->profile, "intermediate");
	++*(int *)ctx;
	return 0;
}

static int
recorded_by(struct house *house, const char *issuer)
{
	const struct certificate_filter filter = { .issuer = issuer, .limit = 100 };
	int found = 0;

	assert_int_equal(
	    store_certificate_each(house->store, &filter, count, &found, NULL), 0);
	return found;
}

static void
records_what_it_signed_for_issuers(void **state)
{
	struct house *house = *state;
	struct error err;

	assert_int_equal(recorded_by(house, "root"), 1);
	assert_int_equal(rotate(house, "root", "root-2", &err), 0);
	assert_int_equal(recorded_by(house, "root"), 2);
	assert_int_equal(recorded_by(house, "root-2"), 1);
	house_reopen(house);
	assert_int_equal(recorded_by(house, "root"), 2);
}

static void
keeps_everything_when_a_rotation_fails(void **state)
{
	struct house *house = *state;
	struct issue_result result;
	struct buffer pem;
	struct error err;

	assert_int_equal(rotate(house, "nobody", "x", &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(rotate(house, "internal", "root-9", &err), 0);
	assert_int_equal(rotate(house, "internal", "y", &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	buf_init(&pem, 0);
	assert_int_equal(authority_chain_via(
			     house->authority, "internal", "nobody", false, &pem, &err),
	    -1);
	buf_free(&pem);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	issue(house, &result);
	issue_result_clear(&result);
}

static void
refuses_a_root_without_room_for_a_cross_certificate(void **state)
{
	struct house *house = *state;
	const struct issuer_spec flat = { .name = "flat",
		.subject = "/CN=flat",
		.path_len = 0,
		.key = ec_key("P-256"),
		.actor = "uid:0" };
	struct violations v = { 0 };
	struct error err = { 0 };

	house_add_key(house, "flat", flat.key);
	assert_int_equal(authority_create_issuer(house->authority, &flat, &v, &err), 0);
	assert_int_equal(rotate(house, "flat", "flat-2", &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "path length"));
}

static void
gives_no_successor_the_same_subject(void **state)
{
	static const struct {
		const char *old, *name, *subject;
	} same[] = {
		{ "root", "root-2", "/C=CN/O=milvus/CN=milvus root" },
		{ "internal", "internal-2", "/CN=internal" },
	};
	struct house *house = *state;
	struct violations v;
	struct error err;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(rotate_as(house, same[i].old, same[i].name,
				     same[i].subject, &v, &err),
		    -1);
		assert_int_equal(err.code, ERROR_REFUSED);
		assert_true(breaks(&v, RULE_ISSUER_SUBJECT));
		assert_int_equal(info_of(house, same[i].old)->state, ISSUER_ACTIVE);
	}
	assert_int_equal(
	    rotate_as(house, "internal", "internal-3", "/CN=inside", &v, &err), 0);
	assert_string_equal(info_of(house, "internal-3")->subject, "CN=inside");
}

static void
block_key_of(struct house *house, const char *issuer)
{
	static const struct audit_event event = {
		.actor = "uid:0", .action = "key.blocked", .object = "spki"
	};
	struct blocked_key_row row = { .reason = "stolen", .created = 1 };
	bool added;

	memcpy(row.spki_sha256, info_of(house, issuer)->spki_sha256,
	    sizeof(row.spki_sha256));
	assert_int_equal(
	    store_blocked_key_put(house->store, &row, &event, &added, NULL), 0);
}

static void
replaces_a_blocked_key_but_crosses_no_root_with_it(void **state)
{
	struct house *house = *state;
	struct violations v;
	struct error err;

	block_key_of(house, "internal");
	assert_int_equal(rotate(house, "internal", "internal-2", &err), 0);
	block_key_of(house, "root");
	assert_int_equal(rotate_as(house, "root", "root-2", NULL, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_CSR_KEY_BLOCKED));
	assert_string_equal(v.items[0].field, "issuer root");
	assert_int_equal(info_of(house, "root")->state, ISSUER_ACTIVE);
}

#define HOUSE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(leaves_signing_to_the_successor),
		HOUSE_TEST(lets_clients_trust_either_root),
		HOUSE_TEST(leads_over_no_cross_certificate_that_was_revoked),
		HOUSE_TEST(records_what_it_signed_for_issuers),
		HOUSE_TEST(keeps_everything_when_a_rotation_fails),
		HOUSE_TEST(refuses_a_root_without_room_for_a_cross_certificate),
		HOUSE_TEST(gives_no_successor_the_same_subject),
		HOUSE_TEST(replaces_a_blocked_key_but_crosses_no_root_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
