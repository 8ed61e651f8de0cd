/* san.h - subjectAltNames: read from text, tidied, judged, and shown. */
#ifndef CA_SAN_H
#define CA_SAN_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509v3.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ca/profile.h"
#include "ca/violation.h"

#define SAN_NAMES_MAX PROFILE_NAMES_MAX

/*
 * Reads "dns:localhost", "ip:127.0.0.1", "email:", "uri:"; without a prefix an
 * address if it reads as one, else a DNS name. The caller frees *names.
 */
int san_from_text(
    const char *const *texts, size_t count, GENERAL_NAMES **names, struct error *err);

/* Appends one dNSName of any bytes. */
int san_add_dns(GENERAL_NAMES *names, struct bytes name, struct error *err);

/* Lower-cases host names, also those in URIs and e-mail addresses, and drops repeats. */
void san_normalise(GENERAL_NAMES *names);

bool san_has_dns(const GENERAL_NAMES *names, struct bytes name);

/* The same judgement for a request and for the certificate about to be signed. */
void san_check(
    const GENERAL_NAMES *names, const struct profile *profile, struct violations *v);

/* Appends "dns:a.example ip:10.0.0.1"; names must have passed san_check. */
void san_text(const GENERAL_NAMES *names, struct buffer *out);
void san_name_text(const GENERAL_NAME *name, struct buffer *out);

#endif
