/* lint.h - a certificate held against what it was to say, before it is signed. */
#ifndef CA_LINT_H
#define CA_LINT_H

#include "ca/certificate.h"
#include "ca/violation.h"

/*
 * cert is parsed from the bytes to be signed. Every check runs, wherever a value came
 * from; what is wrong goes to v.
 */
void lint_run(OSSL_LIB_CTX *libctx, X509 *cert, const struct certificate_spec *spec,
    struct violations *v);

#endif
