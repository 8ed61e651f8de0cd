/* lint_check.h - one rule of the lint and what it looks at (inside ca/ only). */
#ifndef CA_LINT_CHECK_H
#define CA_LINT_CHECK_H

#include "ca/lint.h"

struct subject_matter {
	OSSL_LIB_CTX *libctx;
	X509 *cert;
	const struct certificate_spec *spec;
};

struct lint_check {
	enum rule rule;
	/* What is wrong, or NULL. */
	const char *(*check)(const struct subject_matter *m);
};

/* Ends with a check of NULL. */
extern const struct lint_check lint_extension_checks[];

/* The certificate itself when it is a root's. */
X509 *lint_issuer_of(const struct subject_matter *m);

#endif
