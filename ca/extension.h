/* extension.h - what a request asks for in its extension request (RFC 2985
 * section 5.4.2). */
#ifndef CA_EXTENSION_H
#define CA_EXTENSION_H

#include <openssl/x509.h>

#include "ca/violation.h"
#include "ca/warning.h"

/* Hands out the requested extensions, NULL when there are none readable; the caller
 * frees. */
void extension_read(X509_REQ *req, X509_EXTENSIONS **extensions, struct violations *v);

/* Says of each extension that the profile decides that it was not copied. */
void extension_warn(const X509_EXTENSIONS *extensions, struct warnings *w);

#endif
