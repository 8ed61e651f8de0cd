/*
 * truststore.h - the system's own store of roots, and the files in it that are ours.
 *
 * One file for each root, LABEL-HASH.crt, where HASH is the beginning of the SHA-256 of
 * what is in it: so a file is ours if its name and its content agree, and nothing else
 * is ever removed. They are written atomically, mode 0644.
 */
#ifndef CLI_TRUSTSTORE_H
#define CLI_TRUSTSTORE_H

#include <limits.h>
#include <stdbool.h>

#include <openssl/x509.h>

#include "base/buffer.h"
#include "base/error.h"

#define TRUSTSTORE_NAME_SIZE 128

struct trust_system; /* of a distribution */

struct truststore {
	const struct trust_system *system;
	char directory[PATH_MAX]; /* where roots of the administrator lie, for people */
	char place[PATH_MAX];     /* the same, for us */
	int fd;                   /* what place is about, or -1 */
	const char *label;
	bool is_elsewhere; /* under another root directory: nothing is run */
};

/*
 * Finds it by the directories that are there, below root, NULL for this system. Links in
 * there lead to where they would if it were the root: never out of it. ERROR_IO when
 * there is none that is known. The caller closes in every case.
 */
int truststore_open(
    struct truststore *store, const char *root, const char *label, struct error *err);
void truststore_close(struct truststore *store);

/* "Debian or Alpine" and so on; and the command that makes changes count, for people. */
const char *truststore_system(const struct truststore *store);
const char *truststore_command(const struct truststore *store);

/* LABEL-HASH.crt */
int truststore_name(const struct truststore *store, X509 *root,
    char name[static TRUSTSTORE_NAME_SIZE], struct error *err);

/* Visits the files that are ours, or look like it and have been changed: cert is NULL. */
int truststore_each(const struct truststore *store,
    int (*visit)(void *ctx, const char *name, X509 *cert, struct error *err), void *ctx,
    struct error *err);

bool truststore_has(const struct truststore *store, const char *name);

/* Whether anything has this name, changed or not. */
bool truststore_is_taken(const struct truststore *store, const char *name);
int truststore_put(
    const struct truststore *store, const char *name, X509 *root, struct error *err);
int
truststore_remove(const struct truststore *store, const char *name, struct error *err);

/* Runs the command, unless the store is elsewhere. output is what it said. */
int truststore_update(const struct truststore *store, bool removed, struct buffer *output,
    struct error *err);

#endif
