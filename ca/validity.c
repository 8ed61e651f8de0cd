/* validity.c - the ends of a certificate's life. */
#include "ca/validity.h"

#include <inttypes.h>

#define FIELD "validity_seconds"

static bool
may_shorten(const struct profile *profile, int64_t wanted_s)
{
	return profile->beyond_issuer == BEYOND_ISSUER_TRUNCATE ||
	       (profile->beyond_issuer == BEYOND_ISSUER_TRUNCATE_DEFAULT &&
		   wanted_s == 0);
}

static void
fit_into_issuer(bool shortens, int64_t now, const struct validity *issuer,
    struct validity *validity, struct violations *v)
{
	if (validity->not_before < issuer->not_before)
		validity->not_before = issuer->not_before;
	if (issuer->not_after < now)
		violations_add(
		    v, RULE_VALIDITY_BEYOND_ISSUER, FIELD, "the issuer has expired");
	else if (validity->not_after > issuer->not_after && !shortens)
		violations_add(v, RULE_VALIDITY_BEYOND_ISSUER, FIELD,
		    "the issuer expires %" PRId64 " seconds earlier",
		    validity->not_after - issuer->not_after);
	if (validity->not_after > issuer->not_after)
		validity->not_after = issuer->not_after;
}

void
validity_choose(const struct profile *profile, int64_t wanted_s, int64_t now,
    const struct validity *issuer, struct validity *validity, struct violations *v)
{
	int64_t length_s = wanted_s != 0 ? wanted_s : profile->default_validity_s;

	if (length_s < 1 || length_s > profile->max_validity_s) {
		violations_add(v, RULE_VALIDITY_RANGE, FIELD,
		    "%" PRId64 "; the profile %s allows 1 to %" PRId64, length_s,
		    profile->name, profile->max_validity_s);
		length_s = profile->default_validity_s;
	}
	validity->not_before = now - profile->backdate_s;
	validity->not_after = now + length_s - 1;
	if (issuer != NULL)
		fit_into_issuer(may_shorten(profile, wanted_s), now, issuer, validity, v);
}
