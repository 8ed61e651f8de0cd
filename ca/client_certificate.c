/*
 * client_certificate.c - the chain by libcrypto, and what this house signed by its own
 * record, which is newer than any CRL.
 */
#include "ca/client_certificate.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/text.h"
#include "ca/authority_state.h"
#include "ca/certtext.h"
#include "ca/client_names.h"
#include "ca/spki.h"
#include "store/revocations.h"

#define SHA256_BYTES 32
#define AUTH_LEVEL   2 /* of OpenSSL: 112 bits, so no SHA-1 and no RSA below 2048 */

struct client_certificate {
	struct authority *authority;
	int64_t not_after;    /* of the chain: its first end */
	uint64_t revocations; /* when the record was looked at */
	char serials[CLIENT_CHAIN_MAX + 1][STORE_SERIAL_SIZE]; /* those in the record */
	size_t serial_count;
	struct buffer texts; /* the names */
	const char *names[CLIENT_NAMES_MAX];
	size_t name_count;
	char actor[CLIENT_ACTOR_SIZE];
};

static enum client_fault
fault_of(int reason)
{
	switch (reason) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return CLIENT_FAULT_EXPIRED;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return CLIENT_FAULT_UNKNOWN_CA;
	default:
		return CLIENT_FAULT_BAD;
	}
}

static int
read_chain(OSSL_LIB_CTX *libctx, const struct client_chain *chain, STACK_OF(X509) * certs,
    struct error *err)
{
	for (size_t i = 0; i < chain->count; i++) {
		const unsigned char *p = chain->certificates[i].data;
		X509 *cert = X509_new_ex(libctx, NULL);

		if (cert == NULL ||
		    d2i_X509(&cert, &p, (long)chain->certificates[i].len) == NULL ||
		    sk_X509_push(certs, cert) <= 0) {
			X509_free(cert);
			return error_set_openssl(
			    err, ERROR_FORBIDDEN, "a certificate that cannot be read");
		}
	}
	return 0;
}

/* *built is the caller's. */
static int
build_chain(OSSL_LIB_CTX *libctx, X509_STORE *anchors, STACK_OF(X509) * certs,
    STACK_OF(X509) * *built, enum client_fault *fault, struct error *err)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(libctx, NULL);
	X509_VERIFY_PARAM *param;
	int rc = -1, reason;

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, anchors, sk_X509_value(certs, 0), certs) != 1) {
		error_set_openssl(err, ERROR_INTERNAL, "verification");
		goto out;
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	X509_VERIFY_PARAM_set_depth(param, CLIENT_CHAIN_MAX - 1);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_time(param, (time_t)clock_now_s());
	if (X509_verify_cert(ctx) == 1) {
		*built = X509_STORE_CTX_get1_chain(ctx);
		rc = *built != NULL ? 0 : error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	reason = X509_STORE_CTX_get_error(ctx);
	*fault = fault_of(reason);
	error_set(err, ERROR_FORBIDDEN, "%s", X509_verify_cert_error_string(reason));
out:
	ERR_clear_error();
	X509_STORE_CTX_free(ctx);
	return rc;
}

struct lookup {
	const struct buffer *der;
	bool is_same, is_revoked;
};

static int
compare(void *ctx, const struct certificate_row *row)
{
	struct lookup *lookup = ctx;

	lookup->is_same =
	    row->certificate.len == lookup->der->len &&
	    memcmp(row->certificate.data, lookup->der->data, lookup->der->len) == 0;
	lookup->is_revoked = row->status == CERTIFICATE_REVOKED;
	return 0;
}

/* Not to be there is no failure. */
static int
look_up(struct client_certificate *client, const X509 *cert, const char *serial,
    struct lookup *lookup, struct error *err)
{
	struct buffer der;
	struct error why;
	int rc;

	buf_init(&der, 0);
	*lookup = (struct lookup){ .der = &der };
	rc = certtext_der(cert, &der, err);
	if (rc == 0 &&
	    store_certificate_find(
		client->authority->store, serial, compare, lookup, &why) != 0 &&
	    why.code != ERROR_NOT_FOUND)
		rc = error_set(err, why.code, "%s", why.text);
	buf_free(&der);
	return rc;
}

static int
signed_here(const struct client_certificate *client, const X509 *signer, bool *is_ours,
    struct error *err)
{
	unsigned char hash[SPKI_HASH_BYTES];

	*is_ours = false;
	if (signer == NULL)
		return 0;
	if (spki_sha256_encoded(
		client->authority->libctx, X509_get_X509_PUBKEY(signer), hash, err) != 0)
		return -1;
	*is_ours = authority_uses_key(client->authority, hash);
	return 0;
}

static int
refuse_revoked(const char *serial, enum client_fault *fault, struct error *err)
{
	*fault = CLIENT_FAULT_REVOKED;
	return error_set(err, ERROR_FORBIDDEN, "certificate %s was revoked", serial);
}

/* signer is NULL for the last of a chain. */
static int
check_record(struct client_certificate *client, const X509 *cert, const X509 *signer,
    enum client_fault *fault, struct error *err)
{
	char *serial = client->serials[client->serial_count];
	struct lookup lookup;
	bool is_ours;

	if (signed_here(client, signer, &is_ours, err) != 0)
		return -1;
	/* A serial that no store can have is of no certificate of ours. */
	if (certtext_serial(cert, serial, err) != 0)
		return is_ours ? error_set(err, ERROR_FORBIDDEN, "a strange serial") : 0;
	if (look_up(client, cert, serial, &lookup, err) != 0)
		return -1;
	if (lookup.is_same && lookup.is_revoked)
		return refuse_revoked(serial, fault, err);
	if (lookup.is_same)
		client->serial_count++;
	else if (is_ours)
		return error_set(err, ERROR_FORBIDDEN,
		    "certificate %s is not in the record of its issuer, which is this "
		    "authority",
		    serial);
	return 0;
}

static int
check_chain(struct client_certificate *client, const STACK_OF(X509) * built,
    enum client_fault *fault, struct error *err)
{
	int count = sk_X509_num(built);
	struct validity validity;

	client->not_after = INT64_MAX;
	client->revocations = store_revocation_count(client->authority->store);
	for (int i = 0; i < count && i <= CLIENT_CHAIN_MAX; i++) {
		X509 *cert = sk_X509_value(built, i);

		if (certtext_validity(cert, &validity, err) != 0 ||
		    check_record(client, cert,
			i + 1 < count ? sk_X509_value(built, i + 1) : NULL, fault,
			err) != 0)
			return -1;
		if (validity.not_after < client->not_after)
			client->not_after = validity.not_after;
	}
	return 0;
}

static int
name_actor(struct client_certificate *client, const X509 *cert, struct error *err)
{
	static const char prefix[] = "cert:";
	unsigned char hash[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];

	if (client->name_count > 0 &&
	    strlen(client->names[0]) < sizeof(client->actor) - sizeof(prefix)) {
		snprintf(client->actor, sizeof(client->actor), "%s%s", prefix,
		    client->names[0]);
		return 0;
	}
	if (X509_digest(cert, EVP_sha256(), hash, NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hash of a certificate");
	hex_encode(hex, hash, sizeof(hash));
	snprintf(client->actor, sizeof(client->actor), "%ssha256:%s", prefix, hex);
	return 0;
}

static int
read_names(struct client_certificate *client, X509 *cert, struct error *err)
{
	const char *text;

	buf_init(&client->texts, 0);
	if (client_names(
		cert, CLIENT_NAMES_MAX, &client->texts, &client->name_count, err) != 0)
		return -1;
	text = buf_string(&client->texts);
	for (size_t i = 0; i < client->name_count; i++) {
		client->names[i] = text;
		text += strlen(text) + 1;
	}
	return name_actor(client, cert, err);
}

static int
verify(struct client_certificate *client, X509_STORE *anchors,
    const struct client_chain *chain, enum client_fault *fault, struct error *err)
{
	OSSL_LIB_CTX *libctx = client->authority->libctx;
	STACK_OF(X509) *certs = sk_X509_new_null(), *built = NULL;
	int rc = -1;

	if (certs == NULL)
		error_set(err, ERROR_INTERNAL, "out of memory");
	else if (read_chain(libctx, chain, certs, err) == 0 &&
		 build_chain(libctx, anchors, certs, &built, fault, err) == 0 &&
		 check_chain(client, built, fault, err) == 0)
		rc = read_names(client, sk_X509_value(built, 0), err);
	sk_X509_pop_free(built, X509_free);
	sk_X509_pop_free(certs, X509_free);
	return rc;
}

int
client_certificate_verify(struct authority *authority, X509_STORE *anchors,
    const struct client_chain *chain, struct client_certificate **client,
    enum client_fault *fault, struct error *err)
{
	struct client_certificate *c;

	*fault = CLIENT_FAULT_BAD;
	if (chain->count == 0)
		return error_set(err, ERROR_FORBIDDEN, "no certificate");
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	c->authority = authority;
	if (verify(c, anchors, chain, fault, err) != 0) {
		client_certificate_free(c);
		return -1;
	}
	*client = c;
	return 0;
}

void
client_certificate_free(struct client_certificate *client)
{
	if (client == NULL)
		return;
	buf_free(&client->texts);
	free(client);
}

static int
look_again(struct client_certificate *client, struct error *err)
{
	struct store *store = client->authority->store;
	uint64_t revocations = store_revocation_count(store);
	struct revocation revocation;
	enum client_fault fault;
	struct error why;

	for (size_t i = 0; i < client->serial_count; i++) {
		const char *serial = client->serials[i];

		if (store_revocation_find(store, serial, &revocation, &why) == 0)
			return refuse_revoked(serial, &fault, err);
		if (why.code != ERROR_NOT_FOUND)
			return error_set(err, why.code, "%s", why.text);
	}
	client->revocations = revocations;
	return 0;
}

int
client_certificate_check(struct client_certificate *client, struct error *err)
{
	char when[CLOCK_TEXT_SIZE];

	if (clock_now_s() > client->not_after) {
		clock_format(when, client->not_after);
		return error_set(
		    err, ERROR_FORBIDDEN, "the client's certificate expired at %s", when);
	}
	if (client->revocations == store_revocation_count(client->authority->store))
		return 0;
	return look_again(client, err);
}

const char *const *
client_certificate_names(const struct client_certificate *client, size_t *count)
{
	*count = client->name_count;
	return client->names;
}

const char *
client_certificate_actor(const struct client_certificate *client)
{
	return client->actor;
}
