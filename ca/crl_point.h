/* crl_point.h - which of an issuer's CRLs a certificate is in, and where that is. */
#ifndef CA_CRL_POINT_H
#define CA_CRL_POINT_H

#include "base/buffer.h"
#include "ca/authority_crl.h"

/* Whether certificates say where the issuer's CRL is. */
bool crl_point_is_set(const struct issuer_info *issuer);

/* Into how many parts the CRL is divided; 0 for not at all, as without a URL: it is what
 * keeps a part from passing for the whole (RFC 5280 section 5.2.5). */
int crl_point_shards(const struct issuer_info *issuer);

/* The serial, in hex, modulo shards; 0 when the CRL is not divided. */
int crl_point_shard(const char *serial, int shards);

/*
 * Appends the URL of a shard: the issuer's own, a slash and the number; or, for
 * AUTHORITY_ALL_SHARDS, the issuer's own. Nothing when the issuer has no URL.
 */
void crl_point_url(const struct issuer_info *issuer, int shard, struct buffer *url);

/* The shard of a new certificate, and its URL. */
int crl_point_choose(
    const struct issuer_info *issuer, const char *serial, struct buffer *url);

/* Appends the URL of the delta CRL, or nothing. */
void crl_point_delta(const struct issuer_info *issuer, struct buffer *url);

#endif
