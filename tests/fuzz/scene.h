/* scene.h - what requests of the target "request" are sent to: token, keys, issuers, a
 * certificate, a bearer token and rules, and the words that inputs call them by. */
#ifndef TESTS_FUZZ_SCENE_H
#define TESTS_FUZZ_SCENE_H

#include "tests/api/fixture.h"

struct scene {
	struct fixture *f;
	char serial[41], hash[HASH_SIZE], bearer[160];
	struct buffer csr, certificate; /* PEM, strings */
	unsigned changes;               /* that requests made since it was opened */
};

/* Aborts when it cannot. */
void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/*
 * Appends the input with $serial, $hash, $bearer, $csr and $certificate replaced by what
 * they are in this scene. The last two are escaped as JSON where in_json says so.
 */
void scene_expand(
    const struct scene *scene, struct bytes input, bool in_json, struct buffer *out);

/* The callers that there are; NULL for a name of none. */
const struct caller *scene_caller(const char *name);

#endif
