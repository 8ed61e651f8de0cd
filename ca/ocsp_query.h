/*
 * ocsp_query.h - an OCSP request (RFC 6960 section 4.1), read.
 *
 * Requests come from anybody. A signature on one is not looked at, since every answer is
 * public; what a critical extension asks for and nobody here knows is refused.
 */
#ifndef CA_OCSP_QUERY_H
#define CA_OCSP_QUERY_H

#include <stddef.h>

#include <openssl/ocsp.h>

#include "base/buffer.h"
#include "base/error.h"
#include "store/store.h"

#define OCSP_QUERY_MAX_BYTES 8192
#define OCSP_QUERY_MAX_CERTS 20
#define OCSP_NONCE_ECHOED    32 /* longer ones, of up to 128 octets, are ignored */

struct ocsp_query {
	OCSP_REQUEST *request;
	int count; /* of certificates asked about: at least 1 */
	unsigned char nonce[OCSP_NONCE_ECHOED];
	size_t nonce_len; /* 0: none to repeat */
};

/* ERROR_BAD_REQUEST for what is not a request. The caller clears query in either case. */
int ocsp_query_read(struct bytes der, struct ocsp_query *query, struct error *err);
void ocsp_query_clear(struct ocsp_query *query);

/* Belongs to the query. */
OCSP_CERTID *ocsp_query_id(const struct ocsp_query *query, int index);

/* NID_sha1, NID_sha256 ... of the hashes by which the id names its issuer. */
int ocsp_id_hash(OCSP_CERTID *id);

/* As the store writes serials; "" for one that this house gives to nothing. */
void ocsp_id_serial(OCSP_CERTID *id, char serial[static STORE_SERIAL_SIZE]);

#endif
