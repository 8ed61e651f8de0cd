/*
 * challenge.h - shows the server that a name is ours (RFC 8555 section 8).
 *
 * Open for one order; one proof at a time is there to be seen.
 */
#ifndef ACME_CHALLENGE_H
#define ACME_CHALLENGE_H

#include "acme/acme.h"
#include "acme/identifier.h"

struct challenge;

struct proof {
	const struct identifier *identifier;
	const char *token;
	const char *authorization; /* token "." thumbprint */
};

/*
 * How it is done. State is what open makes; say gets, after a failure of show, what a
 * program said, as lines.
 */
struct solver {
	int (*open)(const struct acme_challenge *how, const struct acme_key *key,
	    void **state, struct error *err); /* may be NULL */
	int (*show)(const struct acme_challenge *how, void *state,
	    const struct proof *proof, struct buffer *say, struct error *err);
	void (*hide)(
	    const struct acme_challenge *how, void *state, const struct proof *proof);
	void (*close)(void *state); /* may be NULL */
};

extern const struct solver http01_listen, http01_webroot, dns01_hook, tlsalpn01_listen;

/* Opens what it listens on. how and key must outlive it. */
int challenge_open(const struct acme_challenge *how, const struct acme_key *key,
    struct challenge **challenge, struct error *err);
void challenge_close(struct challenge *challenge);

/* challenge_hide comes after it in every case: a failure may leave something to take
 * away. */
int challenge_show(struct challenge *challenge, const struct proof *proof,
    struct buffer *say, struct error *err);
void challenge_hide(struct challenge *challenge, const struct proof *proof);

/* "http-01" */
const char *challenge_name(enum acme_method method);

#endif
