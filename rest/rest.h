/*
 * rest.h - calls to keyholdd's HTTP interface, whose bodies are mostly JSON. The answer
 * is left in rest->res until the next call, whatever its status.
 */
#ifndef REST_REST_H
#define REST_REST_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/error.h"
#include "base/secret.h"
#include "client/client.h"

#define TYPE_JSON  "application/json"
#define TYPE_PEM   "application/x-pem-file"
#define TYPE_CHAIN "application/pem-certificate-chain"

struct rest {
	struct client *client;      /* NULL before rest_connect */
	struct secret *token;       /* the bearer token to come with, or NULL */
	struct client_response res; /* the last answer */
};

/* max_bytes bounds the body of an answer. */
void rest_init(struct rest *rest, size_t max_bytes);
void rest_clear(struct rest *rest);

/* May be called again, for other sockets or timeouts. */
int
rest_connect(struct rest *rest, const struct client_options *options, struct error *err);

/* With the token; -1 when no answer came. */
int rest_call(struct rest *rest, const struct client_request *req, struct error *err);

/* The same with a body in JSON, which it frees; NULL stands for one that could not be
 * made. */
int rest_send(
    struct rest *rest, const struct client_request *req, json_t *body, struct error *err);

/* Whether the answer is a 2xx. */
bool rest_succeeded(const struct rest *rest);

/* After an answer to a request for path: 0 for a 2xx, else -1 and what its problem
 * document says. */
int rest_check(const struct rest *rest, const char *path, struct error *err);

/* Reads the answer as a JSON object; the caller frees with json_decref. */
int rest_answer(const struct rest *rest, json_t **answer, struct error *err);

#endif
