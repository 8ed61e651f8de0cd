/* audit_head.h - signs how far the audit record reaches, with a key that signs nothing
 * else. */
#ifndef API_AUDIT_HEAD_H
#define API_AUDIT_HEAD_H

#include "api/api.h"

/* An entry, remembered where whoever writes to the database does not reach; seq 0: none.
 */
struct audit_mark {
	int64_t seq;
	unsigned char hash[AUDIT_HASH_BYTES];
};

/*
 * Signs the newest entry and keeps the head in the store, unless it is signed already.
 * AUDIT_KEY is made when there is none, and can be rotated like another. After that the
 * old key signs first: so it vouches for the entry that names the new one. Takes
 * api->changes. One caller at a time.
 *
 * ERROR_TAMPERED, and no head, when the entry of *last is not there as it was; then *last
 * is the one that is signed now.
 */
int audit_head_sign(struct api *api, struct audit_mark *last, struct error *err);

/* Whether a key of use audit may go: ERROR_CONFLICT before it has handed over. */
int audit_head_check_unneeded(
    struct api *api, const struct keystore_key *key, struct error *err);

/*
 * Whether the newest head is of an entry that is there as it was signed: 0, or
 * ERROR_TAMPERED. What a start asks; all of the record is for keyhold audit verify.
 */
int audit_head_check(struct api *api, struct error *err);

#endif
