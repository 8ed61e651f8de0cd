/*
 * store.h - everything durable: keys in use, certificates, the audit record; issuers.h
 * has the issuers.
 *
 * One SQLite database (WAL, synchronous=FULL). A call that changes something returns
 * after the commit is on disk, and writes its audit entry in the same transaction.
 * Safe to call from any thread; a store is opened once per process.
 * SQLite errors come back as ERROR_IO, those of a disk that is full or read-only as
 * ERROR_STORAGE; a taken name or serial as ERROR_CONFLICT; an absent one as
 * ERROR_NOT_FOUND.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auditchain.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/outcome.h"
#include "base/text.h"

#define STORE_NAME_SIZE   (NAME_MAX_CHARS + 1)
#define STORE_SERIAL_SIZE 41 /* 20 octets in lower-case hex, and a NUL */
#define STORE_SPKI_MAX    1024
#define STORE_CKA_ID_MAX  32
#define STORE_ACTOR_SIZE  128

struct store;

/*
 * Creates the file (mode 0600) and the schema when absent, and brings an older schema up
 * to date; refuses a newer one.
 */
int store_open(const char *path, struct store **store, struct error *err);
void store_close(struct store *store);

/*
 * Who did what to what: the record that goes into the same commit as the change.
 * Entries are chained: base/auditchain.h.
 */
struct audit_event {
	const char *actor;   /* "uid:0", "dev" ... */
	const char *action;  /* noun.verb-ed: "key.created", "certificate.issued" */
	const char *object;  /* name of a key or issuer, or a serial */
	const char *detail;  /* free text, may be NULL */
	const char *request; /* its id; NULL for what nobody asked for */
	enum outcome outcome;
};

/* An entry with no other change, such as a refused request. */
int store_audit_append(
    struct store *store, const struct audit_event *event, struct error *err);

/* Calls visit for entries after seq, oldest first, until it returns non-zero or limit. */
int store_audit_each(struct store *store, int64_t after_seq, size_t limit,
    int (*visit)(void *ctx, const struct audit_row *row), void *ctx, struct error *err);

/* Recomputes the chain. 0 when every hash holds; else ERROR_CONFLICT and the seq in the
 * text. */
int store_audit_verify(struct store *store, int64_t *entries, struct error *err);

/*
 * A key that keyhold uses; the private key itself is on the token, found by cka_id.
 * Several may have one name: one of them is current, the others it replaced.
 */
struct key_row {
	char name[STORE_NAME_SIZE];
	char type[16];
	char use[16];
	unsigned char cka_id[STORE_CKA_ID_MAX];
	size_t cka_id_len;
	unsigned char spki[STORE_SPKI_MAX]; /* DER SubjectPublicKeyInfo */
	size_t spki_len;
	unsigned char spki_sha256[32];
	int64_t created;             /* seconds since 1970 */
	int64_t replaced;            /* likewise; 0 while current */
	char token[STORE_NAME_SIZE]; /* in the configuration */
};

int store_key_add(struct store *store, const struct key_row *key,
    const struct audit_event *event, struct error *err);

/*
 * Adds key, and marks the current key of its name, whose hash is old, as replaced when
 * key was created. ERROR_NOT_FOUND when old is not that key.
 */
int store_key_replace(struct store *store, const unsigned char old[static 32],
    const struct key_row *key, const struct audit_event *event, struct error *err);

int store_key_remove(struct store *store, const unsigned char spki_sha256[static 32],
    const struct audit_event *event, struct error *err);

/*
 * All keys, by name and the current one first, until visit returns non-zero. visit must
 * not call the store.
 */
int store_key_each(struct store *store,
    int (*visit)(void *ctx, const struct key_row *row), void *ctx, struct error *err);

enum certificate_status {
	CERTIFICATE_RESERVED, /* the serial is taken; nothing was released */
	CERTIFICATE_VALID,
	CERTIFICATE_REVOKED,
};

struct certificate_row {
	char serial[STORE_SERIAL_SIZE];
	char issuer[STORE_NAME_SIZE];
	char profile[STORE_NAME_SIZE];
	char requester[STORE_ACTOR_SIZE];
	enum certificate_status status;
	int64_t not_before, not_after, created;
	int64_t revoked_at;       /* 0 unless revoked */
	int revocation_reason;    /* RFC 5280 section 5.3.1 CRLReason */
	const char *subject;      /* RFC 2253 text */
	const char *names;        /* "dns:a.example ip:10.0.0.1" */
	struct bytes certificate; /* DER; on reading, valid during visit only */

	/* To be found by, and listed under; not read back. */
	unsigned char spki_sha256[32];
	int crl_shard;
	const char *idempotency_key; /* of the requester; NULL without one */
};

/* Takes the serial before anything is signed with it (no audit entry yet). */
int store_certificate_reserve(
    struct store *store, const char *serial, const char *issuer, struct error *err);

/* The same of many in one commit: all, or none. */
int store_serials_reserve(struct store *store, const char (*serials)[STORE_SERIAL_SIZE],
    size_t count, const char *issuer, struct error *err);

/* Gives back what nothing was signed with. */
int store_serials_release(struct store *store, const char (*serials)[STORE_SERIAL_SIZE],
    size_t count, const char *issuer, struct error *err);

/*
 * Completes a reserved serial. After this returns 0 the certificate may be released.
 * ERROR_CONFLICT when its issuer has retired or its key was blocked since it was judged:
 * then the serial stays reserved.
 */
int store_certificate_record(struct store *store, const struct certificate_row *row,
    const struct audit_event *event, struct error *err);

/* Calls visit once; ERROR_NOT_FOUND for an unknown or merely reserved serial. */
int store_certificate_find(struct store *store, const char *serial,
    int (*visit)(void *ctx, const struct certificate_row *row), void *ctx,
    struct error *err);

struct certificate_filter {
	const char *issuer; /* NULL: any */
	const char *status; /* NULL, "valid", "revoked", "expired" */
	const char *name;   /* NULL, or a SAN in full ("localhost", "10.0.0.1") */
	const unsigned char *spki_sha256; /* NULL, or 32 bytes: of the certified key */
	int64_t expires_before;           /* 0: any */
	int64_t after_id;                 /* cursor: 0, or the id of the last row seen */
	size_t limit;
};

/* Newest last, by row id, which visit receives as the next cursor. */
int store_certificate_each(struct store *store, const struct certificate_filter *filter,
    int (*visit)(void *ctx, int64_t id, const struct certificate_row *row), void *ctx,
    struct error *err);

#endif
