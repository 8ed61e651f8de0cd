/* test_audit.c - the chained record, and how tampering shows. */
#include "store/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/clock.h"
#include "tests/store/fixture.h"

static void
append(struct fixture *fixture, int count)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(store_audit_append(fixture->store, &an_event, NULL), 0);
}

struct seen {
	int64_t first, last;
	size_t count, stop_at;
	struct audit_row row;
	char detail[64];
};

static int
see(void *ctx, const struct audit_row *row)
{
	struct seen *seen = ctx;

	if (seen->count++ == 0)
		seen->first = row->seq;
	seen->last = row->seq;
	seen->row = *row;
	assert_int_equal(text_copy(seen->detail, sizeof(seen->detail), row->detail), 0);
	return seen->count == seen->stop_at;
}

static void
numbers_entries_from_one(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { 0 };

	append(fixture, 3);
	assert_int_equal(store_audit_each(fixture->store, 0, 100, see, &seen, NULL), 0);
	assert_int_equal(seen.first, 1);
	assert_int_equal(seen.last, 3);
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.detail, "detail");
}

static void
pages_by_sequence_and_limit(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { 0 };

	append(fixture, 5);
	assert_int_equal(store_audit_each(fixture->store, 2, 2, see, &seen, NULL), 0);
	assert_int_equal(seen.first, 3);
	assert_int_equal(seen.last, 4);
}

static void
stops_when_visit_says_so(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { .stop_at = 1 };

	append(fixture, 3);
	assert_int_equal(store_audit_each(fixture->store, 0, 100, see, &seen, NULL), 0);
	assert_int_equal(seen.count, 1);
}

static void
append_as(struct fixture *fixture, const char *actor, const char *action)
{
	struct audit_event event = an_event;

	event.actor = actor;
	event.action = action;
	assert_int_equal(store_audit_append(fixture->store, &event, NULL), 0);
}

static const struct audit_filter anything = { "", "", "", INT64_MIN, INT64_MAX };

/* How many pass; the last is in seen. */
static size_t
search(struct fixture *fixture, const struct audit_filter *filter, struct seen *seen)
{
	int64_t searched;

	*seen = (struct seen){ 0 };
	assert_int_equal(store_audit_search(fixture->store, filter, INT64_MIN, 100, see,
			     seen, &searched, NULL),
	    0);
	assert_int_equal(searched, INT64_MAX);
	return seen->count;
}

static void
finds_by_actor_action_object_and_time(void **state)
{
	struct fixture *fixture = *state;
	struct audit_filter filter = anything;
	struct seen seen;

	append_as(fixture, "uid:1", "key.created");
	append_as(fixture, "uid:2", "key.rotated");
	append_as(fixture, "uid:2", "keys.listed");
	filter.actor = "uid:2";
	assert_int_equal(search(fixture, &filter, &seen), 2);
	filter.action = "key";
	assert_int_equal(search(fixture, &filter, &seen), 1);
	assert_int_equal(seen.last, 2);
	filter.actor = "";
	assert_int_equal(search(fixture, &filter, &seen), 2);
	filter.action = "key.created";
	assert_int_equal(search(fixture, &filter, &seen), 1);
	filter.object = "another";
	assert_int_equal(search(fixture, &filter, &seen), 0);
	filter = anything;
	filter.since = clock_now_s() - 100;
	assert_int_equal(search(fixture, &filter, &seen), 3);
	filter.until = filter.since + 1;
	assert_int_equal(search(fixture, &filter, &seen), 0);
}

static void
looks_through_so_many_and_says_where_to_go_on(void **state)
{
	struct fixture *fixture = *state;
	struct audit_filter filter = anything;
	struct audit_event *events = calloc(AUDIT_SEARCHED + 1, sizeof(*events));
	struct seen seen = { 0 };
	int64_t searched;

	assert_non_null(events);
	for (size_t i = 0; i <= AUDIT_SEARCHED; i++)
		events[i] = an_event;
	events[AUDIT_SEARCHED].actor = "uid:2";
	assert_int_equal(
	    store_audit_append_all(fixture->store, events, AUDIT_SEARCHED + 1, NULL), 0);
	free(events);
	filter.actor = "uid:2";
	assert_int_equal(store_audit_search(fixture->store, &filter, INT64_MIN, 100, see,
			     &seen, &searched, NULL),
	    0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(searched, AUDIT_SEARCHED);
	assert_int_equal(store_audit_search(fixture->store, &filter, searched, 100, see,
			     &seen, &searched, NULL),
	    0);
	assert_int_equal(seen.last, AUDIT_SEARCHED + 1);
	assert_int_equal(searched, INT64_MAX);
}

/* The format is a promise: others may verify an exported record with their own tools. */
static void
hashes_the_documented_text(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { 0 };
	struct audit_event event = an_event;
	unsigned char text[128] = { 0 }, hash[32];
	int len;

	event.outcome = OUTCOME_REFUSED;
	event.request = "abc-1";
	assert_int_equal(store_audit_append(fixture->store, &event, NULL), 0);
	assert_int_equal(store_audit_each(fixture->store, 0, 1, see, &seen, NULL), 0);
	len = snprintf((char *)text + 32, sizeof(text) - 32,
	    "v2,1,%lld,5:uid:0,9:test.done,6:object,7:refused,5:abc-1,6:detail,",
	    (long long)seen.row.time);
	assert_int_equal(
	    EVP_Digest(text, 32 + (size_t)len, hash, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(seen.row.hash, hash, sizeof(hash));
}

static void
appends_all_or_none(void **state)
{
	struct fixture *fixture = *state;
	const struct audit_event events[] = { an_event, an_event, an_event };
	int64_t entries = -1;

	assert_int_equal(store_audit_append_all(fixture->store, events, 3, NULL), 0);
	fixture_sql(fixture,
	    "CREATE TRIGGER full BEFORE INSERT ON audit WHEN new.seq = 5 BEGIN "
	    "SELECT RAISE(ABORT, 'disk full'); END");
	assert_int_equal(store_audit_append_all(fixture->store, events, 3, NULL), -1);
	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
	assert_int_equal(entries, 3);
}

static int
keep_head(void *ctx, int64_t id, const struct audit_head *head)
{
	struct audit_head *kept = ctx;

	assert_true(id > 0);
	*kept = *head;
	assert_int_equal(head->spki.len, 3);
	assert_memory_equal(head->spki.data, "key", 3);
	assert_int_equal(head->signature.len, 4);
	return 0;
}

static void
keeps_heads_beside_the_entries(void **state)
{
	struct fixture *fixture = *state;
	struct audit_head head, kept = { 0 };

	assert_int_equal(store_audit_end(fixture->store, &head, NULL), 0);
	assert_int_equal(head.seq, 0);
	assert_int_equal(
	    store_audit_head_last(fixture->store, keep_head, &kept, NULL), 0);
	assert_int_equal(kept.seq, 0);
	append(fixture, 2);
	assert_int_equal(store_audit_end(fixture->store, &head, NULL), 0);
	assert_int_equal(head.seq, 2);
	head.spki = (struct bytes){ (const unsigned char *)"key", 3 };
	head.signature = (struct bytes){ (const unsigned char *)"sign", 4 };
	assert_int_equal(store_audit_head_add(fixture->store, &head, NULL), 0);
	assert_int_equal(
	    store_audit_head_each(fixture->store, 0, 10, keep_head, &kept, NULL), 0);
	assert_int_equal(kept.seq, 2);
	assert_memory_equal(kept.hash, head.hash, sizeof(head.hash));
	kept.seq = 0;
	assert_int_equal(
	    store_audit_head_last(fixture->store, keep_head, &kept, NULL), 0);
	assert_int_equal(kept.seq, 2);
}

static void
stores_no_detail_as_empty(void **state)
{
	struct fixture *fixture = *state;
	struct audit_event event = an_event;
	struct seen seen = { 0 };
	int64_t entries = 0;

	event.detail = NULL;
	assert_int_equal(store_audit_append(fixture->store, &event, NULL), 0);
	assert_int_equal(store_audit_each(fixture->store, 0, 1, see, &seen, NULL), 0);
	assert_string_equal(seen.detail, "");
	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
}

static void
verifies_an_empty_record(void **state)
{
	struct fixture *fixture = *state;
	int64_t entries = -1;

	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
	assert_int_equal(entries, 0);
}

/* One more than a batch of the verifier. */
static void
verifies_across_batches(void **state)
{
	struct fixture *fixture = *state;
	int64_t entries = 0;

	append(fixture, 1001);
	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
	assert_int_equal(entries, 1001);
}

static void
check_tampering(struct fixture *fixture, const char *sql, const char *where)
{
	struct error err = { 0 };
	int64_t entries = 0;

	append(fixture, 5);
	fixture_sql(fixture, sql);
	assert_int_equal(store_audit_verify(fixture->store, &entries, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, where));
}

static void
finds_a_changed_entry(void **state)
{
	check_tampering(
	    *state, "UPDATE audit SET actor = 'uid:1' WHERE seq = 3", "entry 3");
}

static void
finds_a_removed_entry(void **state)
{
	check_tampering(*state, "DELETE FROM audit WHERE seq = 2", "entry 2");
}

static void
finds_a_removed_beginning(void **state)
{
	check_tampering(*state, "DELETE FROM audit WHERE seq = 1", "entry 1");
}

static void
finds_text_moved_between_fields(void **state)
{
	check_tampering(*state,
	    "UPDATE audit SET object = 'object6', detail = 'detail' WHERE seq = 4",
	    "entry 4");
}

static void
finds_a_changed_hash(void **state)
{
	check_tampering(
	    *state, "UPDATE audit SET hash = zeroblob(32) WHERE seq = 5", "entry 5");
}

static void
finds_what_hides_behind_a_nul(void **state)
{
	check_tampering(*state,
	    "UPDATE audit SET detail = detail || char(0) || 'more' WHERE seq = 2",
	    "entry 2");
}

static void
finds_an_entry_made_older(void **state)
{
	check_tampering(*state, "UPDATE audit SET version = 1 WHERE seq = 3", "entry 3");
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(numbers_entries_from_one),
		STORE_TEST(pages_by_sequence_and_limit),
		STORE_TEST(stops_when_visit_says_so),
		STORE_TEST(finds_by_actor_action_object_and_time),
		STORE_TEST(looks_through_so_many_and_says_where_to_go_on),
		STORE_TEST(hashes_the_documented_text),
		STORE_TEST(appends_all_or_none),
		STORE_TEST(keeps_heads_beside_the_entries),
		STORE_TEST(stores_no_detail_as_empty),
		STORE_TEST(verifies_an_empty_record),
		STORE_TEST(verifies_across_batches),
		STORE_TEST(finds_a_changed_entry),
		STORE_TEST(finds_a_removed_entry),
		STORE_TEST(finds_a_removed_beginning),
		STORE_TEST(finds_text_moved_between_fields),
		STORE_TEST(finds_a_changed_hash),
		STORE_TEST(finds_what_hides_behind_a_nul),
		STORE_TEST(finds_an_entry_made_older),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
