/* support.h - keys, requests and authorities that the tests of ca/ make on the spot. */
#ifndef TESTS_CA_SUPPORT_H
#define TESTS_CA_SUPPORT_H

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/buffer.h"
#include "ca/authority.h"
#include "ca/profile.h"
#include "ca/violation.h"
#include "store/store.h"

EVP_PKEY *ec_key(const char *curve);
EVP_PKEY *rsa_key(size_t bits);
EVP_PKEY *rsa_pss_key(void); /* 2048 bits, without parameters */
/* An RSA public key of any numbers. */
EVP_PKEY *rsa_public(const BIGNUM *n, unsigned long exponent);
EVP_PKEY *ed25519_key(void);

/* A request that is still to be signed; subject as subject_from_text takes it. */
X509_REQ *request_new(EVP_PKEY *key, const char *subject);

/* Asks for an extension as OpenSSL's configuration does: "keyUsage", "critical,...". */
void request_extension(X509_EXTENSIONS **extensions, const char *name, const char *value);
void request_add(X509_REQ *req, X509_EXTENSIONS *extensions);

/* Signs and encodes; the caller frees der. digest is NULL for Ed25519. */
void request_sign(X509_REQ *req, EVP_PKEY *key, const char *digest, struct buffer *der);

/* What Milvus's gen.sh sends. */
void milvus_request(EVP_PKEY *key, struct buffer *der);

/* A request for one name. */
void simple_request(EVP_PKEY *key, const char *san, struct buffer *der);

bool breaks(const struct violations *v, enum rule rule);

/* csr_read, which must not fail: does the request break this rule? */
bool request_breaks(const struct buffer *der, enum rule rule);

/* It breaks none. Prints the first. */
bool request_is_good(const struct bytes *body);

/* A profile "own" that makes sense, to begin from: any DNS name, serverAuth. */
struct profile model_profile(void);

/* An authority in a throw-away directory, with keys that it finds by hash. */
#define HOUSE_KEYS 400

struct house {
	OSSL_LIB_CTX *libctx; /* NULL: the default one */
	char dir[64], path[96];
	struct store *store;
	struct authority *authority;
	EVP_PKEY *keys[HOUSE_KEYS];
	int key_count;
	bool keys_are_away;
};

/* A key_finder's find, of the house that is its ctx. */
int house_find_key(
    void *ctx, const unsigned char hash[static 32], EVP_PKEY **key, struct error *err);

void house_open(struct house *house, OSSL_LIB_CTX *libctx);
void house_reopen(struct house *house);
void house_close(struct house *house);

/* Authority and store only: between them another process may have the store. */
void house_leave(struct house *house);
void house_enter(struct house *house);

/* The key belongs to the house from here on; it is recorded in the store under name. */
void house_add_key(struct house *house, const char *name, EVP_PKEY *key);

/* "root" with a P-256 key and "internal" under it with the other key. */
void house_add_issuers(struct house *house, EVP_PKEY *internal_key);

/* cmocka's group setup and teardown: *state is a house with P-256 issuers. */
int house_setup(void **state);
int house_teardown(void **state);

/* Asks "internal" for a certificate; v is set to none first. */
int house_issue(struct house *house, const struct buffer *csr, const char *profile,
    struct issue_result *result, struct violations *v, struct error *err);

/*
 * As a careful TLS peer would, with only the root trusted: -x509_strict, the purpose
 * ("ssl_server") and the host name. Prints why not.
 */
bool house_trusts(
    struct house *house, struct bytes der, const char *purpose, const char *host);

int count_certificates(const char *pem);

#endif
