/* audit_head.h - signs how far the audit record reaches, with a key that signs nothing
 * else. */
#ifndef API_AUDIT_HEAD_H
#define API_AUDIT_HEAD_H

#include "api/api.h"

/* The key's name. It is made when there is none, and can be rotated like another. */
#define AUDIT_KEY "keyhold-audit"

/*
 * Signs the newest entry and keeps the head in the store, unless it is signed already.
 * After a rotation the old key signs first: so it vouches for the entry that names the
 * new one. Takes api->changes. One caller at a time.
 */
int audit_head_sign(struct api *api, struct error *err);

/*
 * Whether the newest head is of an entry that is there as it was signed: 0, or
 * ERROR_TAMPERED. What a start asks; all of the record is for keyhold audit verify.
 */
int audit_head_check(struct api *api, struct error *err);

#endif
