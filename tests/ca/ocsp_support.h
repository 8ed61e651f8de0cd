/* ocsp_support.h - a house with an OCSP responder, and what a client asks and reads. */
#ifndef TESTS_CA_OCSP_SUPPORT_H
#define TESTS_CA_OCSP_SUPPORT_H

#include <stdatomic.h>

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ocsp.h>

#include "ca/ocsp.h"
#include "tests/ca/support.h"

struct responder {
	struct house house; /* "root" and "internal" */
	struct ocsp *ocsp;
	EVP_PKEY *key; /* of the signers of all issuers */
	bool key_is_away;
	atomic_int asked_for_key;
	X509 *root, *internal;
	int64_t now; /* what the responder is told; starts as the time of day */
	atomic_bool key_hangs;
};

/*
 * cmocka's setup and teardown; *state is the responder. internal_key is the house's, key
 * the responder's; libctx is NULL for the default one.
 */
void responder_open(
    struct responder *r, OSSL_LIB_CTX *libctx, EVP_PKEY *internal_key, EVP_PKEY *key);
int responder_setup(void **state);
int responder_teardown(void **state);

/* A new daemon over the same record. */
void responder_restart(struct responder *r);

/* Issued by "internal"; the caller frees. */
X509 *responder_issue(struct responder *r);
void responder_serial(const X509 *cert, char serial[static STORE_SERIAL_SIZE]);

/* A request about cert and no other yet; the caller frees. */
OCSP_REQUEST *ask_about(const X509 *cert, const X509 *issuer, const EVP_MD *hash);
void
ask_also(OCSP_REQUEST *req, const X509 *cert, const X509 *issuer, const EVP_MD *hash);

/* Encodes and frees req, and asks for issuer's answer: ERROR_NONE, or why there is none.
 */
enum error_code send_request(struct responder *r, const char *issuer, OCSP_REQUEST *req,
    struct ocsp_answer *answer);

/* Any client's checks: signature, signer, chain to the root, times. The caller frees. */
OCSP_BASICRESP *read_answer(struct responder *r, const struct ocsp_answer *answer);

/* The status of one certificate in an answer; -1 when it is not in it. */
int status_in(OCSP_BASICRESP *basic, const X509 *cert, const X509 *issuer,
    const EVP_MD *hash, int *reason);

/* Asks about cert of "internal", alone, by SHA-1: V_OCSP_CERTSTATUS_GOOD ... */
int status_of(struct responder *r, const X509 *cert);

#endif
