/* problem.c - a problem document's status and text. */
#include "rest/problem.h"

static const struct {
	int status;
	enum error_code code;
} codes[] = {
	{ 400, ERROR_BAD_REQUEST },
	{ 401, ERROR_CREDENTIAL },
	{ 403, ERROR_FORBIDDEN },
	{ 404, ERROR_NOT_FOUND },
	{ 406, ERROR_UNACCEPTABLE },
	{ 409, ERROR_CONFLICT },
	{ 412, ERROR_PRECONDITION },
	{ 413, ERROR_TOO_LARGE },
	{ 415, ERROR_UNSUPPORTED },
	{ 422, ERROR_REFUSED },
	{ 429, ERROR_LIMITED },
	{ 503, ERROR_BUSY },
};

static enum error_code
code_of(int status)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return status >= 400 && status < 500 ? ERROR_BAD_REQUEST : ERROR_INTERNAL;
}

json_t *
problem_read(const struct client_response *res)
{
	return json_loadb(buf_string(&res->body), res->body.len, 0, NULL);
}

const char *
problem_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL ? text : "";
}

/* The list of broken rules says more than the daemon's own detail. */
void
problem_summarise(const json_t *problem, int status, const char *path, struct error *err)
{
	size_t broken = json_array_size(json_object_get(problem, "violations"));
	const char *detail = problem_text(problem, "detail");
	const char *text = *detail != '\0' ? detail : problem_text(problem, "title");

	if (broken > 0)
		error_set(err, code_of(status), "refused: %zu %s broken", broken,
		    broken == 1 ? "rule is" : "rules are");
	else if (*text != '\0')
		error_set(err, code_of(status), "%s", text);
	else
		error_set(
		    err, code_of(status), "keyholdd answered %d to %s", status, path);
}
