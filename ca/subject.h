/* subject.h - distinguished names: from text, to text, and the CommonName within. */
#ifndef CA_SUBJECT_H
#define CA_SUBJECT_H

#include <stdbool.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ca/violation.h"
#include "ca/warning.h"

#define SUBJECT_CN_MAX 64

struct common_name {
	char text[SUBJECT_CN_MAX + 1]; /* lower case, printable ASCII */
	size_t len;                    /* 0: there is none */
};

/* "/C=CN/CN=x"; a backslash takes the next character as it is. The caller frees *name. */
int subject_from_text(const char *text, X509_NAME **name, struct error *err);

/* A name of one CommonName, or of nothing. The caller frees *name. */
int subject_from_common_name(
    const struct common_name *cn, X509_NAME **name, struct error *err);

/* Reads the CommonName; what is wrong with it goes to v, and cn is then empty. */
void
subject_common_name(const X509_NAME *name, struct common_name *cn, struct violations *v);

/* Says of each part other than CN that it was not copied. */
void subject_warn(const X509_NAME *name, struct warnings *w);

/* Appends RFC 2253 text, ASCII only. */
int subject_text(const X509_NAME *name, struct buffer *out, struct error *err);

#endif
