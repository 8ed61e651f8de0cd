/* ask.h - the agent's requests to the daemon. What a refusal says is left in
 * agent->detail, whole. */
#ifndef AGENT_ASK_H
#define AGENT_ASK_H

#include <jansson.h>

#include "agent/agent.h"

/* The caller frees the answer with json_decref. */
int ask_json(struct agent *agent, const char *path, json_t **answer, struct error *err);

/* The same where a 404 is no failure: *answer is NULL then. */
int
ask_whether(struct agent *agent, const char *path, json_t **answer, struct error *err);

/* Appends the body of the answer, of this media type. */
int ask_text(struct agent *agent, const char *path, const char *accept,
    struct buffer *text, struct error *err);

struct ask_request {
	const char *method, *path;
	const char *accept;          /* NULL: JSON */
	const char *idempotency_key; /* NULL: none */
};

/* Frees body. The answer is in agent->rest->res. */
int ask_send(struct agent *agent, const struct ask_request *request, json_t *body,
    struct error *err);

#endif
