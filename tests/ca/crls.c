/* crls.c - leaves, revocations and CRLs, and OpenSSL's opinion of them. */
#include "tests/ca/crls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

void
house_sql(struct house *house, const char *sql)
{
	sqlite3 *db = NULL;

	house_leave(house);
	assert_int_equal(sqlite3_open(house->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	house_enter(house);
}

void
house_divide_crls(struct house *house, int shards)
{
	const struct issuer_change change = {
		.crl_url = POINT_URL, .crl_shards = shards, .actor = "test"
	};
	struct violations v = { 0 };

	assert_int_equal(
	    authority_change_issuer(house->authority, "root", &change, &v, NULL), 0);
	assert_int_equal(
	    authority_change_issuer(house->authority, "internal", &change, &v, NULL), 0);
}

X509 *
house_leaf(struct house *house, char serial[STORE_SERIAL_SIZE])
{
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;
	const unsigned char *p;
	X509 *leaf;

	simple_request(key, "DNS:localhost", &csr);
	if (house_issue(house, &csr, "server", &result, &v, &err) != 0)
		fail_msg("%s", err.text);
	p = result.certificate.data;
	assert_non_null(leaf = d2i_X509(NULL, &p, (long)result.certificate.len));
	if (serial != NULL)
		assert_int_equal(text_copy(serial, STORE_SERIAL_SIZE, result.serial), 0);
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
	return leaf;
}

void
house_revoke(struct house *house, const char *serial, int reason)
{
	struct revoke_request request = {
		.serial = serial,
		.reason = reason,
		.actor = "uid:0",
	};
	struct revocation revocation;
	struct error err = { 0 };

	if (authority_revoke(house->authority, &request, &revocation, &err) != 0)
		fail_msg("%s", err.text);
}

X509_CRL *
house_crl(struct house *house, const char *issuer, int shard, bool is_delta)
{
	const struct issuer_info *info;
	struct crl_info crl;
	const unsigned char *p;
	struct bytes der;
	X509_CRL *parsed;
	X509 *cert;

	if (authority_crl(house->authority, issuer, shard, is_delta, &crl, NULL) != 0)
		return NULL;
	der = shared_bytes(crl.der);
	p = der.data;
	assert_non_null(parsed = d2i_X509_CRL(NULL, &p, (long)der.len));
	assert_int_equal(authority_find_issuer(house->authority, issuer, &info, NULL), 0);
	p = info->certificate.data;
	cert = d2i_X509(NULL, &p, (long)info->certificate.len);
	assert_int_equal(X509_CRL_verify(parsed, X509_get0_pubkey(cert)), 1);
	X509_free(cert);
	shared_free(crl.der);
	return parsed;
}

static int64_t
number_of(const X509_CRL *crl, int nid)
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, nid, NULL, NULL);
	int64_t value = -1;

	if (number != NULL)
		assert_int_equal(ASN1_INTEGER_get_int64(&value, number), 1);
	ASN1_INTEGER_free(number);
	return value;
}

int64_t
crl_number(const X509_CRL *crl)
{
	return number_of(crl, NID_crl_number);
}

int64_t
crl_base_number(const X509_CRL *crl)
{
	return number_of(crl, NID_delta_crl);
}

int
crl_entries(X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);

	return list != NULL ? sk_X509_REVOKED_num(list) : 0;
}

int
crl_reason(X509_CRL *crl, const char *serial)
{
	BIGNUM *bn = NULL;
	ASN1_INTEGER *number;
	X509_REVOKED *entry = NULL;
	ASN1_ENUMERATED *reason;
	int value = -1;

	assert_true(BN_hex2bn(&bn, serial) > 0);
	number = BN_to_ASN1_INTEGER(bn, NULL);
	if (X509_CRL_get0_by_serial(crl, &entry, number) != 0) {
		reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
		value = reason != NULL ? (int)ASN1_ENUMERATED_get(reason) : 0;
		ASN1_ENUMERATED_free(reason);
	}
	ASN1_INTEGER_free(number);
	BN_free(bn);
	return value;
}

int
crl_verdict(struct house *house, X509 *leaf, X509_CRL *crl, X509_CRL *delta)
{
	const struct issuer_info *info;
	X509_STORE *trusted = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	const unsigned char *p;
	X509 *issuer;
	int verdict;

	assert_int_equal(
	    authority_find_issuer(house->authority, "internal", &info, NULL), 0);
	p = info->certificate.data;
	issuer = d2i_X509(NULL, &p, (long)info->certificate.len);
	X509_STORE_add_cert(trusted, issuer);
	X509_STORE_add_crl(trusted, crl);
	if (delta != NULL)
		X509_STORE_add_crl(trusted, delta);
	assert_int_equal(X509_STORE_CTX_init(ctx, trusted, leaf, NULL), 1);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_PARTIAL_CHAIN |
					  X509_V_FLAG_EXTENDED_CRL_SUPPORT |
					  (delta != NULL ? X509_V_FLAG_USE_DELTAS : 0));
	X509_verify_cert(ctx);
	verdict = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(trusted);
	X509_free(issuer);
	return verdict;
}
