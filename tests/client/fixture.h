/* fixture.h - a client, its two calls, and a server that says which connection it used.
 */
#ifndef TESTS_CLIENT_FIXTURE_H
#define TESTS_CLIENT_FIXTURE_H

#include "client/client.h"
#include "tests/support/fake_server.h"

#define ANSWER_MAX 1048576

/* Must succeed; the caller frees with client_free. */
struct client *new_client(const char *sockets, int answer_timeout_ms);

/* Posts text to /v1/echo, which may be repeated. */
int post(struct client *client, const char *body, struct client_response *res,
    struct error *err);

/* Of a server that replies with it: the connection that carried the call, or -1. */
int call(struct client *client, struct error *err);

void reply_with_connection(struct fake_request *req);

/* A handler: replies with the connection and keeps it. */
enum fake_action keeps(void *ctx, struct fake_request *req);

#endif
