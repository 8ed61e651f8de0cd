/* test_limits.c - who gets in, who is turned away, and what the log has of it. */
#include "service/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/api/fixture.h"

static struct limits *
new_limits(unsigned connections, unsigned per_peer)
{
	const struct limits_options options = {
		.connections = connections,
		.connections_per_peer = per_peer,
	};
	struct limits *limits;

	assert_int_equal(limits_new(&options, &limits, NULL), 0);
	return limits;
}

static void
counts_each_peer_and_all(void **state)
{
	struct limits *limits = new_limits(8, 4);
	struct quota *first, *second, *other;

	(void)state;
	assert_non_null(first = limits_enter(limits, "uid:1", false));
	assert_non_null(second = limits_enter(limits, "uid:1", false));
	assert_non_null(other = limits_enter(limits, "uid:2", false));
	assert_ptr_equal(first, second);
	assert_ptr_not_equal(first, other);
	assert_int_equal(first->connections, 2);
	assert_int_equal(limits_connections(limits), 3);
	limits_leave(limits, first);
	assert_int_equal(second->connections, 1);
	limits_leave(limits, second);
	limits_leave(limits, other);
	assert_int_equal(limits_connections(limits), 0);
	limits_free(limits);
}

static void
turns_a_peer_away_that_has_its_share_and_nobody_else(void **state)
{
	struct limits *limits = new_limits(8, 2);
	struct quota *greedy[2], *other;

	(void)state;
	greedy[0] = limits_enter(limits, "uid:1", false);
	greedy[1] = limits_enter(limits, "uid:1", false);
	log_capture();
	assert_null(limits_enter(limits, "uid:1", false));
	assert_non_null(strstr(
	    log_captured(), "event=limit.met limit=connections_per_peer peer=uid:1"));
	assert_non_null(other = limits_enter(limits, "uid:2", false));
	limits_leave(limits, greedy[0]);
	assert_non_null(greedy[0] = limits_enter(limits, "uid:1", false));
	limits_leave(limits, greedy[0]);
	limits_leave(limits, greedy[1]);
	limits_leave(limits, other);
	limits_free(limits);
}

static void
turns_everybody_away_when_all_connections_are_taken(void **state)
{
	struct limits *limits = new_limits(2, 2);
	struct quota *one = limits_enter(limits, "uid:1", false),
		     *two = limits_enter(limits, "uid:2", false);

	(void)state;
	log_capture();
	assert_null(limits_enter(limits, "uid:3", false));
	assert_non_null(
	    strstr(log_captured(), "event=limit.met limit=connections peer=uid:3"));
	limits_leave(limits, one);
	assert_non_null(one = limits_enter(limits, "uid:3", false));
	limits_leave(limits, one);
	limits_leave(limits, two);
	limits_free(limits);
}

static void
keeps_a_few_for_whoever_is_admin_whatever_the_rules_say(void **state)
{
	struct limits *limits = new_limits(2, 100);
	struct quota *one = limits_enter(limits, "uid:1", false),
		     *two = limits_enter(limits, "uid:2", false), *root = NULL;

	(void)state;
	log_capture();
	for (int i = 0; i < LIMITS_OWNER_PLACES; i++)
		assert_non_null(root = limits_enter(limits, "uid:0", true));
	assert_null(limits_enter(limits, "uid:0", true));
	assert_null(limits_enter(limits, "uid:1", false));
	log_captured();
	for (int i = 0; i < LIMITS_OWNER_PLACES; i++)
		limits_leave(limits, root);
	limits_leave(limits, one);
	limits_leave(limits, two);
	limits_free(limits);
}

static void
an_idle_one_gives_way_to_who_has_fewer_and_to_its_own_peer(void **state)
{
	struct limits *limits = new_limits(3, 2);
	struct quota *most, *one;
	struct limits_claim claim;

	(void)state;
	most = limits_enter(limits, "uid:1", false);
	assert_false(limits_are_met(limits, "uid:3", &claim));
	assert_ptr_equal(limits_enter(limits, "uid:1", false), most);
	one = limits_enter(limits, "uid:2", false);
	assert_true(limits_are_met(limits, "uid:3", &claim));
	assert_true(limits_gives_way(most, &claim));
	assert_true(limits_gives_way(one, &claim));
	assert_true(limits_are_met(limits, "uid:2", &claim));
	assert_int_equal(claim.has, 1);
	assert_true(limits_gives_way(most, &claim));
	assert_true(limits_gives_way(one, &claim));
	claim.peer = "uid:4";
	assert_false(limits_gives_way(one, &claim));
	/* It has all that it may. */
	assert_false(limits_are_met(limits, "uid:1", &claim));
	limits_leave(limits, most);
	limits_leave(limits, most);
	limits_leave(limits, one);
	limits_free(limits);
}

static void
one_that_is_shut_down_does_not_count_and_keeps_its_quota(void **state)
{
	struct limits *limits = new_limits(1, 1);
	struct quota *old = limits_enter(limits, "uid:1", false), *other;

	(void)state;
	limits_part(limits, old);
	assert_int_equal(limits_connections(limits), 0);
	assert_non_null(other = limits_enter(limits, "uid:2", false));
	assert_string_equal(old->peer, "uid:1");
	limits_leave(limits, other);
	assert_ptr_equal(limits_enter(limits, "uid:1", false), old);
	limits_forget(limits, old);
	limits_leave(limits, old);
	limits_free(limits);
}

static void
says_it_once_a_second_and_how_often_it_was(void **state)
{
	struct limits *limits = new_limits(1, 1);
	const char *log;

	(void)state;
	log_capture();
	limits_note(limits, LIMIT_HTTP, "uid:1");
	limits_note(limits, LIMIT_HTTP, "uid:2");
	limits_note(limits, LIMIT_HTTP, "uid:3");
	limits_note(limits, LIMIT_BODY_S, "uid:4");
	log = log_captured();
	assert_non_null(strstr(log, "limit=http peer=uid:1 unsaid=0"));
	assert_null(strstr(log, "uid:2"));
	assert_non_null(strstr(log, "limit=body_s peer=uid:4"));
	usleep(1100000);
	log_capture();
	limits_note(limits, LIMIT_HTTP, "uid:5");
	assert_non_null(strstr(log_captured(), "limit=http peer=uid:5 unsaid=2"));
	limits_free(limits);
}

static void
leaves_alone_what_the_descriptors_are_enough_for(void **state)
{
	struct limits_options options = {
		.connections = 1000,
		.connections_per_peer = 500,
	};

	(void)state;
	limits_fit(&options, 1300, 300);
	assert_int_equal(options.connections, 1000);
	assert_int_equal(options.connections_per_peer, 500);
}

static void
lowers_both_numbers_when_there_are_too_few_descriptors(void **state)
{
	struct limits_options options = {
		.connections = 1000,
		.connections_per_peer = 500,
	};

	(void)state;
	log_capture();
	limits_fit(&options, 700, 300);
	assert_non_null(strstr(log_captured(),
	    "event=limits.lowered connections=400 connections_per_peer=200 wanted=1000"));
	assert_int_equal(options.connections, 400);
	assert_int_equal(options.connections_per_peer, 200);
}

static void
leaves_a_few_connections_however_few_descriptors_there_are(void **state)
{
	struct limits_options options = {
		.connections = 1000,
		.connections_per_peer = 1,
	};

	(void)state;
	log_capture();
	limits_fit(&options, 100, 300);
	log_captured();
	assert_int_equal(options.connections, 16);
	assert_int_equal(options.connections_per_peer, 1);
}

static void
raises_the_number_of_descriptors_to_what_is_allowed(void **state)
{
	struct rlimit before, lowered, after;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	lowered = before;
	lowered.rlim_cur = before.rlim_max / 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lowered), 0);
	assert_int_equal(limits_raise_descriptors(), before.rlim_max);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
	assert_int_equal(after.rlim_cur, before.rlim_max);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void
tells_who_is_turned_away_to_come_again(void **state)
{
	char text[256] = "";
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	limits_turn_away(pair[0]);
	assert_true(recv(pair[1], text, sizeof(text) - 1, 0) > 0);
	assert_ptr_equal(strstr(text, "HTTP/1.1 503 "), text);
	assert_non_null(strstr(text, "\r\nRetry-After: 1\r\n"));
	assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_each_peer_and_all),
		cmocka_unit_test(turns_a_peer_away_that_has_its_share_and_nobody_else),
		cmocka_unit_test(turns_everybody_away_when_all_connections_are_taken),
		cmocka_unit_test(keeps_a_few_for_whoever_is_admin_whatever_the_rules_say),
		cmocka_unit_test(
		    an_idle_one_gives_way_to_who_has_fewer_and_to_its_own_peer),
		cmocka_unit_test(
		    one_that_is_shut_down_does_not_count_and_keeps_its_quota),
		cmocka_unit_test(says_it_once_a_second_and_how_often_it_was),
		cmocka_unit_test(leaves_alone_what_the_descriptors_are_enough_for),
		cmocka_unit_test(lowers_both_numbers_when_there_are_too_few_descriptors),
		cmocka_unit_test(
		    leaves_a_few_connections_however_few_descriptors_there_are),
		cmocka_unit_test(raises_the_number_of_descriptors_to_what_is_allowed),
		cmocka_unit_test(tells_who_is_turned_away_to_come_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
