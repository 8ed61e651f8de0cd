/* subject.h - distinguished names: from text, to text, and the CommonName within. */
#ifndef CA_SUBJECT_H
#define CA_SUBJECT_H

#include <stdbool.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ca/profile.h"
#include "ca/violation.h"
#include "ca/warning.h"

#define SUBJECT_CN_MAX 64

struct common_name {
	char text[SUBJECT_CN_MAX + 1]; /* lower case, printable ASCII */
	size_t len;                    /* 0: there is none */
};

/* "/C=CN/CN=x"; a backslash takes the next character as it is. The caller frees *name. */
int subject_from_text(const char *text, X509_NAME **name, struct error *err);

/* Reads the CommonName; what is wrong with it goes to v, and cn is then empty. */
void
subject_common_name(const X509_NAME *name, struct common_name *cn, struct violations *v);

/* The types of attributes that a profile may admit: "C", "OU", "CN" ... */
bool subject_type_is_known(const char *type);
bool subject_admits(const struct profile *profile, const char *type);

/*
 * The fixed part of the profile, and of asked what the profile admits, cn being its
 * CommonName; w says what was left out. The caller frees *name.
 */
int subject_build(const X509_NAME *asked, const struct common_name *cn,
    const struct profile *profile, X509_NAME **name, struct warnings *w,
    struct error *err);

/*
 * The attributes that the profile admits, but for the CommonName's own rules: the same
 * judgement for a request and for the certificate about to be signed.
 */
void
subject_check(const X509_NAME *name, const struct profile *profile, struct violations *v);

/* The name is the profile's fixed part and attributes that it admits, nothing else. */
bool subject_is_of_profile(const X509_NAME *name, const struct profile *profile);

/* Appends RFC 2253 text, ASCII only. */
int subject_text(const X509_NAME *name, struct buffer *out, struct error *err);

#endif
