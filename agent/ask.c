/* ask.c - requests, and why one was refused. */
#include "agent/ask.h"

#include "rest/problem.h"
#include "rest/rest.h"

/* "san-required names: no subject alternative name", one a line. */
static void
keep_violations(struct agent *agent, const json_t *problem)
{
	const json_t *violation;
	size_t i;

	json_array_foreach (json_object_get(problem, "violations"), i, violation)
		buf_printf(&agent->detail, "%s %s: %s\n", problem_text(violation, "rule"),
		    problem_text(violation, "field"), problem_text(violation, "detail"));
}

static int
check(struct agent *agent, const char *path, struct error *err)
{
	json_t *problem;

	if (rest_check(agent->rest, path, err) == 0)
		return 0;
	problem = problem_read(&agent->rest->res);
	keep_violations(agent, problem);
	json_decref(problem);
	return -1;
}

static int
get(struct agent *agent, const char *path, const char *accept, struct error *err)
{
	const struct client_request req = {
		.method = "GET", .path = path, .accept = accept, .repeatable = true
	};

	buf_reset(&agent->detail);
	return rest_call(agent->rest, &req, err);
}

int
ask_json(struct agent *agent, const char *path, json_t **answer, struct error *err)
{
	if (get(agent, path, TYPE_JSON, err) != 0 || check(agent, path, err) != 0)
		return -1;
	return rest_answer(agent->rest, answer, err);
}

int
ask_whether(struct agent *agent, const char *path, json_t **answer, struct error *err)
{
	*answer = NULL;
	if (get(agent, path, TYPE_JSON, err) != 0)
		return -1;
	if (agent->rest->res.status == 404)
		return 0;
	if (check(agent, path, err) != 0)
		return -1;
	return rest_answer(agent->rest, answer, err);
}

int
ask_text(struct agent *agent, const char *path, const char *accept, struct buffer *text,
    struct error *err)
{
	if (get(agent, path, accept, err) != 0 || check(agent, path, err) != 0)
		return -1;
	buf_append(text, agent->rest->res.body.data, agent->rest->res.body.len);
	return buf_failed(text) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

int
ask_send(struct agent *agent, const struct ask_request *request, json_t *body,
    struct error *err)
{
	struct client_request req = { .method = request->method,
		.path = request->path,
		.accept = request->accept != NULL ? request->accept : TYPE_JSON };
	struct buffer field;
	int rc;

	buf_init(&field, 0);
	buf_reset(&agent->detail);
	if (request->idempotency_key != NULL) {
		buf_printf(&field, "Idempotency-Key: %s", request->idempotency_key);
		req.condition = buf_string(&field);
		req.repeatable = true;
	}
	rc = rest_send(agent->rest, &req, body, err);
	buf_free(&field);
	return rc == 0 ? check(agent, request->path, err) : rc;
}
