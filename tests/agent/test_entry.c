/* What the daemon has on record, as the agent reads it; and when there is something to
 * do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "agent/entry.h"

#define NOON INT64_C(1798718400) /* 2026-12-31T12:00:00Z */
#define DAY  86400

static const char whole[] =
    "{\"name\":\"web\",\"names\":[\"api.example\"],\"source\":{\"issuer\":\"internal\","
    "\"profile\":\"server\"},\"key_type\":\"ec-p256\",\"new_key\":\"always\",\"days\":90,"
    "\"renew_before_s\":2592000,\"directory\":\"/etc/nginx/"
    "tls\",\"mode\":\"0640\",\"group\":"
    "\"www-data\",\"hook\":{\"argv\":[\"true\"],\"timeout_s\":30},\"verify\":\"127.0.0.1:"
    "443\",\"verify_name\":\"api.example\",\"grace_s\":60,\"destroy_old_keys\":true,"
    "\"state\":{\"revision\":17,\"step\":\"install\",\"spki_sha256\":\"ab\",\"serial\":"
    "\"0c\",\"not_before\":\"2026-12-30T12:00:00Z\",\"not_after\":\"2027-03-30T12:00:"
    "00Z\","
    "\"installed\":\"2026-12-30T13:00:00Z\",\"attempts\":2,\"next_attempt\":"
    "\"2026-12-31T12:01:00Z\",\"last_error\":\"why\",\"due\":\"2027-02-28T12:00:00Z\","
    "\"ask_window\":\"2026-12-31T18:00:00Z\"}}";

static json_t *
parse(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	return json;
}

static void
a_whole_entry_is_read(void **state)
{
	struct error err = { .code = ERROR_NONE };
	json_t *json = parse(whole);
	struct entry entry;

	(void)state;
	assert_int_equal(entry_read(json, &entry, &err), 0);
	assert_string_equal(entry.issuer, "internal");
	assert_int_equal(entry.place.mode, 0640);
	assert_string_equal(entry.place.group, "www-data");
	assert_null(entry.place.owner);
	assert_int_equal(entry.hook.timeout_s, 30);
	assert_true(entry.destroy_old_keys);
	assert_int_equal(entry.state.step, STEP_INSTALL);
	assert_int_equal(entry.state.next_attempt, NOON + 60);
	assert_string_equal(entry.state.last_error, "why");
	entry_clear(&entry);
	json_decref(json);
}

static void
a_report_says_all_of_a_state(void **state)
{
	struct error err = { .code = ERROR_NONE };
	json_t *json = parse(whole), *report, *with_due, *expected;
	struct entry entry;

	(void)state;
	assert_int_equal(entry_read(json, &entry, &err), 0);
	report = entry_report(&entry, "failed");
	expected = json_deep_copy(json_object_get(json, "state"));
	json_object_set_new(expected, "outcome", json_string("failed"));
	entry.state.sets_due = true;
	with_due = entry_report(&entry, "failed");
	assert_true(json_equal(with_due, expected));
	json_object_del(expected, "due"); /* the daemon's */
	assert_true(json_equal(report, expected));
	json_decref(with_due);
	json_decref(report);
	json_decref(expected);
	entry_clear(&entry);
	json_decref(json);
}

/* What is on record of this failure. */
static void
expect_error(const char *bytes, const char *text)
{
	struct entry entry = { .state = { .step = STEP_RELOAD } };
	json_t *report;

	entry_set_error(&entry, bytes);
	report = entry_report(&entry, "failed");
	assert_non_null(report);
	assert_string_equal(
	    json_string_value(json_object_get(report, "last_error")), text);
	json_decref(report);
	entry_clear(&entry);
}

static void
a_failure_is_reported_whatever_bytes_a_hook_wrote(void **state)
{
	char cut[4096 + 1], shown[4096 + 1];

	(void)state;
	expect_error(
	    "no \377 here\xc3\xa9\n\x1b[1m\ttwo", "no ? here\xc3\xa9\n?[1m\ttwo");
	expect_error("\xed\xa0\x80", "???");
	memset(cut, 'x', 4095);
	memcpy(cut + 4095, "\xc3", 2);
	memcpy(shown, cut, sizeof(cut));
	shown[4095] = '?';
	expect_error(cut, shown);
}

/* The entry above with this in the place of a member. */
static void
refuse(const char *member, json_t *value, const char *why)
{
	struct error err = { .code = ERROR_NONE };
	json_t *json = parse(whole);
	struct entry entry;

	json_object_set_new(json, member, value);
	assert_int_equal(entry_read(json, &entry, &err), -1);
	assert_non_null(strstr(err.text, why));
	entry_clear(&entry);
	json_decref(json);
}

static void
refuses_what_it_does_not_understand(void **state)
{
	(void)state;
	refuse("name", json_string("../web"), "no name");
	refuse("names", json_array(), "no definition");
	refuse("source", json_string("acme"), "no definition");
	refuse("mode", json_string("4755"), "no mode");
	refuse("directory", json_integer(1), "no directory");
	refuse("hook", json_pack("{s:s}", "shell", "true"), "no hook");
	refuse("hook", json_pack("{s:i}", "timeout_s", 3), "no hook");
	refuse("state", json_pack("{s:s}", "step", "dance"), "no step");
	refuse("state", json_null(), "no step");
}

static bool
is_due(enum step step, int64_t due, int64_t next_attempt)
{
	const struct entry entry = { .state = { .step = step,
					 .due = due,
					 .next_attempt = next_attempt,
					 .not_before = NOON - DAY,
					 .not_after = NOON + DAY } };

	return entry_is_due(&entry, NOON);
}

static void
there_is_something_to_do_when_it_is_due_or_under_way(void **state)
{
	(void)state;
	assert_true(is_due(STEP_IDLE, NOON, 0));
	assert_false(is_due(STEP_IDLE, NOON + 1, 0));
	assert_true(is_due(STEP_KEY, NOON + 1, 0));
}

static void
but_not_in_a_pause(void **state)
{
	(void)state;
	assert_false(is_due(STEP_IDLE, NOON, NOON + 1));
	assert_false(is_due(STEP_VERIFY, NOON, NOON + 1));
	assert_true(is_due(STEP_VERIFY, NOON, NOON));
}

static void
a_pause_from_a_clock_that_was_wrong_does_not_count(void **state)
{
	(void)state;
	assert_true(is_due(STEP_ISSUE, NOON, NOON + 365 * DAY));
}

static void
a_certificate_of_the_future_is_replaced(void **state)
{
	const struct entry entry = { .state = { .step = STEP_IDLE,
					 .due = NOON + 400 * DAY,
					 .not_before = NOON + 365 * DAY } };

	(void)state;
	assert_true(entry_is_due(&entry, NOON));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_entry_is_read),
		cmocka_unit_test(a_report_says_all_of_a_state),
		cmocka_unit_test(a_failure_is_reported_whatever_bytes_a_hook_wrote),
		cmocka_unit_test(refuses_what_it_does_not_understand),
		cmocka_unit_test(there_is_something_to_do_when_it_is_due_or_under_way),
		cmocka_unit_test(but_not_in_a_pause),
		cmocka_unit_test(a_pause_from_a_clock_that_was_wrong_does_not_count),
		cmocka_unit_test(a_certificate_of_the_future_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
