/* scene.h - a good certificate for tests of the lint, and changed copies of it. */
#ifndef TESTS_CA_SCENE_H
#define TESTS_CA_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509v3.h>

#include "ca/lint.h"

#define NOW INT64_C(1800000000)

/* A root, and what a leaf under it is to say. */
struct scene {
	struct certificate_spec root_spec, spec;
	X509 *root, *leaf;
};

/* Setup and teardown of a group. */
int scene_open(void **state);
int scene_close(void **state);

void scene_fill_root(struct certificate_spec *spec, EVP_PKEY *key, int64_t length_s);

/* Makes what the spec says, and fails the test when that breaks a rule. */
X509 *scene_sign(const struct certificate_spec *spec);

/* Encodes the changed copy anew, lints it, and frees it. */
bool lint_finds_in(const struct certificate_spec *spec, X509 *changed, enum rule rule);
bool lint_finds(const struct scene *scene, X509 *changed, enum rule rule);

/* The leaf with one extension removed, and another value in its place unless NULL. */
X509 *with_extension(const struct scene *scene, int nid, const char *value);

#endif
