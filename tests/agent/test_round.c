/* A round over a daemon that refuses: what is recorded, and what is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/leaf.h"
#include "base/file.h"
#include "tests/agent/round_scene.h"
#include "tests/base/directory.h"

/* One that is due. */
static void
add(struct scene *f, const char *name, const char *source)
{
	scene_add(
	    f, name, source, "\"step\":\"idle\",\"due\":\"2026-12-31T11:00:00Z\"", "");
}

static void
rules_that_are_broken_are_recorded_whole(void **state)
{
	struct scene *f = *state;

	add(f, "web", INTERNAL);
	scene_round(f);
	assert_int_equal(f->failures, 1);
	assert_true(
	    fake_server_saw(f->server, "\"last_error\":\"refused: 1 rule is "
				       "broken\\nsan-required names: no name\\n\""));
	assert_true(fake_server_saw(f->server, "\"outcome\":\"failed\""));
	assert_true(fake_server_saw(f->server, "\"next_attempt\":\"2026-12-31T12:0"));
}

static void
a_failed_issue_begins_with_the_key_again(void **state)
{
	struct scene *f = *state;

	add(f, "web", INTERNAL);
	scene_round(f);
	assert_true(fake_server_saw(f->server, "\"step\":\"key\",\"attempts\":1"));
}

/* Of the very same request to certify, as a key that stays may sign it. */
static void
a_request_has_a_name_of_its_own(void **state)
{
	struct scene *f = *state;
	char path[256], first[sizeof(f->attempt)];

	add(f, "web", INTERNAL);
	scene_round(f);
	assert_int_not_equal(f->attempt[0], '\0');
	memcpy(first, f->attempt, sizeof(first));
	scene_round(f);
	assert_string_equal(f->attempt, first);
	directory_path(&f->directory, "web/.web.request", path);
	assert_int_equal(unlink(path), 0);
	scene_round(f);
	assert_string_not_equal(f->attempt, first);
}

/* The server may have missed what it was told. */
static void
after_a_verification_that_fails_the_hook_is_run_again(void **state)
{
	struct scene *f = *state;

	scene_add(f, "web", INTERNAL, "\"step\":\"verify\"," INSTALLED,
	    ",\"verify\":\"no/place\"");
	scene_round(f);
	assert_true(fake_server_saw(f->server, "\"step\":\"reload\",\"attempts\":1"));
	assert_true(fake_server_saw(f->server, "\"outcome\":\"failed\""));
}

static void
a_hook_that_fails_with_no_pair_before_is_tried_again(void **state)
{
	struct scene *f = *state;

	scene_add(f, "web", INTERNAL, "\"step\":\"reload\"," INSTALLED, FAILING_HOOK);
	scene_round(f);
	assert_true(fake_server_saw(f->server, "\"step\":\"reload\",\"attempts\":1"));
	assert_false(fake_server_saw(f->server, "GET /v1/keys/"));
}

/* Of one whose hook fails, with a pair before that is good until then; NULL: no
 * certificate. */
static bool
goes_back(struct scene *f, const char *until)
{
	char path[256];

	directory_path(&f->directory, "web", path);
	assert_int_equal(mkdir(path, 0700), 0);
	directory_path(&f->directory, "web/.web.0a", path);
	assert_int_equal(mkdir(path, 0700), 0);
	directory_path(&f->directory, "web/.web.before", path);
	assert_int_equal(symlink(".web.0a", path), 0);
	directory_path(&f->directory, "web/.web.0a/chain.pem", path);
	if (until != NULL)
		scene_certificate(path, until);
	scene_add(f, "web", INTERNAL, "\"step\":\"reload\"," INSTALLED, FAILING_HOOK);
	scene_round(f);
	return fake_server_saw(f->server, "\"outcome\":\"rolled-back\"");
}

static void
and_with_one_it_goes_back(void **state)
{
	assert_true(goes_back(*state, "20270101000000Z"));
}

static void
but_not_to_what_is_over(void **state)
{
	struct scene *f = *state;

	assert_false(goes_back(f, "20261230000000Z"));
	assert_true(fake_server_saw(f->server, "\"step\":\"reload\",\"attempts\":1"));
}

static void
nor_to_what_is_no_certificate(void **state)
{
	struct scene *f = *state;

	assert_false(goes_back(f, NULL));
	assert_true(fake_server_saw(f->server, "\"step\":\"reload\",\"attempts\":1"));
}

static void
nor_to_what_is_revoked(void **state)
{
	struct scene *f = *state;

	f->revoked = true;
	assert_false(goes_back(f, "20270101000000Z"));
	assert_true(fake_server_saw(f->server, "\"step\":\"reload\",\"attempts\":1"));
}

static void
a_key_that_nobody_certifies_is_replaced(void **state)
{
	struct scene *f = *state;

	f->blocked = true;
	add(f, "web", INTERNAL);
	scene_round(f);
	assert_true(fake_server_saw(f->server, "POST /v1/keys/web/rotate"));
}

static void
and_no_other_is_that_was_made_for_this_renewal(void **state)
{
	struct scene *f = *state;

	add(f, "web", INTERNAL);
	scene_round(f);
	assert_false(fake_server_saw(f->server, "POST /v1/keys/web/rotate"));
}

/* Whether the key that is installed is replaced, of a certificate from 2025 until then.
 */
static bool
replaces_key(struct scene *f, const char *until, const char *new_key)
{
	struct buffer chain;
	struct leaf leaf;
	char path[256];

	scene_install(f, until, path);
	buf_init(&chain, 0);
	assert_int_equal(file_read(path, 65536, &chain, &f->err), 0);
	assert_int_equal(leaf_read(buf_bytes(&chain), &leaf, &f->err), 0);
	memcpy(f->spki, leaf.spki_sha256, sizeof(f->spki));
	buf_free(&chain);
	f->new_key = new_key;
	add(f, "web", INTERNAL);
	scene_round(f);
	return fake_server_saw(f->server, "POST /v1/keys/web/rotate");
}

static void
a_key_is_replaced_always(void **state)
{
	assert_true(replaces_key(*state, "20270101000000Z", "always"));
}

static void
or_never(void **state)
{
	assert_false(replaces_key(*state, "20270101000000Z", "never"));
}

static void
or_before_it_is_a_year_old(void **state)
{
	assert_true(replaces_key(*state, "20270101000000Z", "yearly"));
}

static void
and_not_sooner(void **state)
{
	assert_false(replaces_key(*state, "20250201000000Z", "yearly"));
}

static void
until_it_is_to_be_renewed_itself(void **state)
{
	struct scene *f = *state;

	scene_add(f, "web", INTERNAL,
	    "\"step\":\"reload\",\"due\":\"2026-12-31T11:00:00Z\"," INSTALLED,
	    FAILING_HOOK);
	scene_round(f);
	assert_true(fake_server_saw(f->server, "GET /v1/keys/web"));
}

static void
or_is_nearly_over(void **state)
{
	struct scene *f = *state;

	scene_add(f, "web", INTERNAL,
	    "\"step\":\"verify\",\"due\":\"2026-10-01T00:00:00Z\",\"serial\":\"0a\","
	    "\"not_before\":\"2026-10-01T00:00:00Z\",\"not_after\":"
	    "\"2027-01-01T00:00:00Z\",\"installed\":\"2026-10-01T00:00:01Z\"",
	    FAILING_HOOK);
	scene_round(f);
	assert_true(fake_server_saw(f->server, "GET /v1/keys/web"));
}

static void
what_has_been_renewed_is_left_for_ten_minutes(void **state)
{
	struct scene *f = *state;

	scene_add(f, "web", INTERNAL, "\"step\":\"verify\"," INSTALLED, "");
	scene_round(f);
	assert_int_equal(f->failures, 0);
	assert_true(fake_server_saw(f->server, "\"outcome\":\"renewed\""));
	assert_true(fake_server_saw(f->server, "\"next_attempt\":\"2026-12-31T12:10:0"));
}

static void
a_request_that_cannot_be_deleted_fails_no_renewal(void **state)
{
	struct scene *f = *state;
	char path[256];

	directory_path(&f->directory, "web", path);
	assert_int_equal(mkdir(path, 0700), 0);
	directory_path(&f->directory, "web/.web.request", path);
	assert_int_equal(mkdir(path, 0700), 0);
	scene_add(f, "web", INTERNAL, "\"step\":\"verify\"," INSTALLED, "");
	scene_round(f);
	assert_true(fake_server_saw(f->server, "\"outcome\":\"renewed\""));
}

static void
one_that_fails_does_not_stop_the_others(void **state)
{
	struct scene *f = *state;

	add(f, "api", INTERNAL);
	add(f, "web", INTERNAL);
	scene_round(f);
	assert_int_equal(f->failures, 2);
	assert_true(fake_server_saw(f->server, "PUT /v1/managed/api/state"));
	assert_true(fake_server_saw(f->server, "PUT /v1/managed/web/state"));
}

static void
between_two_orders_of_outside_servers_the_own_are_looked_at(void **state)
{
	struct scene *f = *state;

	add(f, "far", OUTSIDE);
	add(f, "away", OUTSIDE);
	add(f, "web", INTERNAL);
	scene_round(f);
	assert_string_equal(f->ended, "web far web away web ");
	assert_int_equal(f->failures, 3);
}

static void
a_place_that_is_taken_is_recorded(void **state)
{
	struct scene *f = *state;
	char path[256];

	directory_path(&f->directory, "web", path);
	write_file(path, "no directory", 0600);
	add(f, "web", INTERNAL);
	scene_round(f);
	assert_int_equal(f->failures, 1);
	assert_true(
	    fake_server_saw(f->server, "web: Not a directory\",\"outcome\":\"failed\""));
	assert_false(fake_server_saw(f->server, "\"step\":\"key\""));
}

static void
what_another_agent_has_begun_is_left_to_it(void **state)
{
	struct scene *f = *state;

	f->contended = true;
	add(f, "web", INTERNAL);
	scene_round(f);
	assert_int_equal(f->failures, 1);
	assert_true(fake_server_saw(f->server, "\"step\":\"key\""));
	assert_false(fake_server_saw(f->server, "GET /v1/keys/"));
}

static void
after_a_signal_nothing_is_begun(void **state)
{
	const struct timespec at_once = { 0 };
	struct scene *f = *state;
	sigset_t signals;

	add(f, "web", INTERNAL);
	raise(SIGTERM);
	assert_true(agent_is_stopped());
	scene_round(f);
	assert_false(fake_server_saw(f->server, "PUT /v1/managed/"));
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	assert_int_equal(sigtimedwait(&signals, NULL, &at_once), SIGTERM);
}

static void
a_daemon_that_is_away_is_an_error(void **state)
{
	struct scene *f = *state;
	struct client_options options = { .sockets = "/nowhere/at-all",
		.connect_timeout_ms = 100,
		.answer_timeout_ms = 100 };

	assert_int_equal(rest_connect(&f->rest, &options, &f->err), 0);
	assert_int_equal(agent_round(&f->agent, &f->failures, &f->err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rules_that_are_broken_are_recorded_whole),
		TEST(a_failed_issue_begins_with_the_key_again),
		TEST(a_request_has_a_name_of_its_own),
		TEST(after_a_verification_that_fails_the_hook_is_run_again),
		TEST(a_hook_that_fails_with_no_pair_before_is_tried_again),
		TEST(and_with_one_it_goes_back),
		TEST(but_not_to_what_is_over),
		TEST(nor_to_what_is_no_certificate),
		TEST(nor_to_what_is_revoked),
		TEST(a_key_is_replaced_always),
		TEST(or_never),
		TEST(or_before_it_is_a_year_old),
		TEST(and_not_sooner),
		TEST(a_key_that_nobody_certifies_is_replaced),
		TEST(and_no_other_is_that_was_made_for_this_renewal),
		TEST(until_it_is_to_be_renewed_itself),
		TEST(or_is_nearly_over),
		TEST(what_has_been_renewed_is_left_for_ten_minutes),
		TEST(a_request_that_cannot_be_deleted_fails_no_renewal),
		TEST(one_that_fails_does_not_stop_the_others),
		TEST(between_two_orders_of_outside_servers_the_own_are_looked_at),
		TEST(a_place_that_is_taken_is_recorded),
		TEST(what_another_agent_has_begun_is_left_to_it),
		TEST(after_a_signal_nothing_is_begun),
		TEST(a_daemon_that_is_away_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
