/* calendar.c - the Baseline Requirements' calendar, as a remark and not as a rule. */
#include "ca/calendar.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "ca/publicsuffix.h"

#define DAY_S         INT64_C(86400)
#define NAME_MAX_SIZE 254 /* of a DNS name, and a NUL */

static const struct {
	int64_t from; /* midnight, UTC */
	int64_t days;
} steps[] = {
	{ INT64_C(1868227200), 47 },  /* 2029-03-15 */
	{ INT64_C(1805068800), 100 }, /* 2027-03-15 */
	{ INT64_C(1773532800), 200 }, /* 2026-03-15 */
	{ INT64_MIN, 398 },
};

int64_t
calendar_longest_s(int64_t issued)
{
	size_t i = 0;

	while (issued < steps[i].from)
		i++;
	return steps[i].days * DAY_S;
}

static bool
is_for_servers(const struct profile *profile)
{
	for (const char *const *eku = profile->ekus; eku != NULL && *eku != NULL; eku++)
		if (strcmp(*eku, "serverAuth") == 0)
			return true;
	return false;
}

static bool
looks_public(const GENERAL_NAME *name)
{
	char text[NAME_MAX_SIZE];
	size_t len;

	if (name->type != GEN_DNS)
		return false;
	len = (size_t)ASN1_STRING_length(name->d.dNSName);
	if (len >= sizeof(text))
		return false;
	memcpy(text, ASN1_STRING_get0_data(name->d.dNSName), len);
	text[len] = '\0';
	return publicsuffix_knows_top(text);
}

void
calendar_warn(const struct profile *profile, const GENERAL_NAMES *names,
    const struct validity *validity, struct warnings *w)
{
	int64_t length_s = validity->not_after - validity->not_before + 1;
	int64_t issued = validity->not_before + profile->backdate_s;
	int64_t longest_s = calendar_longest_s(issued);

	if (!is_for_servers(profile) || length_s <= longest_s)
		return;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (!looks_public(sk_GENERAL_NAME_value(names, i)))
			return;
	warnings_add(w,
	    "%" PRId64 " days are more than the %" PRId64
	    " that public authorities give now (BR 6.3.2)",
	    (length_s + DAY_S - 1) / DAY_S, longest_s / DAY_S);
}
