/*
 * auditcheck.h - holds an audit record to its chain and to the heads that were signed.
 *
 * Entries and heads come one by one, from a daemon or from a file; nobody else's word is
 * taken for anything but the key. Whatever is wrong is said of the entry that it is
 * wrong with, and the check goes on.
 */
#ifndef CLI_AUDITCHECK_H
#define CLI_AUDITCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auditchain.h"

#define AUDITCHECK_SPKI_MAX      256
#define AUDITCHECK_SIGNATURE_MAX 160
#define AUDITCHECK_KEYS_MAX      64

/* A head that is kept; without key and signature: somebody's note. */
struct auditcheck_head {
	int64_t seq, time;
	unsigned char hash[AUDIT_HASH_BYTES];
	unsigned char spki[AUDITCHECK_SPKI_MAX], signature[AUDITCHECK_SIGNATURE_MAX];
	size_t spki_len, signature_len;
};

struct auditcheck_link {
	unsigned char stored[AUDIT_HASH_BYTES], computed[AUDIT_HASH_BYTES];
};

struct auditcheck_keys {
	unsigned char spki_sha256[AUDITCHECK_KEYS_MAX][32];
	size_t count;
};

/* Zeroed, but complain and ctx, at first. */
struct auditcheck {
	void (*complain)(void *ctx, const char *what);
	void *ctx;
	size_t problems;
	int64_t seq;                      /* of the last entry */
	int64_t entries;                  /* that there were */
	int shift;                        /* what is now number n was n + shift */
	bool doubtful;                    /* the last entry did not hold */
	struct auditcheck_link recent[3]; /* the last entry's first */
	struct auditcheck_keys trusted,
	    offered; /* offered: by a rotation, not yet signed */
	/* Heads: how many, the newest good one, and by whom. */
	size_t heads;
	int64_t signed_seq, signed_time, stray_seq;
	unsigned char signer[32];
	/* Those that are to be met, by seq. */
	struct auditcheck_head *expected;
	size_t expected_count, met;
};

void auditcheck_clear(struct auditcheck *check);

/* A key whose heads are believed, and who it hands over to. Without any, all are. */
int auditcheck_trust(struct auditcheck *check, const unsigned char spki_sha256[static 32],
    struct error *err);

/* A head from elsewhere that the record must reach and agree with. Before the entries. */
int auditcheck_expect(
    struct auditcheck *check, const struct auditcheck_head *head, struct error *err);

void auditcheck_entry(struct auditcheck *check, const struct audit_row *row);

/* After the entry that it is of. */
void auditcheck_signed(struct auditcheck *check, const struct auditcheck_head *head);

/* After the last: what should have followed. */
void auditcheck_finish(struct auditcheck *check);

/* Something that is no entry and no head. */
void auditcheck_complain(struct auditcheck *check, const char *fmt, ...) PRINTF(2, 3);

#endif
