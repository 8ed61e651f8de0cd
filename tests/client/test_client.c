/* test_client.c - connections: kept, lost, timed out, forked and shared between threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "client/client.h"
#include "client/connection.h"
#include "tests/support/fake_server.h"

#define ANSWER_MAX 1048576
#define TIMEOUT_MS 150
#define THREADS    8
#define CALLS      200

static struct client *
new_client(const char *sockets, int answer_timeout_ms)
{
	struct client_options options = { .sockets = sockets,
		.connect_timeout_ms = TIMEOUT_MS,
		.answer_timeout_ms = answer_timeout_ms };
	struct client *client = NULL;
	struct error err = { 0 };

	assert_int_equal(client_new(&options, &client, &err), 0);
	return client;
}

static int
post(struct client *client, const char *body, struct client_response *res,
    struct error *err)
{
	struct client_request req = { .method = "POST",
		.path = "/v1/echo",
		.content_type = "text/plain",
		.body = { (const unsigned char *)body, strlen(body) },
		.repeatable = true };

	return client_call(client, &req, res, err);
}

/* The number of the connection that carried the call, or -1. */
static int
call(struct client *client, struct error *err)
{
	struct client_request req = {
		.method = "GET", .path = "/v1/keys", .repeatable = true
	};
	struct client_response res;
	int number = -1;

	client_response_init(&res, ANSWER_MAX);
	if (client_call(client, &req, &res, err) == 0)
		number = (int)strtol(buf_string(&res.body), NULL, 10);
	client_response_free(&res);
	return number;
}

static void
reply_with_connection(struct fake_request *req)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", req->connection);
	fake_reply(req, 200, "text/plain", number);
}

static enum fake_action
keeps(void *ctx, struct fake_request *req)
{
	(void)ctx;
	reply_with_connection(req);
	return FAKE_KEEP;
}

static enum fake_action
echoes(void *ctx, struct fake_request *req)
{
	(void)ctx;
	fake_reply(req, 200, "text/plain", req->body);
	return FAKE_KEEP;
}

static void
sends_the_request_as_http(void **state)
{
	struct fake_server *server = fake_server_start(echoes, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct client_response res;
	struct error err;

	(void)state;
	client_response_init(&res, ANSWER_MAX);
	assert_int_equal(post(client, "hello", &res, &err), 0);
	assert_int_equal(res.status, 200);
	assert_string_equal(buf_string(&res.body), "hello");
	assert_true(fake_server_saw(server,
	    "POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
	    "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"));
	client_response_free(&res);
	client_free(client);
	fake_server_stop(server);
}

static void
carries_bodies_larger_than_the_socket_buffer(void **state)
{
	struct fake_server *server = fake_server_start(echoes, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	size_t len = 900000;
	char *body = malloc(len + 1);
	struct client_response res;
	struct error err;

	(void)state;
	assert_non_null(body);
	memset(body, 'b', len);
	body[len] = '\0';
	client_response_init(&res, ANSWER_MAX);
	assert_int_equal(post(client, body, &res, &err), 0);
	assert_string_equal(buf_string(&res.body), body);
	client_response_free(&res);
	client_free(client);
	fake_server_stop(server);
	free(body);
}

static void
refuses_a_request_that_would_forge_a_header(void **state)
{
	struct client *client = new_client("/nonexistent", 1000);
	struct client_request req = { .method = "GET", .path = "/a HTTP/1.1\r\nX: y" };
	struct client_response res;
	struct error err;

	(void)state;
	client_response_init(&res, ANSWER_MAX);
	assert_int_equal(client_call(client, &req, &res, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	req.path = "/a";
	req.accept = "b\nc";
	assert_int_equal(client_call(client, &req, &res, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	client_response_free(&res);
	client_free(client);
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

static enum fake_action
hangs_up_at_once(void *ctx, struct fake_request *req)
{
	(void)ctx;
	(void)req;
	return FAKE_CLOSE;
}

static void
does_not_try_again_on_a_new_connection(void **state)
{
	struct fake_server *server = fake_server_start(hangs_up_at_once, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "closed the connection without an answer"));
	assert_non_null(strstr(err.text, fake_server_socket(server)));
	assert_int_equal(fake_server_connections(server), 1);
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
	assert_in_range(took, TIMEOUT_MS - 1, TIMEOUT_MS + 2000);
	assert_int_equal(fake_server_connections(server), 1);
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

static void
tries_the_sockets_of_a_list_in_order(void **state)
{
	struct fake_server *server = fake_server_start(keeps, NULL);
	struct client *client;
	struct error err;
	char list[128];

	(void)state;
	snprintf(list, sizeof(list), "/nonexistent/a,%s", fake_server_socket(server));
	client = new_client(list, 5000);
	assert_int_equal(call(client, &err), 1);
	client_free(client);
	fake_server_stop(server);
}

static void
names_every_socket_it_could_not_reach(void **state)
{
	struct client *client = new_client("/nonexistent/a", 1000);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_string_equal(err.text,
	    "cannot reach keyholdd at /nonexistent/a: No such file or directory");
	client_free(client);

	client = new_client("/nonexistent/a,/tmp", 1000);
	assert_int_equal(call(client, &err), -1);
	assert_string_equal(err.text,
	    "cannot reach keyholdd at /nonexistent/a: No such file or directory; "
	    "/tmp: Connection refused");
	client_free(client);
}

static void
refuses_options_that_make_no_sense(void **state)
{
	struct client_options options = {
		.sockets = "/a,,/b", .connect_timeout_ms = 1, .answer_timeout_ms = 1
	};
	struct client *client = NULL;
	struct error err;
	char path[200];

	(void)state;
	assert_int_equal(client_new(&options, &client, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	options.sockets = path;
	assert_int_equal(client_new(&options, &client, &err), -1);
	options.sockets = "1,2,3,4,5,6,7,8,9";
	assert_int_equal(client_new(&options, &client, &err), -1);
	options.sockets = "/a";
	options.answer_timeout_ms = 0;
	assert_int_equal(client_new(&options, &client, &err), -1);
	assert_null(client);
}

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

static void
opens_a_descriptor_that_exec_closes(void **state)
{
	int listener = listen_on(abstract_name(), 1);
	struct connection *conn = NULL;
	struct error err;

	(void)state;
	assert_int_equal(connection_open(abstract_name(), TIMEOUT_MS, &conn, &err), 0);
	assert_true(fcntl(conn->fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(conn->fd, F_GETFL) & O_NONBLOCK);
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
	assert_int_equal(connection_open(abstract_name(), TIMEOUT_MS, &first, &err), 0);
	assert_int_equal(connection_open(abstract_name(), TIMEOUT_MS, &second, &err), -1);
	assert_int_equal(err.code, ERROR_TIMEOUT);
	assert_true(clock_mono_ms() - start >= TIMEOUT_MS);
	assert_null(second);
	connection_free(first);
	close(listener);
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

static void
does_not_use_its_parents_connection_after_a_fork(void **state)
{
	struct fake_server *server = fake_server_start(keeps, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct error err;
	int status = 0;
	pid_t child;

	(void)state;
	assert_int_equal(call(client, &err), 1);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int first = call(client, &err), second = call(client, &err);

		client_free(client);
		_exit(first == 2 && second == 2 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* And the child, which closed its copy, has not closed ours. */
	assert_int_equal(call(client, &err), 1);
	client_free(client);
	fake_server_stop(server);
}

struct caller {
	struct client *client;
	int number;
	int wrong;
	pthread_t thread;
};

static void *
call_many_times(void *arg)
{
	struct caller *caller = arg;
	struct client_response res;
	struct error err;
	char body[32];

	client_response_init(&res, ANSWER_MAX);
	for (int i = 0; i < CALLS; i++) {
		snprintf(body, sizeof(body), "%d-%d", caller->number, i);
		if (post(caller->client, body, &res, &err) != 0 ||
		    strcmp(buf_string(&res.body), body) != 0)
			caller->wrong++;
	}
	client_response_free(&res);
	return NULL;
}

static void
gives_each_thread_its_own_answers(void **state)
{
	struct fake_server *server = fake_server_start(echoes, NULL);
	struct client *client = new_client(fake_server_socket(server), 20000);
	struct caller callers[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){ .client = client, .number = i };
		assert_int_equal(pthread_create(&callers[i].thread, NULL, call_many_times,
				     &callers[i]),
		    0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(callers[i].thread, NULL);
		assert_int_equal(callers[i].wrong, 0);
	}
	assert_in_range(fake_server_connections(server), 1, THREADS);
	client_free(client);
	fake_server_stop(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_the_request_as_http),
		cmocka_unit_test(carries_bodies_larger_than_the_socket_buffer),
		cmocka_unit_test(refuses_a_request_that_would_forge_a_header),
		cmocka_unit_test(uses_a_connection_again),
		cmocka_unit_test(replaces_a_connection_that_was_closed_while_idle),
		cmocka_unit_test(tries_again_when_a_kept_connection_dies_unanswered),
		cmocka_unit_test(does_not_put_at_risk_what_must_not_be_done_twice),
		cmocka_unit_test(does_not_try_again_on_a_new_connection),
		cmocka_unit_test(does_not_try_again_in_the_middle_of_an_answer),
		cmocka_unit_test(gives_up_at_the_deadline_and_does_not_try_again),
		cmocka_unit_test(gives_up_in_the_middle_of_an_answer),
		cmocka_unit_test(drops_a_connection_with_unasked_bytes),
		cmocka_unit_test(recognises_an_answer_that_is_not_http),
		cmocka_unit_test(tries_the_sockets_of_a_list_in_order),
		cmocka_unit_test(names_every_socket_it_could_not_reach),
		cmocka_unit_test(refuses_options_that_make_no_sense),
		cmocka_unit_test(opens_a_descriptor_that_exec_closes),
		cmocka_unit_test(gives_up_on_a_full_backlog),
		cmocka_unit_test(reads_a_refusal_that_comes_before_all_is_sent),
		cmocka_unit_test(does_not_use_its_parents_connection_after_a_fork),
		cmocka_unit_test(gives_each_thread_its_own_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
