/*
 * authority_crl.h - the issuers' CRLs: made when they are due, given to whoever asks.
 *
 * docs/revocation.md says which there are and why.
 */
#ifndef CA_AUTHORITY_CRL_H
#define CA_AUTHORITY_CRL_H

#include "base/shared.h"
#include "ca/authority.h"

#define AUTHORITY_ALL_SHARDS (-1)

/*
 * Makes what is due at now of every issuer, and records it before anybody is given it.
 * What cannot be made, because the token is away, is logged once and tried again later.
 * Gives the time at which to call it again: after now. Any thread, one at a time.
 */
int64_t authority_publish(struct authority *authority, int64_t now);

/*
 * wake is called, from any thread, when something is due earlier than that. Set it
 * before the first request, and NULL it after the last.
 */
void authority_on_change(struct authority *authority, void (*wake)(void *ctx), void *ctx);

struct crl_info {
	struct shared *der; /* the caller frees */
	int64_t number;
	int64_t this_update, next_update; /* seconds since 1970 */
};

/*
 * The last one made: of all certificates, of one shard, or, of all, the delta.
 * ERROR_NOT_FOUND when the issuer has no such CRL, ERROR_TOKEN when it has none yet.
 */
int authority_crl(struct authority *authority, const char *issuer, int shard,
    bool is_delta, struct crl_info *crl, struct error *err);

#endif
