/* crls.h - a house with leaves and CRLs, for tests of revocation. */
#ifndef TESTS_CA_CRLS_H
#define TESTS_CA_CRLS_H

#include "ca/authority_crl.h"
#include "ca/authority_revoke.h"
#include "tests/ca/support.h"

#define POINT_URL "http://pki.example/internal.crl"

/* Changes the store while no authority has it open. */
void house_sql(struct house *house, const char *sql);

/* Gives both issuers the URL and so many shards. */
void house_divide_crls(struct house *house, int shards);

/* A leaf of "internal"; the caller frees. serial may be NULL. */
X509 *house_leaf(struct house *house, char serial[STORE_SERIAL_SIZE]);

void house_revoke(struct house *house, const char *serial, int reason);

/* As OpenSSL reads it, verified with the issuer's key; the caller frees. NULL: none. */
X509_CRL *house_crl(struct house *house, const char *issuer, int shard, bool is_delta);

int64_t crl_number(const X509_CRL *crl);
int64_t crl_base_number(const X509_CRL *crl);
int crl_entries(X509_CRL *crl);

/* The reason of a serial's entry, -1 when it has no entry. */
int crl_reason(X509_CRL *crl, const char *serial);

/*
 * What OpenSSL says of the leaf with these CRLs, of which the second may be NULL:
 * X509_V_OK, X509_V_ERR_CERT_REVOKED ...
 */
int crl_verdict(struct house *house, X509 *leaf, X509_CRL *crl, X509_CRL *delta);

#endif
