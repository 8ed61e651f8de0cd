/*
 * recorder.h - what clients asked for, in the audit record: who was refused what, and
 * the signatures.
 *
 * A change records itself, in its own commit (store/). Signatures are too many for that:
 * they are counted, and the counts entered each minute; where that failed, nothing is
 * signed until it succeeds. Or each is an entry of its own, before its answer. From any
 * thread, but recorder_enter: from one.
 */
#ifndef API_RECORDER_H
#define API_RECORDER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "api/tally.h"
#include "store/store.h"

#define RECORDER_PEERS 256
/* Of a peer in a minute; what comes after is counted. Peers that share one of the places
 * above share this, too. */
#define RECORDER_REFUSALS 10

struct recorder_refusals {
	struct tally *counts; /* beyond RECORDER_REFUSALS, by path and method */
	atomic_ullong entered[RECORDER_PEERS]; /* minute and number */
};

struct recorder {
	struct store *store;
	bool each;                /* signature an entry */
	struct tally *signatures; /* and decryptions */
	atomic_bool behind;       /* what was last to be entered could not be */
	uint64_t seed; /* so that nobody can look for peers that share a place */
	/* Strangers, who can be without number, are apart: they crowd out their own
	 * kind alone. */
	struct recorder_refusals known, strangers;
};

int recorder_new(
    struct store *store, bool each, struct recorder **recorder, struct error *err);
void recorder_free(struct recorder *recorder);

/* Before something is signed: ERROR_UNRECORDED while counts cannot be entered. With an
 * entry for each that shows when it is made. */
int recorder_admit(const struct recorder *recorder, struct error *err);

struct recorder_use {
	const char *actor, *request;
	const char *action; /* "signature.made" */
	const char *key;    /* its name */
	const char *scheme; /* a constant */
};

/*
 * Of rc and err, which say how it ended, this makes a count and maybe an entry, and
 * returns rc: -1 and ERROR_UNRECORDED for a success that could not be recorded.
 */
int recorder_note(
    struct recorder *recorder, const struct recorder_use *use, int rc, struct error *err);

struct recorder_refusal {
	const char *actor, *request;
	const char *method, *path; /* of the route: constants */
	const char *target, *why;  /* as the client sent it, and was told */
	enum outcome outcome;
	bool stranger; /* CALLER_NOBODY */
};

/* The answer is a refusal whether or not this succeeds. */
void recorder_refuse(struct recorder *recorder, const struct recorder_refusal *refusal);

/* Enters what has been counted since the last time: all, or nothing and -1. */
int recorder_enter(struct recorder *recorder, struct error *err);

#endif
