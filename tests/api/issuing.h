/* issuing.h - two issuers, a key and a request of it, for tests of what is issued. */
#ifndef TESTS_API_ISSUING_H
#define TESTS_API_ISSUING_H

#include "tests/api/fixture.h"

#define ISSUE "/v1/issuers/internal/certificates?profile=server"

/*
 * Groups' setup: "root", "internal" under it, and the key "web". The teardown is
 * fixture_close.
 */
int issuing_open(void **state);

/* Appends a request of the key web, in PEM; body is what POST .../csr takes. */
void request_for(struct fixture *f, const char *body, struct buffer *pem);

/* Issues under /v1/issuers/internal, profile server, to localhost; serial has 41 bytes.
 */
void issue_to_localhost(struct fixture *f, char *serial);

/* How many certificates there are. */
size_t count_certificates(struct fixture *f);

#endif
