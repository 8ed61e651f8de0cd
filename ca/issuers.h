/*
 * issuers.h - the authority's issuers in memory (inside ca/ only).
 *
 * A list behind a lock that is held for look-ups alone. Everything in an issuer but its
 * key and next is constant once it is in the list: a change puts another in its place,
 * and the one replaced is kept to the end, for whoever works with it.
 */
#ifndef CA_ISSUERS_H
#define CA_ISSUERS_H

#include <pthread.h>
#include <stdbool.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ca/authority.h"
#include "ca/certificate.h"
#include "store/store.h"

struct issuer {
	struct issuer_info info; /* points into what follows */
	struct issuer_row row;   /* its bytes are in der */
	char serial[STORE_SERIAL_SIZE];
	struct buffer subject, der;
	struct validity validity;
	X509 *cert;               /* NULL while pending */
	STACK_OF(X509) * outside; /* above one that was signed outside, or NULL */
	EVP_PKEY *key;            /* NULL until it was found */
	struct issuer *next;
};

/* A further certificate for an issuer's key, by signer; constant once in the list. */
struct cross {
	char serial[STORE_SERIAL_SIZE];
	char issuer[STORE_NAME_SIZE], signer[STORE_NAME_SIZE];
	struct buffer der;
	struct cross *next;
};

int cross_new(const struct cross_row *row, struct cross **cross, struct error *err);
void cross_free(struct cross *cross);

struct issuers {
	OSSL_LIB_CTX *libctx;
	struct key_finder finder;
	pthread_rwlock_t lock;
	struct issuer *first, *last;
	struct issuer *replaced;
	struct cross *crosses;
};

/* Reads a row; refuses a certificate that is not for the key that the row names. */
int issuer_new(OSSL_LIB_CTX *libctx, const struct issuer_row *row, struct issuer **issuer,
    struct error *err);
void issuer_free(struct issuer *issuer);

/* Self-signed; it must have a certificate. */
bool issuer_is_root(const struct issuer *issuer);

/* ERROR_CONFLICT unless it signs certificates. */
int issuer_check_active(const struct issuer *issuer, struct error *err);

/*
 * Puts the issuer's URLs, or the profile's, into what a certificate is to say; but not
 * the CRL's, which depends on the serial (crl_point.h).
 */
void issuer_point(const struct issuer *issuer, struct certificate_spec *spec);

int issuers_init(struct issuers *issuers, OSSL_LIB_CTX *libctx,
    const struct key_finder *finder, struct error *err);
void issuers_clear(struct issuers *issuers);

/* The list takes the issuer. */
void issuers_append(struct issuers *issuers, struct issuer *issuer);

/* The same; it takes the place of old, which is in the list, and has the same key. */
void issuers_replace(struct issuers *issuers, struct issuer *old, struct issuer *issuer);

/* The list takes the cross-certificate. */
void issuers_add_cross(struct issuers *issuers, struct cross *cross);

/* The newest of that issuer by that signer, or NULL; it stays to the end. */
const struct cross *
issuers_find_cross(struct issuers *issuers, const char *issuer, const char *signer);

/* One that has a certificate: ERROR_CONFLICT for a pending one. */
int issuers_find(
    struct issuers *issuers, const char *name, struct issuer **issuer, struct error *err);
/* The same, or the last of its successors: one that retires leaves the signing to them.
 */
int issuers_find_signer(
    struct issuers *issuers, const char *name, struct issuer **issuer, struct error *err);

/* The one after issuer, the first after NULL; NULL after the last. */
struct issuer *issuers_next(struct issuers *issuers, const struct issuer *issuer);

/* The same, pending or not. */
int issuers_find_any(
    struct issuers *issuers, const char *name, struct issuer **issuer, struct error *err);

bool issuers_use_key(struct issuers *issuers, const unsigned char spki_sha256[static 32]);
void issuers_each(struct issuers *issuers,
    int (*visit)(void *ctx, const struct issuer_info *info), void *ctx);

/* A new reference to the issuer's key; ERROR_TOKEN when it is not to be found. */
int issuers_key(
    struct issuers *issuers, struct issuer *issuer, EVP_PKEY **key, struct error *err);

#endif
