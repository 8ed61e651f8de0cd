/*
 * revocations.h - what is revoked, in the order in which it was.
 *
 * A revocation is in the certificate's row, for those who ask about one, and in a row of
 * its own, for those who list them all. Nothing takes one back.
 */
#ifndef STORE_REVOCATIONS_H
#define STORE_REVOCATIONS_H

#include "store/store.h"

#define REVOCATION_KEY_COMPROMISE 1 /* CRLReason of RFC 5280 section 5.3.1 */
#define REVOCATION_CA_COMPROMISE  2
#define REVOCATION_ANY_SHARD      (-1)

struct revocation {
	char serial[STORE_SERIAL_SIZE];
	char issuer[STORE_NAME_SIZE]; /* on reading */
	int64_t revoked_at;           /* seconds since 1970, as are all times here */
	int reason;
	int64_t invalidity_date; /* 0: not known */
};

/* Somebody else has, or may have, the key, be it a CA's. */
bool revocation_blocks_key(int reason);

/*
 * Revokes a recorded certificate; ERROR_NOT_FOUND when there is none. One that is revoked
 * keeps its first revocation, with one exception: a key compromise becomes the reason
 * even later. *changed says whether anything was written. spki_sha256 is put among the
 * blocked keys when revocation_blocks_key.
 */
int store_revocation_add(struct store *store, const struct revocation *revocation,
    const unsigned char spki_sha256[static 32], const struct audit_event *event,
    bool *changed, struct error *err);

/*
 * How many revocations this process has recorded: who knows the number has seen them all.
 * Any thread; takes no lock.
 */
uint64_t store_revocation_count(const struct store *store);

/* ERROR_NOT_FOUND unless the certificate is revoked. */
int store_revocation_find(struct store *store, const char *serial,
    struct revocation *revocation, struct error *err);

/* How far an issuer's revocations go: both are 0 when there is none. */
struct revocation_mark {
	int64_t id, change;
};

int store_revocation_mark(struct store *store, const char *issuer,
    struct revocation_mark *mark, struct error *err);

/* Whether a shard has changes after this one. */
int store_revocation_changed(struct store *store, const char *issuer, int shard,
    int64_t after_change, bool *changed, struct error *err);

/* What a CRL lists. */
struct revocation_range {
	const char *issuer;
	int shard; /* or REVOCATION_ANY_SHARD */
	struct revocation_mark to;
	bool is_delta; /* lists changes after since, else all up to to.id */
	int64_t since;
	/* Without what expired before, unless it changed after unlisted_after; not of a
	 * delta. */
	int64_t expired_before, unlisted_after;
};

/*
 * Calls visit in the order of revocation, of a delta in that of changes. Pages through:
 * the store is free for others in between, and visit is called without its lock.
 */
int store_revocation_each(struct store *store, const struct revocation_range *range,
    int (*visit)(void *ctx, const struct revocation *revocation), void *ctx,
    struct error *err);

#endif
