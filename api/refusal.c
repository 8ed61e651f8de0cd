/* refusal.c - which answers the audit record has. */
#include "api/refusal.h"

#include <string.h>

#include "api/problem.h"

/* Who was refused for want of a right is recorded whatever it asked for; what a rule of
 * the authority refused, and what failed, where something was to be changed; what a cap
 * of a rule refused, but where a key is used: the next handshake may be refused, too, a
 * thousand times a second. */
static bool
belongs_in_the_record(
    const struct route *route, enum error_code code, enum outcome *outcome)
{
	*outcome = problem_status(code) < 500 ? OUTCOME_REFUSED : OUTCOME_FAILED;
	if (code == ERROR_FORBIDDEN || code == ERROR_UNAUTHENTICATED ||
	    code == ERROR_CREDENTIAL || code == ERROR_LOCKED_OUT)
		return true;
	if (code == ERROR_LIMITED)
		return route != NULL && (route->access & ACCESS_USE) == 0;
	if (route == NULL || strcmp(route->method, "GET") == 0 ||
	    route->access == ACCESS_PUBLIC || (route->access & ACCESS_USE) != 0)
		return false;
	return code == ERROR_REFUSED || *outcome == OUTCOME_FAILED;
}

void
refusal_record(
    const struct exchange *x, const struct route *route, const struct error *err)
{
	struct recorder_refusal refusal = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.target = x->req->target,
		.why = err->text,
		.stranger = x->req->caller->kind == CALLER_NOBODY,
	};

	if (!belongs_in_the_record(route, err->code, &refusal.outcome))
		return;
	refusal.method = route != NULL ? route->method : "-";
	refusal.path = route != NULL ? route->path : "-";
	recorder_refuse(x->api->recorder, &refusal);
}
