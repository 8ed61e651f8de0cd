/*
 * check.h - tries all that is asked of a token, with keys that it makes and destroys.
 *
 * What the token says that it cannot do is no failure; what it says and does not do is.
 */
#ifndef PKCS11_CHECK_H
#define PKCS11_CHECK_H

#include "pkcs11/keystore.h"

#define CHECK_LABEL "keyhold-check" /* of the keys, which are in no list */

enum check_outcome {
	CHECK_WORKS,
	CHECK_LACKS, /* the token does not claim it */
	CHECK_FAILS,
};

struct check_result {
	enum check_outcome outcome;
	const char *subject; /* a type of keys, or "token" */
	const char *step;    /* "sign" */
	const char *why;     /* "" when it works */
	const char *means;   /* to keyhold; "" when it works */
};

/* The texts are the check's. Not 0 ends it, after what was made was destroyed. */
typedef int check_visit(void *ctx, const struct check_result *result);

/*
 * Tries one type of keys, or all when type is NULL: rsa-pss-N is rsa-N to a token. Waits
 * for the writer before each change, so others make keys in between; signatures go on.
 * -1 when a visit was not 0. One caller at a time.
 */
int keystore_probe(
    struct keystore *store, const enum key_type *type, check_visit *visit, void *ctx);

#endif
