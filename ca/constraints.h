/*
 * constraints.h - the names that certificates beneath an authority may have (RFC 5280
 * section 4.2.1.10).
 */
#ifndef CA_CONSTRAINTS_H
#define CA_CONSTRAINTS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509v3.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ca/violation.h"

#define CONSTRAINTS_MAX 64

/* "dns:svc.example", "ip:10.0.0.0/8", "email:example.com", "uri:.example.com" */
struct constraints_spec {
	const char *permitted[CONSTRAINTS_MAX], *excluded[CONSTRAINTS_MAX];
	size_t permitted_count, excluded_count;
};

/* The caller frees *constraints, which is NULL when nothing is said. */
int constraints_from_text(const struct constraints_spec *spec,
    NAME_CONSTRAINTS **constraints, struct error *err);

/* A certificate's own, or NULL; the caller frees. */
NAME_CONSTRAINTS *constraints_of(const X509 *cert);

/*
 * What inner permits and an authority above does not goes to v: such names could never
 * be used (rule issuer-name-constraints).
 */
void constraints_check_within(
    const NAME_CONSTRAINTS *inner, const X509 *authority, struct violations *v);

/* Why cert may not stand beneath authority, or NULL: as OpenSSL's verification judges. */
const char *constraints_check(X509 *cert, const X509 *authority);

/* Whether a certificate's are these; both may be NULL. */
bool constraints_equal(const NAME_CONSTRAINTS *a, const NAME_CONSTRAINTS *b);

#endif
