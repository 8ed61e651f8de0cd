/* reason.c - the table of reasons. */
#include "ca/reason.h"

#include <string.h>

static const struct {
	const char *name;
	const char *refusal; /* NULL: one may revoke for it */
} reasons[] = {
	[0] = { "unspecified", NULL },
	[1] = { "key_compromise", NULL },
	[2] = { "ca_compromise", NULL },
	[3] = { "affiliation_changed", NULL },
	[4] = { "superseded", NULL },
	[5] = { "cessation_of_operation", NULL },
	[6] = { "certificate_hold",
	    "nobody could tell later whether the certificate was valid on some day; "
	    "revoke it for good, or let it be" },
	/* 7 is not used. */
	[8] = { "remove_from_crl",
	    "it belongs to certificates on hold, and there are none: a revocation is for "
	    "good" },
	[9] = { "privilege_withdrawn", NULL },
	[10] = { "aa_compromise", NULL },
};
#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

int
reason_read(const char *name, int *reason, struct error *err)
{
	for (size_t i = 0; i < REASONS; i++) {
		if (reasons[i].name == NULL || strcmp(reasons[i].name, name) != 0)
			continue;
		if (reasons[i].refusal != NULL)
			return error_set(err, ERROR_BAD_REQUEST, "reason %s: %s", name,
			    reasons[i].refusal);
		*reason = (int)i;
		return 0;
	}
	return error_set(err, ERROR_BAD_REQUEST,
	    "reason is unspecified, key_compromise, ca_compromise, affiliation_changed, "
	    "superseded, cessation_of_operation, privilege_withdrawn or aa_compromise, "
	    "not \"%.32s\"",
	    name);
}

const char *
reason_name(int reason)
{
	if (reason < 0 || (size_t)reason >= REASONS || reasons[reason].refusal != NULL)
		return NULL;
	return reasons[reason].name;
}
