/* outcome.h - how something that was asked for ended, in counts and in the audit record.
 */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

enum outcome {
	OUTCOME_OK,
	OUTCOME_REFUSED, /* by a rule: the same request is refused again */
	OUTCOME_FAILED,  /* by this house, or its token */
};
#define OUTCOMES 3

/* "ok", "refused", "failed". */
const char *outcome_name(enum outcome outcome);

#endif
