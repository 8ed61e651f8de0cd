/* test_client.c - calls: sent, refused, forked and shared between threads. */
#include "client/client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/client/fixture.h"

#define THREADS 8
#define CALLS   200

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
	path[0] = '/';
	options.sockets = path;
	assert_int_equal(client_new(&options, &client, &err), -1);
	options.sockets = "/1,/2,/3,/4,/5,/6,/7,/8,/9";
	assert_int_equal(client_new(&options, &client, &err), -1);
	options.sockets = "/a";
	options.answer_timeout_ms = 0;
	assert_int_equal(client_new(&options, &client, &err), -1);
	assert_null(client);
}

static void
wants_absolute_paths_without_blanks(void **state)
{
	static const char *const wrong[] = { "keyhold.sock", "./a", "/a,b", "/a, /b",
		"/a ,/b", " /a", "/a\t", "/a, @x", "@", "/a,@", "" };
	struct client_options options = { .connect_timeout_ms = 1,
		.answer_timeout_ms = 1 };
	struct client *client = NULL;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		options.sockets = wrong[i];
		err.code = ERROR_NONE;
		assert_int_equal(client_new(&options, &client, &err), -1);
		assert_int_equal(err.code, ERROR_CONFIG);
	}
	options.relative_paths = true;
	options.sockets = "a, b";
	assert_int_equal(client_new(&options, &client, &err), -1);
	options.sockets = "a,/b c/d,@e f";
	assert_int_equal(client_new(&options, &client, &err), 0);
	client_free(client);
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
		cmocka_unit_test(tries_the_sockets_of_a_list_in_order),
		cmocka_unit_test(names_every_socket_it_could_not_reach),
		cmocka_unit_test(refuses_options_that_make_no_sense),
		cmocka_unit_test(wants_absolute_paths_without_blanks),
		cmocka_unit_test(does_not_use_its_parents_connection_after_a_fork),
		cmocka_unit_test(gives_each_thread_its_own_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
