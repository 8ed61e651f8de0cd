/* test_connection.c - connections: opened, kept, replaced, lost and timed out. */
#include "client/connection.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "client/sockets.h"
#include "tests/client/fixture.h"

#define TIMEOUT_MS 1000 /* calls that are answered have it, too */
#define SHORT_MS   150  /* where nothing is */

/* A listener without a server: name may be abstract. */
static int
listen_on(const char *name, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static const char *
abstract_name(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "@keyhold-test-%d", (int)getpid());
	return name;
}

static int
open_connection(struct connection **conn, struct error *err)
{
	struct connection_options options = { .socket = abstract_name(),
		.process = 1,
		.connect_timeout_ms = SHORT_MS,
		.answer_timeout_ms = 2 * SHORT_MS };

	return connection_open(&options, conn, err);
}

static void
opens_a_descriptor_that_exec_closes(void **state)
{
	int listener = listen_on(abstract_name(), 1);
	struct connection *conn = NULL;
	struct error err;

	(void)state;
	assert_int_equal(open_connection(&conn, &err), 0);
	assert_true(fcntl(conn->fd, F_GETFD) & FD_CLOEXEC);
	connection_free(conn);
	close(listener);
}

static void
opens_a_descriptor_that_waits_by_itself_for_an_answer(void **state)
{
	int listener = listen_on(abstract_name(), 1);
	struct connection *conn = NULL;
	struct timeval wait = { 0 };
	socklen_t len = sizeof(wait);
	struct error err;

	(void)state;
	assert_int_equal(open_connection(&conn, &err), 0);
	assert_false(fcntl(conn->fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(getsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, &len), 0);
	/* The kernel rounds up to its tick. */
	assert_int_equal(wait.tv_sec, 0);
	assert_in_range(wait.tv_usec, 2000 * SHORT_MS, 2000 * SHORT_MS + 10000);
	connection_free(conn);
	close(listener);
}

static void
gives_up_on_a_full_backlog(void **state)
{
	int listener = listen_on(abstract_name(), 0);
	struct connection *first = NULL, *second = NULL;
	int64_t start = clock_mono_ms();
	struct error err;

	(void)state;
	assert_int_equal(open_connection(&first, &err), 0);
	assert_int_equal(open_connection(&second, &err), -1);
	assert_int_equal(err.code, ERROR_TIMEOUT);
	assert_true(clock_mono_ms() - start >= SHORT_MS);
	assert_null(second);
	connection_free(first);
	close(listener);
}

static void
uses_a_connection_again(void **state)
{
	struct fake_server *server = fake_server_start(keeps, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct error err;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(call(client, &err), 1);
	assert_int_equal(fake_server_connections(server), 1);
	client_free(client);
	fake_server_stop(server);
}

static void
closes_a_connection_that_is_not_to_be_kept(void **state)
{
	struct fake_server *server = fake_server_start(keeps, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct client_request last = {
		.method = "GET", .path = "/v1/keys", .repeatable = true, .close = true
	};
	struct client_response res;
	struct error err;

	(void)state;
	client_response_init(&res, ANSWER_MAX);
	for (int i = 0; i < 3; i++)
		assert_int_equal(client_call(client, &last, &res, &err), 0);
	assert_int_equal(fake_server_connections(server), 3);
	client_response_free(&res);
	client_free(client);
	fake_server_stop(server);
}

static enum fake_action
closes_after_each(void *ctx, struct fake_request *req)
{
	(void)ctx;
	reply_with_connection(req);
	return FAKE_CLOSE;
}

static void
replaces_a_connection_that_was_closed_while_idle(void **state)
{
	struct fake_server *server = fake_server_start(closes_after_each, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct error err;

	(void)state;
	for (int i = 1; i <= 3; i++)
		assert_int_equal(call(client, &err), i);
	client_free(client);
	fake_server_stop(server);
}

static enum fake_action
hangs_up_on_the_second(void *ctx, struct fake_request *req)
{
	(void)ctx;
	if (req->number == 2)
		return FAKE_CLOSE;
	reply_with_connection(req);
	return FAKE_KEEP;
}

static void
tries_again_when_a_kept_connection_dies_unanswered(void **state)
{
	struct fake_server *server = fake_server_start(hangs_up_on_the_second, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), 1);
	assert_int_equal(call(client, &err), 2);
	client_free(client);
	fake_server_stop(server);
}

static void
does_not_put_at_risk_what_must_not_be_done_twice(void **state)
{
	struct fake_server *server = fake_server_start(hangs_up_on_the_second, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct client_request once = { .method = "POST", .path = "/v1/keys" };
	struct client_response res;
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), 1);
	client_response_init(&res, ANSWER_MAX);
	assert_int_equal(client_call(client, &once, &res, &err), -1);
	assert_int_equal(fake_server_connections(server), 2);
	client_response_free(&res);
	client_free(client);
	fake_server_stop(server);
}

static enum fake_action
breaks_off_the_second(void *ctx, struct fake_request *req)
{
	(void)ctx;
	if (req->number != 2) {
		reply_with_connection(req);
		return FAKE_KEEP;
	}
	buf_text(&req->reply, "HTTP/1.1 20");
	return FAKE_CLOSE;
}

static void
does_not_try_again_in_the_middle_of_an_answer(void **state)
{
	struct fake_server *server = fake_server_start(breaks_off_the_second, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), 1);
	assert_int_equal(call(client, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "in the middle"));
	assert_int_equal(fake_server_connections(server), 1);
	client_free(client);
	fake_server_stop(server);
}

static enum fake_action
hangs_on_the_second(void *ctx, struct fake_request *req)
{
	(void)ctx;
	if (req->number == 2)
		return FAKE_HANG;
	reply_with_connection(req);
	return FAKE_KEEP;
}

static void
gives_up_at_the_deadline_and_does_not_try_again(void **state)
{
	struct fake_server *server = fake_server_start(hangs_on_the_second, NULL);
	struct client *client = new_client(fake_server_socket(server), TIMEOUT_MS);
	int64_t start, took;
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), 1);
	start = clock_mono_ms();
	assert_int_equal(call(client, &err), -1);
	took = clock_mono_ms() - start;
	assert_int_equal(err.code, ERROR_TIMEOUT);
	assert_in_range(took, TIMEOUT_MS - 1, TIMEOUT_MS + 20000);
	assert_int_equal(fake_server_connections(server), 1);
	/* The socket rests meanwhile (test_failover.c). */
	usleep((SOCKETS_REST_MS + 50) * 1000);
	/* The late answer must not be taken for the next one: a new connection. */
	assert_int_equal(call(client, &err), 2);
	client_free(client);
	fake_server_stop(server);
}

static enum fake_action
dribbles(void *ctx, struct fake_request *req)
{
	(void)ctx;
	buf_text(&req->reply, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
	return FAKE_HANG;
}

static void
gives_up_in_the_middle_of_an_answer(void **state)
{
	struct fake_server *server = fake_server_start(dribbles, NULL);
	struct client *client = new_client(fake_server_socket(server), TIMEOUT_MS);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), -1);
	assert_int_equal(err.code, ERROR_TIMEOUT);
	client_free(client);
	fake_server_stop(server);
}

static void
ignore(int number)
{
	(void)number;
}

/* Each would start the socket's own timeout anew. */
static void
keeps_its_deadline_among_signals(void **state)
{
	struct fake_server *server = fake_server_start(dribbles, NULL);
	struct client *client = new_client(fake_server_socket(server), 3 * SHORT_MS);
	struct sigaction action = { .sa_handler = ignore }, before;
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { 0 };
	int64_t start = clock_mono_ms();
	struct error err;

	(void)state;
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	assert_int_equal(call(client, &err), -1);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	assert_int_equal(err.code, ERROR_TIMEOUT);
	assert_in_range(clock_mono_ms() - start, 3 * SHORT_MS - 1, 3 * SHORT_MS + 20000);
	client_free(client);
	fake_server_stop(server);
}

static enum fake_action
says_too_much(void *ctx, struct fake_request *req)
{
	(void)ctx;
	reply_with_connection(req);
	fake_reply(req, 200, "text/plain", "99");
	return FAKE_KEEP;
}

static void
drops_a_connection_with_unasked_bytes(void **state)
{
	struct fake_server *server = fake_server_start(says_too_much, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), 1);
	assert_int_equal(call(client, &err), 2);
	client_free(client);
	fake_server_stop(server);
}

static enum fake_action
speaks_another_protocol(void *ctx, struct fake_request *req)
{
	(void)ctx;
	buf_text(&req->reply, "220 mail.example ESMTP\r\n");
	return FAKE_HANG;
}

static void
recognises_an_answer_that_is_not_http(void **state)
{
	struct fake_server *server = fake_server_start(speaks_another_protocol, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_non_null(strstr(err.text, fake_server_socket(server)));
	client_free(client);
	fake_server_stop(server);
}

/* Answers before reading, as a server does that knows from the head that it will refuse.
 */
static void *
refuse_early(void *arg)
{
	static const char reply[] =
	    "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig";
	int fd = accept(*(int *)arg, NULL, NULL);

	if (send(fd, reply, strlen(reply), MSG_NOSIGNAL) < 0)
		perror("send");
	close(fd);
	return NULL;
}

static void
reads_a_refusal_that_comes_before_all_is_sent(void **state)
{
	int listener = listen_on(abstract_name(), 4);
	struct client *client = new_client(abstract_name(), 5000);
	char *body = malloc(ANSWER_MAX);
	struct client_response res;
	struct error err;
	pthread_t thread;

	(void)state;
	assert_non_null(body);
	memset(body, 'b', ANSWER_MAX - 1);
	body[ANSWER_MAX - 1] = '\0';
	client_response_init(&res, ANSWER_MAX);
	assert_int_equal(pthread_create(&thread, NULL, refuse_early, &listener), 0);
	assert_int_equal(post(client, body, &res, &err), 0);
	assert_int_equal(res.status, 413);
	assert_string_equal(buf_string(&res.body), "big");
	pthread_join(thread, NULL);
	client_response_free(&res);
	client_free(client);
	close(listener);
	free(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_a_descriptor_that_exec_closes),
		cmocka_unit_test(opens_a_descriptor_that_waits_by_itself_for_an_answer),
		cmocka_unit_test(gives_up_on_a_full_backlog),
		cmocka_unit_test(uses_a_connection_again),
		cmocka_unit_test(closes_a_connection_that_is_not_to_be_kept),
		cmocka_unit_test(replaces_a_connection_that_was_closed_while_idle),
		cmocka_unit_test(tries_again_when_a_kept_connection_dies_unanswered),
		cmocka_unit_test(does_not_put_at_risk_what_must_not_be_done_twice),
		cmocka_unit_test(does_not_try_again_in_the_middle_of_an_answer),
		cmocka_unit_test(gives_up_at_the_deadline_and_does_not_try_again),
		cmocka_unit_test(gives_up_in_the_middle_of_an_answer),
		cmocka_unit_test(keeps_its_deadline_among_signals),
		cmocka_unit_test(drops_a_connection_with_unasked_bytes),
		cmocka_unit_test(recognises_an_answer_that_is_not_http),
		cmocka_unit_test(reads_a_refusal_that_comes_before_all_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
