/*
 * namepattern.h - names of any kind that somebody may have certified: one pattern for
 * each, whose form tells its kind.
 *
 * "10.0.0.0/8" is a network (network.h), "spiffe://example/x" has "://" and is of URIs
 * (uriname.h), "*@example" has "@" and is of e-mail addresses (emailname.h), anything
 * else of DNS names (dnspattern.h). A pattern matches no name of another kind.
 */
#ifndef CA_NAMEPATTERN_H
#define CA_NAMEPATTERN_H

#include <stdbool.h>

#include <openssl/x509v3.h>

bool namepattern_is_valid(const char *pattern);

/* The pattern is a valid one, and the name in lower case as san_normalise leaves it. */
bool namepattern_matches(const char *pattern, const GENERAL_NAME *name);

#endif
