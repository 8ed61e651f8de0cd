/*
 * auditchain.h - the audit record as bytes: what is hashed of an entry, and what is
 * signed of a head.
 *
 * The one place where both are put together: the store writes by it, and whoever
 * verifies a record, with or without a daemon, recomputes by it. docs/audit.md has the
 * same in words, for other people's tools.
 */
#ifndef BASE_AUDITCHAIN_H
#define BASE_AUDITCHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define AUDIT_HASH_BYTES 32

/* The actor of what the daemon does by itself. */
#define AUDIT_SELF "keyholdd"

/* Of an entry: 1 had neither outcome nor request, and both are "ok" and "" in it. */
#define AUDIT_VERSION 2

struct audit_row {
	int64_t seq;  /* 1, 2, 3 ... without a gap */
	int64_t time; /* seconds since 1970, UTC */
	int64_t version;
	const char *actor, *action, *object, *outcome, *request, *detail;
	unsigned char hash[AUDIT_HASH_BYTES];
};

/* SHA-256(previous || the entry's text): row->hash is not looked at. ERROR_BAD_REQUEST
 * for a version that there is none of. */
int auditchain_hash(const unsigned char previous[static AUDIT_HASH_BYTES],
    const struct audit_row *row, unsigned char hash[static AUDIT_HASH_BYTES],
    struct error *err);

/* The name of the key that signs heads. */
#define AUDIT_KEY "keyhold-audit"

/* The last entry at some time, signed. */
struct audit_head {
	int64_t seq, time;
	unsigned char hash[AUDIT_HASH_BYTES]; /* of the entry */
	struct bytes spki;                    /* DER, of the key that signed */
	struct bytes signature;               /* ECDSA in DER, over SHA-256 */
};

/* Appends what is signed. */
void auditchain_head_text(const struct audit_head *head, struct buffer *text);

/* ERROR_BAD_REQUEST when the signature is not one of this head by this key. */
int auditchain_head_verify(const struct audit_head *head, struct error *err);

#endif
