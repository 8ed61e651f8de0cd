/* outcome.c - the names of outcomes. */
#include "base/outcome.h"

static const char *const names[OUTCOMES] = {
	[OUTCOME_OK] = "ok",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_FAILED] = "failed",
};

const char *
outcome_name(enum outcome outcome)
{
	return names[outcome];
}
