/* test_visits.c - how long a connection may take for what, and who makes room. */
#include "service/visits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/api/fixture.h"

#define GUESTS  8
#define WAIT_MS 10000 /* for what is to be heard */

struct guest {
	struct scene *scene; /* for a thread of its own */
	int server, client;
	struct visitor *visitor;
	struct quota *quota;
	struct visit *visit;
};

struct scene {
	struct limits *limits;
	struct visits *visits;
	struct guest guests[GUESTS];
};

/* Hasty where one has to come to its end, with time to look before it does. */
static int
open_scene(void **state)
{
	const unsigned seconds = *state != NULL ? 3 : 60;
	const struct limits_options options = {
		.connections = 100,
		.connections_per_peer = 100,
		.http = 3,
		.http_per_peer = 2,
		.threads_per_peer = 1,
		.header_s = seconds,
		.body_s = 2 * seconds,
		.answer_s = seconds,
		.idle_s = seconds,
	};
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	assert_int_equal(limits_new(&options, &scene->limits, NULL), 0);
	assert_int_equal(visits_start(scene->limits, &scene->visits, NULL), 0);
	*state = scene;
	return 0;
}

/* Its visit stays NULL when there is no room. */
static struct guest *
come_as(struct scene *scene, size_t index, const char *peer, enum caller_kind kind)
{
	struct guest *guest = &scene->guests[index];
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	guest->server = pair[0];
	guest->client = pair[1];
	guest->visitor = visitor_new(pair[0], false);
	guest->visitor->caller.kind = kind;
	guest->visitor->caller.admin = strcmp(peer, "uid:0") == 0;
	guest->quota = limits_enter(scene->limits, peer, false);
	guest->visit = visits_enter(scene->visits, pair[0], guest->visitor, guest->quota);
	if (guest->visit != NULL)
		assert_ptr_equal(visits_meet(scene->visits, guest->server), guest->visit);
	return guest;
}

static struct guest *
come(struct scene *scene, size_t index, const char *peer)
{
	return come_as(scene, index, peer, CALLER_UNIX);
}

static void
leave(struct scene *scene, struct guest *guest)
{
	if (guest->visit != NULL) {
		visits_leave(scene->visits, guest->visit);
	} else {
		limits_leave(scene->limits, guest->quota);
		visitor_free(guest->visitor);
	}
	close(guest->server);
	close(guest->client);
	*guest = (struct guest){ 0 };
}

static int
close_scene(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < GUESTS; i++)
		if (scene->guests[i].quota != NULL)
			leave(scene, &scene->guests[i]);
	assert_int_equal(visits_count(scene->visits), 0);
	visits_stop(scene->visits);
	limits_free(scene->limits);
	free(scene);
	return 0;
}

/* What it hears within so many milliseconds; "" for the end, NULL for nothing. */
static const char *
heard(const struct guest *guest, int ms)
{
	static char text[256];
	const struct timeval wait = { ms / 1000, ms % 1000 * 1000L };
	ssize_t n;

	setsockopt(guest->client, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	n = recv(guest->client, text, sizeof(text) - 1, 0);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return text;
}

static void
a_header_that_takes_too_long_is_408_and_the_end(void **state)
{
	struct guest *guest = come(*state, 0, "uid:1");
	const char *text;

	assert_non_null(guest->visit);
	log_capture();
	text = heard(guest, WAIT_MS);
	assert_non_null(strstr(log_captured(), "limit=header_s peer=uid:1"));
	assert_non_null(text);
	assert_ptr_equal(strstr(text, "HTTP/1.1 408 "), text);
	assert_string_equal(heard(guest, WAIT_MS), "");
}

static void
each_byte_of_a_header_does_not_begin_its_time_anew(void **state)
{
	struct scene *scene = *state;
	struct guest *guest = come(scene, 0, "uid:1");
	int64_t begin = clock_mono_ms();

	log_capture();
	while (heard(guest, 100) == NULL) {
		visits_step(scene->visits, guest->visit, VISIT_HEADER);
		assert_true(clock_mono_ms() - begin < WAIT_MS);
	}
	log_captured();
}

static void
a_body_has_a_time_of_its_own(void **state)
{
	struct scene *scene = *state;
	struct guest *guest = come(scene, 0, "uid:1");
	const char *text;

	visits_step(scene->visits, guest->visit, VISIT_BODY);
	assert_null(heard(guest, 4000)); /* a header's time has passed */
	log_capture();
	text = heard(guest, WAIT_MS);
	assert_non_null(strstr(log_captured(), "limit=body_s peer=uid:1"));
	assert_non_null(text);
	assert_ptr_equal(strstr(text, "HTTP/1.1 408 "), text);
}

static void
who_does_not_take_the_answer_is_cut_off_without_another(void **state)
{
	struct scene *scene = *state;
	struct guest *guest = come(scene, 0, "uid:1");

	visits_step(scene->visits, guest->visit, VISIT_ANSWER);
	log_capture();
	assert_string_equal(heard(guest, WAIT_MS), "");
	assert_non_null(strstr(log_captured(), "limit=answer_s peer=uid:1"));
}

static void
who_is_idle_too_long_is_closed(void **state)
{
	struct scene *scene = *state;
	struct guest *guest = come(scene, 0, "uid:1");

	visits_step(scene->visits, guest->visit, VISIT_IDLE);
	assert_string_equal(heard(guest, WAIT_MS), "");
}

static void
our_own_work_takes_as_long_as_it_takes(void **state)
{
	struct scene *scene = *state;
	struct guest *guest = come(scene, 0, "uid:1");

	visits_step(scene->visits, guest->visit, VISIT_WORK);
	assert_null(heard(guest, 7000));
}

static void
a_peer_at_its_limit_is_refused_and_others_are_not(void **state)
{
	struct scene *scene = *state;

	assert_non_null(come(scene, 0, "uid:1")->visit);
	assert_non_null(come(scene, 1, "uid:1")->visit);
	log_capture();
	assert_null(come(scene, 2, "uid:1")->visit);
	assert_non_null(strstr(log_captured(), "limit=http_per_peer peer=uid:1"));
	assert_non_null(come(scene, 3, "uid:2")->visit);
	assert_null(heard(&scene->guests[0], 100));
	assert_null(heard(&scene->guests[1], 100));
}

static void
all_have_a_limit_too(void **state)
{
	struct scene *scene = *state;

	come(scene, 0, "uid:1");
	come(scene, 1, "uid:2");
	assert_non_null(come(scene, 2, "uid:3")->visit);
	log_capture();
	assert_null(come(scene, 3, "uid:4")->visit);
	assert_non_null(strstr(log_captured(), "limit=http peer=uid:4"));
}

static void
two_peers_that_fill_everything_keep_nobody_else_out(void **state)
{
	struct scene *scene = *state;
	const char *text;

	come(scene, 0, "uid:1");
	come(scene, 1, "uid:1");
	come(scene, 2, "uid:2");
	visits_step(scene->visits, scene->guests[0].visit, VISIT_BODY);
	log_capture();
	assert_non_null(come(scene, 3, "uid:3")->visit);
	assert_non_null(strstr(log_captured(), "limit=http peer=uid:1"));
	text = heard(&scene->guests[1], WAIT_MS);
	assert_non_null(text);
	assert_ptr_equal(strstr(text, "HTTP/1.1 503 "), text);
	assert_string_equal(heard(&scene->guests[1], WAIT_MS), "");
	assert_null(heard(&scene->guests[0], 100));
	log_capture();
	assert_null(come(scene, 4, "uid:1")->visit);
	assert_null(come(scene, 5, "uid:4")->visit);
	assert_non_null(come(scene, 6, "uid:0")->visit);
	log_captured();
	assert_null(heard(&scene->guests[0], 10));
	assert_null(heard(&scene->guests[2], 10));
	assert_null(heard(&scene->guests[3], 10));
}

static void
what_we_work_at_makes_no_room(void **state)
{
	struct scene *scene = *state;

	come(scene, 0, "uid:1");
	come(scene, 1, "uid:1");
	come(scene, 2, "uid:2");
	visits_step(scene->visits, scene->guests[0].visit, VISIT_WORK);
	visits_step(scene->visits, scene->guests[1].visit, VISIT_WORK);
	log_capture();
	assert_null(come(scene, 3, "uid:3")->visit);
	log_captured();
}

static void
an_idle_one_of_whoever_has_most_makes_room_first(void **state)
{
	struct scene *scene = *state;

	come(scene, 0, "uid:1");
	come(scene, 1, "uid:2");
	come(scene, 2, "uid:2");
	visits_step(scene->visits, scene->guests[0].visit, VISIT_IDLE);
	visits_step(scene->visits, scene->guests[2].visit, VISIT_IDLE);
	assert_non_null(come(scene, 3, "uid:3")->visit);
	assert_string_equal(heard(&scene->guests[2], WAIT_MS), "");
	assert_null(heard(&scene->guests[0], 10));
	assert_null(heard(&scene->guests[1], 10));
	/* Of those that have one each, too. */
	assert_non_null(come(scene, 4, "uid:4")->visit);
	assert_string_equal(heard(&scene->guests[0], WAIT_MS), "");
}

static void
ports_and_sockets_have_a_limit_each(void **state)
{
	struct scene *scene = *state;

	come_as(scene, 0, "nobody:192.0.2.1", CALLER_NOBODY);
	come_as(scene, 1, "nobody:192.0.2.1", CALLER_NOBODY);
	come_as(scene, 2, "nobody:192.0.2.2", CALLER_NOBODY);
	assert_non_null(come(scene, 3, "uid:1")->visit);
	assert_null(heard(&scene->guests[0], 100));
	assert_null(heard(&scene->guests[1], 10));
	log_capture();
	assert_non_null(come_as(scene, 4, "nobody:192.0.2.3", CALLER_NOBODY)->visit);
	log_captured();
	assert_non_null(heard(&scene->guests[0], WAIT_MS));
	assert_null(heard(&scene->guests[3], 10));
}

static void
the_longest_idle_one_of_the_same_peer_makes_room(void **state)
{
	struct scene *scene = *state;

	come(scene, 0, "uid:1");
	come(scene, 1, "uid:1");
	come(scene, 2, "uid:2");
	visits_step(scene->visits, scene->guests[2].visit, VISIT_IDLE);
	visits_step(scene->visits, scene->guests[1].visit, VISIT_IDLE);
	visits_step(scene->visits, scene->guests[0].visit, VISIT_IDLE);
	assert_non_null(come(scene, 3, "uid:1")->visit);
	assert_string_equal(heard(&scene->guests[1], WAIT_MS), "");
	assert_null(heard(&scene->guests[0], 100));
	assert_null(heard(&scene->guests[2], 100));
}

static void
where_all_connections_are_taken_an_idle_one_of_who_has_most_is_closed(void **state)
{
	struct scene *scene = *state;
	struct limits_claim claim = { "uid:3", 0 };
	struct quota *more;

	come(scene, 0, "uid:1");
	come(scene, 1, "uid:2");
	come_as(scene, 2, "nobody:192.0.2.1", CALLER_NOBODY);
	assert_false(visits_close_idle(scene->visits, POOL_UNIX, &claim));
	more = limits_enter(scene->limits, "uid:2", false);
	for (int i = 0; i < 3; i++)
		visits_step(scene->visits, scene->guests[i].visit, VISIT_IDLE);
	assert_true(visits_close_idle(scene->visits, POOL_UNIX, &claim));
	assert_string_equal(heard(&scene->guests[1], WAIT_MS), "");
	assert_int_equal(more->connections, 1);
	assert_true(visits_close_idle(scene->visits, POOL_TCP, &claim));
	assert_string_equal(heard(&scene->guests[2], WAIT_MS), "");
	assert_false(visits_close_idle(scene->visits, POOL_TCP, &claim));
	limits_leave(scene->limits, more);
}

static void
one_that_is_shut_down_stays_so_until_it_leaves(void **state)
{
	struct scene *scene = *state;
	struct guest *guest = come(scene, 0, "uid:1");

	visits_step(scene->visits, guest->visit, VISIT_IDLE);
	assert_string_equal(heard(guest, WAIT_MS), "");
	visits_step(scene->visits, guest->visit, VISIT_WORK);
	assert_int_equal(guest->visit->phase, VISIT_GONE);
	assert_int_equal(guest->quota->http, 0);
	assert_int_equal(visits_count(scene->visits), 1);
}

static void *
begin(void *arg)
{
	struct guest *guest = arg;

	visits_begin(guest->scene->visits, guest->visit);
	assert_int_equal(write(guest->server, "b", 1), 1);
	return NULL;
}

static void
as_many_requests_of_a_peer_are_worked_at_as_it_has_threads(void **state)
{
	struct scene *scene = *state;
	struct guest *first = come(scene, 0, "uid:1"), *second = come(scene, 1, "uid:1"),
		     *other = come(scene, 2, "uid:2");
	pthread_t thread;

	second->scene = scene;
	visits_begin(scene->visits, first->visit);
	assert_int_equal(pthread_create(&thread, NULL, begin, second), 0);
	assert_null(heard(second, 200));
	visits_begin(scene->visits, other->visit);
	visits_end(scene->visits, other->visit);
	assert_null(heard(second, 100));
	visits_end(scene->visits, first->visit);
	assert_string_equal(heard(second, WAIT_MS), "b");
	assert_int_equal(pthread_join(thread, NULL), 0);
	visits_end(scene->visits, second->visit);
	assert_int_equal(first->quota->working, 0);
}

static void
finds_the_newest_visit_of_a_descriptor(void **state)
{
	struct scene *scene = *state;
	struct guest *guest = come(scene, 0, "uid:1");
	struct visitor *visitor = visitor_new(guest->server, false);
	struct quota *quota = limits_enter(scene->limits, "uid:2", false);
	struct visit *newer;

	assert_ptr_equal(visits_meet(scene->visits, guest->server), guest->visit);
	assert_null(visits_meet(scene->visits, 100000));
	newer = visits_enter(scene->visits, guest->server, visitor, quota);
	assert_non_null(newer);
	assert_ptr_equal(visits_meet(scene->visits, guest->server), newer);
	visits_leave(scene->visits, newer);
	assert_ptr_equal(visits_meet(scene->visits, guest->server), guest->visit);
}

static void
one_that_is_never_met_leaves_by_itself_and_harms_no_other(void **state)
{
	struct scene *scene = *state;
	struct guest *guest = &scene->guests[0];
	int pair[2], other[2];
	char text[1024];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, other), 0);
	guest->visitor = visitor_new(pair[0], false);
	guest->quota = limits_enter(scene->limits, "uid:1", false);
	assert_non_null(
	    visits_enter(scene->visits, pair[0], guest->visitor, guest->quota));
	*guest = (struct guest){ 0 };
	/* As libmicrohttpd may, and somebody else gets the number. */
	assert_int_equal(dup2(other[0], pair[0]), pair[0]);
	/* A 408, and then its end. */
	assert_true(recv(pair[1], text, sizeof(text), MSG_WAITALL) > 0);
	assert_int_equal(visits_count(scene->visits), 0);
	assert_int_equal(limits_connections(scene->limits), 0);
	assert_int_equal(recv(other[1], text, 1, MSG_DONTWAIT), -1);
	close(pair[0]);
	close(pair[1]);
	close(other[0]);
	close(other[1]);
}

static void
a_forgotten_one_is_not_met_by_a_number_given_again(void **state)
{
	struct scene *scene = *state;
	struct visit *next;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_non_null(visits_enter(scene->visits, pair[0], visitor_new(pair[0], false),
	    limits_enter(scene->limits, "uid:1", false)));
	next = visits_enter(scene->visits, pair[0], visitor_new(pair[0], false),
	    limits_enter(scene->limits, "uid:2", false));
	assert_int_equal(visits_count(scene->visits), 1);
	assert_ptr_equal(visits_meet(scene->visits, pair[0]), next);
	visits_leave(scene->visits, next);
	close(pair[0]);
	close(pair[1]);
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)
#define HASTY_TEST(name)                                                                 \
	cmocka_unit_test_prestate_setup_teardown(name, open_scene, close_scene, "hasty")

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HASTY_TEST(a_header_that_takes_too_long_is_408_and_the_end),
		HASTY_TEST(each_byte_of_a_header_does_not_begin_its_time_anew),
		HASTY_TEST(a_body_has_a_time_of_its_own),
		HASTY_TEST(who_does_not_take_the_answer_is_cut_off_without_another),
		HASTY_TEST(who_is_idle_too_long_is_closed),
		HASTY_TEST(our_own_work_takes_as_long_as_it_takes),
		SCENE_TEST(a_peer_at_its_limit_is_refused_and_others_are_not),
		SCENE_TEST(all_have_a_limit_too),
		SCENE_TEST(two_peers_that_fill_everything_keep_nobody_else_out),
		SCENE_TEST(what_we_work_at_makes_no_room),
		SCENE_TEST(an_idle_one_of_whoever_has_most_makes_room_first),
		SCENE_TEST(ports_and_sockets_have_a_limit_each),
		SCENE_TEST(the_longest_idle_one_of_the_same_peer_makes_room),
		SCENE_TEST(
		    where_all_connections_are_taken_an_idle_one_of_who_has_most_is_closed),
		SCENE_TEST(a_forgotten_one_is_not_met_by_a_number_given_again),
		HASTY_TEST(one_that_is_shut_down_stays_so_until_it_leaves),
		SCENE_TEST(as_many_requests_of_a_peer_are_worked_at_as_it_has_threads),
		SCENE_TEST(finds_the_newest_visit_of_a_descriptor),
		HASTY_TEST(one_that_is_never_met_leaves_by_itself_and_harms_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
