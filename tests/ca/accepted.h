/* accepted.h - what the tests share that show a rule kept. */
#ifndef TESTS_CA_ACCEPTED_H
#define TESTS_CA_ACCEPTED_H

#include "ca/profile.h"
#include "ca/violation.h"

/* Fails the test when the rule is broken; tests/rules.pl looks for this name. */
void passes(const struct violations *v, enum rule rule);

/* Fails the test when any rule is broken. */
void nothing_is_wrong(const struct violations *v);

/* The names of a request under a profile; san as OpenSSL's configuration has it, or NULL.
 */
struct violations
judge_names(const char *subject, const char *san, const struct profile *profile);

#endif
