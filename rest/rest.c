/* rest.c - one request with its token and its JSON, and what came back. */
#include "rest/rest.h"

#include <stdlib.h>
#include <string.h>

#include "rest/problem.h"

void
rest_init(struct rest *rest, size_t max_bytes)
{
	rest->client = NULL;
	rest->token = NULL;
	client_response_init(&rest->res, max_bytes);
}

void
rest_clear(struct rest *rest)
{
	client_response_free(&rest->res);
	client_free(rest->client);
	secret_free(rest->token);
}

int
rest_connect(struct rest *rest, const struct client_options *options, struct error *err)
{
	client_free(rest->client);
	rest->client = NULL;
	return client_new(options, &rest->client, err);
}

int
rest_call(struct rest *rest, const struct client_request *req, struct error *err)
{
	struct client_request with_token = *req;

	with_token.bearer = rest->token != NULL ? secret_text(rest->token) : NULL;
	return client_call(rest->client, &with_token, &rest->res, err);
}

int
rest_send(
    struct rest *rest, const struct client_request *req, json_t *body, struct error *err)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct client_request with_body = *req;
	int rc;

	json_decref(body);
	if (text == NULL)
		return error_set(err, ERROR_INTERNAL, "cannot write the request's JSON");
	with_body.content_type = TYPE_JSON;
	with_body.body = (struct bytes){ (const unsigned char *)text, strlen(text) };
	rc = rest_call(rest, &with_body, err);
	free(text);
	return rc;
}

bool
rest_succeeded(const struct rest *rest)
{
	return rest->res.status >= 200 && rest->res.status <= 299;
}

int
rest_check(const struct rest *rest, const char *path, struct error *err)
{
	json_t *problem;

	if (rest_succeeded(rest))
		return 0;
	problem = problem_read(&rest->res);
	problem_summarise(problem, rest->res.status, path, err);
	json_decref(problem);
	return -1;
}

int
rest_answer(const struct rest *rest, json_t **answer, struct error *err)
{
	json_t *value = json_loadb(buf_string(&rest->res.body), rest->res.body.len,
	    JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(value)) {
		json_decref(value);
		return error_set(err, ERROR_INTERNAL,
		    "keyholdd's answer (%s) is not the JSON expected; are its version "
		    "and this "
		    "one, " KEYHOLD_VERSION ", the same?",
		    rest->res.content_type);
	}
	*answer = value;
	return 0;
}
