/*
 * issuers.h - the certificate authorities, as the store keeps them.
 *
 * What store.h says of threads, errors and audit entries holds here too.
 */
#ifndef STORE_ISSUERS_H
#define STORE_ISSUERS_H

#include "store/store.h"

#define STORE_URL_SIZE    256
#define ISSUER_SHARDS_MAX 128

enum issuer_state {
	ISSUER_ACTIVE,   /* signs certificates */
	ISSUER_PENDING,  /* has a request, and no certificate yet */
	ISSUER_RETIRING, /* signs CRLs and OCSP responses for what it issued */
	ISSUER_RETIRED,  /* signs nothing */
};

/* "active" and so on; ERROR_BAD_REQUEST for another name. */
const char *issuer_state_name(enum issuer_state state);
int issuer_state_read(const char *name, enum issuer_state *state, struct error *err);

struct issuer_row {
	char name[STORE_NAME_SIZE];
	char parent[STORE_NAME_SIZE];    /* "" for a root, and for one signed outside */
	char successor[STORE_NAME_SIZE]; /* "" unless another issues in its place */
	unsigned char key_spki_sha256[32];
	int64_t created;
	enum issuer_state state;
	int crl_shards;
	char crl_url[STORE_URL_SIZE], ocsp_url[STORE_URL_SIZE]; /* "": none */
	char ca_issuers_url[STORE_URL_SIZE];

	/* On reading, valid during visit only. */
	struct bytes certificate; /* DER; empty while pending */
	struct bytes request;     /* DER PKCS#10; empty unless signed outside */
	struct bytes chain; /* DER, one after the other: of an issuer signed outside, the
			       certificates above it */
};

/* A further certificate for an issuer's key, by another issuer. */
struct cross_row {
	char serial[STORE_SERIAL_SIZE];
	char issuer[STORE_NAME_SIZE]; /* whose key it certifies */
	char signer[STORE_NAME_SIZE];
	int64_t created;
	struct bytes certificate; /* DER; on reading, valid during visit only */
};

/* All of it, or nothing. */
struct issuer_addition {
	const struct issuer_row *issuer;
	const struct issuer_row *predecessor; /* NULL, or one that changes with it */
	/* What was signed for it, with serials that were reserved. */
	const struct certificate_row *certificates;
	size_t certificate_count;
	const struct cross_row *crosses;
	size_t cross_count;
	const struct audit_event *events;
	size_t event_count;
};

int store_issuer_add_with(
    struct store *store, const struct issuer_addition *addition, struct error *err);

/* An issuer and nothing else. */
int store_issuer_add(struct store *store, const struct issuer_row *issuer,
    const struct audit_event *event, struct error *err);

/*
 * All but name, parent, key and created. ERROR_NOT_FOUND for an unknown name;
 * ERROR_CONFLICT for the end of one whose certificates are valid still, but for those of
 * OCSP signers, which end with the answers.
 */
int store_issuer_change(struct store *store, const struct issuer_row *issuer,
    const struct audit_event *event, struct error *err);

/*
 * Records what was signed without reserving its serial: elsewhere, or by an older
 * keyhold. A reservation of the serial is used up.
 */
int store_certificate_admit(struct store *store, const struct certificate_row *row,
    const struct audit_event *event, struct error *err);

/* Oldest first. */
int store_cross_each(struct store *store,
    int (*visit)(void *ctx, const struct cross_row *row), void *ctx, struct error *err);

/* A parent comes before its children. */
int store_issuer_each(struct store *store,
    int (*visit)(void *ctx, const struct issuer_row *row), void *ctx, struct error *err);

#endif
