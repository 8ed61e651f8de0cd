/* http01.c - a web server that knows one resource. */
#include "acme/http01.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "acme/listener.h"
#include "acme/resource.h"
#include "base/text.h"

#define HEAD_MAX          4096
#define AUTHORIZATION_MAX (RESOURCE_TOKEN_MAX + 64)

struct state {
	struct listener *listener;
	pthread_mutex_t lock;
	char token[RESOURCE_TOKEN_MAX + 1]; /* "" while there is nothing to show */
	char authorization[AUTHORIZATION_MAX];
};

static void
append_answer(struct buffer *out, const char *status, const char *body)
{
	buf_printf(out,
	    "HTTP/1.1 %s\r\nContent-Type: application/octet-stream\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
	    status, strlen(body), body);
}

void
http01_answer(
    const char *head, const char *token, const char *authorization, struct buffer *out)
{
	size_t len;

	if (strncmp(head, "GET /", strlen("GET /")) != 0) {
		append_answer(out, "400 Bad Request", "");
		return;
	}
	head += strlen("GET ");
	len = strcspn(head, " \r\n");
	if (token != NULL && token[0] != '\0' &&
	    len == strlen(HTTP01_PATH) + strlen(token) &&
	    strncmp(head, HTTP01_PATH, strlen(HTTP01_PATH)) == 0 &&
	    strncmp(head + strlen(HTTP01_PATH), token, strlen(token)) == 0)
		append_answer(out, "200 OK", authorization);
	else
		append_answer(out, "404 Not Found", "");
}

/* Until the empty line behind the head; false when none comes. */
static bool
read_head(int fd, char head[static HEAD_MAX], int64_t deadline_ms)
{
	size_t len = 0;
	ssize_t n;

	while (len < HEAD_MAX - 1 && listener_wait(fd, false, deadline_ms)) {
		n = recv(fd, head + len, HEAD_MAX - 1 - len, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return false;
		len += (size_t)n;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n") != NULL)
			return true;
	}
	return false;
}

static void
send_all(int fd, struct bytes data, int64_t deadline_ms)
{
	while (data.len > 0 && listener_wait(fd, true, deadline_ms)) {
		ssize_t n = send(fd, data.data, data.len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return;
		if (n > 0) {
			data.data += n;
			data.len -= (size_t)n;
		}
	}
}

static void
serve(void *ctx, int fd, int64_t deadline_ms)
{
	struct state *state = ctx;
	char head[HEAD_MAX];
	struct buffer out;

	if (!read_head(fd, head, deadline_ms))
		return;
	buf_init(&out, 0);
	pthread_mutex_lock(&state->lock);
	http01_answer(head, state->token, state->authorization, &out);
	pthread_mutex_unlock(&state->lock);
	send_all(fd, buf_bytes(&out), deadline_ms);
	shutdown(fd, SHUT_WR);
	buf_free(&out);
}

static void
close_state(void *ctx)
{
	struct state *state = ctx;

	if (state == NULL)
		return;
	listener_close(state->listener);
	pthread_mutex_destroy(&state->lock);
	free(state);
}

static int
open_state(const struct acme_challenge *how, const struct acme_key *key, void **out,
    struct error *err)
{
	struct state *state = calloc(1, sizeof(*state));
	const struct listener_service service = { serve, state };

	(void)key;
	if (state == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	pthread_mutex_init(&state->lock, NULL);
	if (listener_open(how->listen, "80", &service, &state->listener, err) != 0) {
		close_state(state);
		return -1;
	}
	*out = state;
	return 0;
}

static int
show(const struct acme_challenge *how, void *ctx, const struct proof *proof,
    struct buffer *say, struct error *err)
{
	struct state *state = ctx;
	int rc;

	(void)how;
	(void)say;
	pthread_mutex_lock(&state->lock);
	rc = text_copy(state->token, sizeof(state->token), proof->token);
	if (rc == 0)
		rc = text_copy(state->authorization, sizeof(state->authorization),
		    proof->authorization);
	pthread_mutex_unlock(&state->lock);
	return rc == 0 ? 0 : error_set(err, ERROR_INTERNAL, "a token that is too long");
}

static void
hide(const struct acme_challenge *how, void *ctx, const struct proof *proof)
{
	struct state *state = ctx;

	(void)how;
	(void)proof;
	pthread_mutex_lock(&state->lock);
	state->token[0] = '\0';
	pthread_mutex_unlock(&state->lock);
}

const struct solver http01_listen = { open_state, show, hide, close_state };
