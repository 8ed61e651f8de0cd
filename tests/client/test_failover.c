/* test_failover.c - calls that go to another connection, and sockets that rest. */
#include "client/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "client/sockets.h"
#include "tests/client/fixture.h"

#define TIMEOUT_MS 1000 /* calls that are answered have it, too */

static enum fake_action
hangs_up_at_once(void *ctx, struct fake_request *req)
{
	(void)ctx;
	(void)req;
	return FAKE_CLOSE;
}

static enum fake_action
hangs_up_once(void *ctx, struct fake_request *req)
{
	(void)ctx;
	if (req->number == 1)
		return FAKE_CLOSE;
	reply_with_connection(req);
	return FAKE_KEEP;
}

static enum fake_action
answers_after_a_while(void *ctx, struct fake_request *req)
{
	(void)ctx;
	usleep(100000);
	reply_with_connection(req);
	return FAKE_KEEP;
}

static enum fake_action
never_answers(void *ctx, struct fake_request *req)
{
	(void)ctx;
	(void)req;
	return FAKE_HANG;
}

/* Answers while *ctx is zero. */
static enum fake_action
answers_unless_told(void *ctx, struct fake_request *req)
{
	if (atomic_load((atomic_int *)ctx) != 0)
		return FAKE_HANG;
	reply_with_connection(req);
	return FAKE_KEEP;
}

static struct client *
client_of_two(
    const struct fake_server *first, const struct fake_server *second, int timeout_ms)
{
	char list[200];

	snprintf(list, sizeof(list), "%s,%s", fake_server_socket(first),
	    fake_server_socket(second));
	return new_client(list, timeout_ms);
}

static void
tries_again_when_a_new_connection_dies_unanswered(void **state)
{
	struct fake_server *server = fake_server_start(hangs_up_once, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), 2);
	client_free(client);
	fake_server_stop(server);
}

static void
never_tries_more_than_twice(void **state)
{
	struct fake_server *server = fake_server_start(hangs_up_at_once, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "closed the connection without an answer"));
	assert_non_null(strstr(err.text, fake_server_socket(server)));
	assert_int_equal(fake_server_connections(server), 2);
	client_free(client);
	fake_server_stop(server);
}

static void
tries_once_what_must_not_be_done_twice(void **state)
{
	struct fake_server *server = fake_server_start(hangs_up_at_once, NULL);
	struct client *client = new_client(fake_server_socket(server), 5000);
	struct client_request once = { .method = "POST", .path = "/v1/keys" };
	struct client_response res;
	struct error err;

	(void)state;
	client_response_init(&res, ANSWER_MAX);
	assert_int_equal(client_call(client, &once, &res, &err), -1);
	assert_int_equal(fake_server_connections(server), 1);
	client_response_free(&res);
	client_free(client);
	fake_server_stop(server);
}

static void
goes_to_the_next_socket_when_the_first_hangs_up(void **state)
{
	struct fake_server *first = fake_server_start(hangs_up_at_once, NULL);
	struct fake_server *second = fake_server_start(keeps, NULL);
	struct client *client = client_of_two(first, second, 5000);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), 1);
	assert_int_equal(fake_server_connections(first), 1);
	assert_int_equal(fake_server_connections(second), 1);
	client_free(client);
	fake_server_stop(first);
	fake_server_stop(second);
}

/* Listens, and connects once: nobody else can. Both descriptors are for the caller. */
static void
fill(const char *name, int fds[2])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));

	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	for (int i = 0; i < 2; i++)
		assert_true((fds[i] = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
	assert_int_equal(bind(fds[0], (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fds[0], 0), 0);
	assert_int_equal(connect(fds[1], (struct sockaddr *)&address, len), 0);
}

static void
does_not_blame_a_socket_for_the_time_that_another_took(void **state)
{
	struct fake_server *first = fake_server_start(hangs_up_at_once, NULL);
	struct fake_server *third = fake_server_start(answers_after_a_while, NULL);
	char full[64], list[300];
	/* Less for the answer than the second takes to be given up. */
	struct client_options options = {
		.sockets = list, .connect_timeout_ms = 3000, .answer_timeout_ms = 2000
	};
	struct client *client;
	struct error err;
	int fds[2];

	(void)state;
	snprintf(full, sizeof(full), "@keyhold-full-%d", (int)getpid());
	fill(full, fds);
	snprintf(list, sizeof(list), "%s,%s,%s", fake_server_socket(first), full,
	    fake_server_socket(third));
	assert_int_equal(client_new(&options, &client, &err), 0);
	assert_int_equal(call(client, &err), 1);
	assert_int_equal(fake_server_connections(third), 1);
	client_free(client);
	close(fds[0]);
	close(fds[1]);
	fake_server_stop(first);
	fake_server_stop(third);
}

static void
lets_a_socket_rest_that_did_not_answer_in_time(void **state)
{
	struct fake_server *server = fake_server_start(never_answers, NULL);
	struct client *client = new_client(fake_server_socket(server), TIMEOUT_MS);
	char want[200];
	struct error err;
	int64_t start;

	(void)state;
	assert_int_equal(call(client, &err), -1);
	assert_int_equal(err.code, ERROR_TIMEOUT);
	start = clock_mono_ms();
	for (int i = 0; i < 100; i++)
		assert_int_equal(call(client, &err), -1);
	assert_true(clock_mono_ms() - start < SOCKETS_REST_MS);
	assert_int_equal(err.code, ERROR_TIMEOUT);
	snprintf(want, sizeof(want),
	    "keyholdd at %s did not answer in time; not asked again for another ",
	    fake_server_socket(server));
	assert_memory_equal(err.text, want, strlen(want));
	assert_int_equal(fake_server_connections(server), 1);
	client_free(client);
	fake_server_stop(server);
}

static void
asks_again_after_the_rest(void **state)
{
	atomic_int hangs = 1;
	struct fake_server *server = fake_server_start(answers_unless_told, &hangs);
	struct client *client = new_client(fake_server_socket(server), TIMEOUT_MS);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), -1);
	hangs = 0;
	assert_int_equal(call(client, &err), -1);
	usleep((SOCKETS_REST_MS + 50) * 1000);
	assert_int_equal(call(client, &err), 2);
	assert_int_equal(call(client, &err), 2);
	client_free(client);
	fake_server_stop(server);
}

static void
serves_from_the_second_socket_while_the_first_rests(void **state)
{
	atomic_int hangs = 0;
	struct fake_server *first = fake_server_start(answers_unless_told, &hangs);
	struct fake_server *second = fake_server_start(keeps, NULL);
	struct client *client = client_of_two(first, second, TIMEOUT_MS);
	struct error err;

	(void)state;
	assert_int_equal(call(client, &err), 1);
	assert_int_equal(fake_server_connections(second), 0);
	hangs = 1;
	/* This one has waited its time, and may have been done. */
	assert_int_equal(call(client, &err), -1);
	for (int i = 0; i < 5; i++)
		assert_int_equal(call(client, &err), 1);
	assert_int_equal(fake_server_connections(second), 1);
	hangs = 0;
	usleep((SOCKETS_REST_MS + 50) * 1000);
	/* The last over the second's connection, which is then given up. */
	assert_int_equal(call(client, &err), 1);
	assert_int_equal(call(client, &err), 2);
	client_free(client);
	fake_server_stop(first);
	fake_server_stop(second);
}

static void
lets_one_caller_try_after_the_rest(void **state)
{
	struct error err = { 0 };
	struct sockets sockets;
	int64_t now_ms;

	(void)state;
	assert_int_equal(sockets_init(&sockets, "/a,/b", false, 5000, &err), 0);
	now_ms = clock_mono_ms();
	assert_int_equal(sockets_claim(&sockets, 0, now_ms), 0);
	sockets_report(&sockets, 0, true);
	assert_false(sockets_is_well(&sockets, 0));
	assert_true(sockets_is_well(&sockets, 1));
	/* The rest begins at the report, which is later than now_ms. */
	assert_in_range(
	    sockets_claim(&sockets, 0, now_ms), SOCKETS_REST_MS, SOCKETS_REST_MS + 10000);
	now_ms = clock_mono_ms() + SOCKETS_REST_MS;
	assert_int_equal(sockets_claim(&sockets, 0, now_ms), 0);
	assert_int_equal(sockets_claim(&sockets, 0, now_ms), 5000);
	/* It never reported: another may try. */
	assert_int_equal(sockets_claim(&sockets, 0, now_ms + 5000), 0);
	sockets_report(&sockets, 0, false);
	assert_true(sockets_is_well(&sockets, 0));
	sockets_clear(&sockets);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tries_again_when_a_new_connection_dies_unanswered),
		cmocka_unit_test(never_tries_more_than_twice),
		cmocka_unit_test(tries_once_what_must_not_be_done_twice),
		cmocka_unit_test(goes_to_the_next_socket_when_the_first_hangs_up),
		cmocka_unit_test(does_not_blame_a_socket_for_the_time_that_another_took),
		cmocka_unit_test(lets_a_socket_rest_that_did_not_answer_in_time),
		cmocka_unit_test(asks_again_after_the_rest),
		cmocka_unit_test(serves_from_the_second_socket_while_the_first_rests),
		cmocka_unit_test(lets_one_caller_try_after_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
