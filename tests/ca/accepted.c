/* accepted.c - verdicts that must be good. */
#include "tests/ca/accepted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ca/csr.h"
#include "ca/identity.h"
#include "tests/ca/support.h"

void
passes(const struct violations *v, enum rule rule)
{
	if (breaks(v, rule))
		fail_msg("%s", rule_info(rule)->name);
}

void
nothing_is_wrong(const struct violations *v)
{
	if (v->count > 0)
		fail_msg("%s: %s", v->items[0].rule, v->items[0].detail);
}

struct violations
judge_names(const char *subject, const char *san, const struct profile *profile)
{
	EVP_PKEY *key = ec_key("P-256");
	struct csr csr = { .req = request_new(key, subject) };
	struct identity identity = { 0 };
	struct violations v = { 0 };
	struct warnings w = { 0 };

	if (san != NULL)
		request_extension(&csr.extensions, "subjectAltName", san);
	assert_int_equal(identity_read(&csr, profile, &identity, &w, &v, NULL), 0);
	identity_clear(&identity);
	csr_clear(&csr);
	EVP_PKEY_free(key);
	return v;
}
