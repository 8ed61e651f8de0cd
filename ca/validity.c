/* validity.c - the ends of a certificate's life. */
#include "ca/validity.h"

#include <inttypes.h>
#include <stdio.h>

#define FIELD "validity_seconds"

#define DAY_S       INT64_C(86400)
#define LENGTH_SIZE 64

/* People count in days. */
static void
length_text(char text[static LENGTH_SIZE], int64_t length_s)
{
	if (length_s < DAY_S)
		snprintf(text, LENGTH_SIZE, "%" PRId64, length_s);
	else
		snprintf(text, LENGTH_SIZE, "%" PRId64 " (%s%" PRId64 " days)", length_s,
		    length_s % DAY_S != 0 ? "more than " : "", length_s / DAY_S);
}

static void
refuse_length(const struct profile *profile, int64_t length_s, struct violations *v)
{
	char length[LENGTH_SIZE], most[LENGTH_SIZE];

	length_text(length, length_s);
	length_text(most, profile->max_validity_s);
	violations_add(v, RULE_VALIDITY_RANGE, FIELD, "%s; the profile %s allows 1 to %s",
	    length, profile->name, most);
}

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
		refuse_length(profile, length_s, v);
		length_s = profile->default_validity_s;
	}
	validity->not_before = now - profile->backdate_s;
	validity->not_after = now + length_s - 1;
	if (issuer != NULL)
		fit_into_issuer(may_shorten(profile, wanted_s), now, issuer, validity, v);
}
