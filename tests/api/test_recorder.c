/* test_recorder.c - what was asked for, in the record: refusals, and signatures. */
#include "api/recorder.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/base/directory.h"

struct fixture {
	void *directory;
	char path[256];
	struct store *store;
	struct recorder *recorder;
};

static const struct recorder_use use = {
	.actor = "uid:33",
	.request = "abc-1",
	.action = "signature.made",
	.key = "web",
	.scheme = "ed25519",
};

static int
open_with(void **state, bool each)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	*state = f;
	return directory_make(&f->directory) == 0 &&
		       store_open(directory_path(&f->directory, "store.db", f->path),
			   &f->store, NULL) == 0 &&
		       recorder_new(f->store, each, &f->recorder, NULL) == 0
		   ? 0
		   : -1;
}

static int
open_by_minute(void **state)
{
	return open_with(state, false);
}

static int
open_each(void **state)
{
	return open_with(state, true);
}

static int
close_all(void **state)
{
	struct fixture *f = *state;

	recorder_free(f->recorder);
	store_close(f->store);
	directory_remove(&f->directory);
	test_free(f);
	return 0;
}

static void
sql(const struct fixture *f, const char *text)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
fill_disk(const struct fixture *f)
{
	sql(f, "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN "
	       "SELECT RAISE(ABORT, 'no room'); END");
}

struct seen {
	size_t count;
	char last[512]; /* "actor action object outcome request detail" */
};

static int
see(void *ctx, const struct audit_row *row)
{
	struct seen *seen = ctx;

	seen->count++;
	snprintf(seen->last, sizeof(seen->last), "%s %s %s %s %s %s", row->actor,
	    row->action, row->object, row->outcome, row->request, row->detail);
	return 0;
}

static struct seen
entries(const struct fixture *f)
{
	struct seen seen = { 0 };

	assert_int_equal(store_audit_each(f->store, 0, 100000, see, &seen, NULL), 0);
	return seen;
}

struct found {
	const char *text; /* how it begins: as in seen */
	size_t count;
};

static int
find(void *ctx, const struct audit_row *row)
{
	struct found *found = ctx;
	struct seen seen = { 0 };

	see(&seen, row);
	found->count += strncmp(seen.last, found->text, strlen(found->text)) == 0;
	return 0;
}

static size_t
count_of(const struct fixture *f, const char *text)
{
	struct found found = { .text = text };

	assert_int_equal(store_audit_each(f->store, 0, 100000, find, &found, NULL), 0);
	return found.count;
}

static void
enters_what_changed_since_the_last_minute(void **state)
{
	struct fixture *f = *state;
	struct error err = { .code = ERROR_TOKEN };

	assert_int_equal(recorder_note(f->recorder, &use, 0, NULL), 0);
	assert_int_equal(recorder_note(f->recorder, &use, 0, NULL), 0);
	assert_int_equal(entries(f).count, 0);
	assert_int_equal(recorder_enter(f->recorder, NULL), 0);
	assert_int_equal(entries(f).count, 1);
	assert_string_equal(
	    entries(f).last, "uid:33 signatures.counted web ok  scheme=ed25519 count=2");
	assert_int_equal(recorder_enter(f->recorder, NULL), 0);
	assert_int_equal(entries(f).count, 1);
	assert_int_equal(recorder_note(f->recorder, &use, -1, &err), -1);
	assert_int_equal(recorder_enter(f->recorder, NULL), 0);
	assert_int_equal(entries(f).count, 2);
	assert_string_equal(entries(f).last,
	    "uid:33 signatures.counted web failed  scheme=ed25519 count=1");
}

static void
admits_nothing_while_counts_cannot_be_entered(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	assert_int_equal(recorder_note(f->recorder, &use, 0, NULL), 0);
	fill_disk(f);
	assert_int_equal(recorder_admit(f->recorder, &err), 0);
	assert_int_equal(recorder_enter(f->recorder, &err), -1);
	assert_int_equal(recorder_admit(f->recorder, &err), -1);
	assert_int_equal(err.code, ERROR_UNRECORDED);
	sql(f, "DROP TRIGGER full");
	assert_int_equal(recorder_enter(f->recorder, &err), 0);
	assert_int_equal(recorder_admit(f->recorder, &err), 0);
	assert_string_equal(
	    entries(f).last, "uid:33 signatures.counted web ok  scheme=ed25519 count=1");
}

/* As on a full disk: what is written fails, and what SQLite began is lost. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
admits_nothing_while_the_disk_is_full(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(recorder_note(f->recorder, &use, 0, NULL), 0);
	limit_files(1);
	assert_int_equal(recorder_enter(f->recorder, &err), -1);
	assert_int_equal(recorder_admit(f->recorder, &err), -1);
	assert_int_equal(recorder_enter(f->recorder, &err), -1);
	limit_files(RLIM_INFINITY);
	assert_int_equal(recorder_enter(f->recorder, &err), 0);
	assert_int_equal(recorder_admit(f->recorder, &err), 0);
	assert_int_equal(entries(f).count, 1);
	assert_string_equal(
	    entries(f).last, "uid:33 signatures.counted web ok  scheme=ed25519 count=1");
}

struct sum {
	enum outcome outcome;
	unsigned long long count;
};

static int
add_up(void *ctx, struct tally_entry *entry)
{
	struct sum *sum = ctx;

	if (entry->outcome == sum->outcome)
		sum->count += atomic_load(&entry->count);
	return 0;
}

static unsigned long long
counted(const struct fixture *f, enum outcome outcome)
{
	struct sum sum = { .outcome = outcome };

	tally_each(f->recorder->signatures, add_up, &sum);
	return sum.count;
}

static void
enters_each_signature_before_its_answer(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	assert_int_equal(recorder_note(f->recorder, &use, 0, NULL), 0);
	assert_string_equal(
	    entries(f).last, "uid:33 signature.made web ok abc-1 scheme=ed25519");
	assert_int_equal(recorder_enter(f->recorder, NULL), 0);
	assert_int_equal(entries(f).count, 1);
	fill_disk(f);
	assert_int_equal(recorder_note(f->recorder, &use, 0, &err), -1);
	assert_int_equal(err.code, ERROR_UNRECORDED);
	assert_int_equal(entries(f).count, 1);
	assert_true(atomic_load(&f->recorder->behind));
	assert_int_equal(recorder_enter(f->recorder, NULL), 0);
	assert_true(atomic_load(&f->recorder->behind));
	assert_int_equal(counted(f, OUTCOME_OK), 1);
	assert_int_equal(counted(f, OUTCOME_FAILED), 1);
	sql(f, "DROP TRIGGER full");
	assert_int_equal(recorder_admit(f->recorder, NULL), 0);
	assert_int_equal(recorder_note(f->recorder, &use, 0, NULL), 0);
	assert_false(atomic_load(&f->recorder->behind));
}

/* That of a right is, as the answer to the request. */
static void
enters_each_refusal_that_has_no_entry_otherwise(void **state)
{
	struct fixture *f = *state;
	struct error scheme = { .code = ERROR_UNSUPPORTED };
	struct error right = { .code = ERROR_FORBIDDEN };

	assert_int_equal(recorder_note(f->recorder, &use, -1, &scheme), -1);
	assert_int_equal(scheme.code, ERROR_UNSUPPORTED);
	assert_string_equal(
	    entries(f).last, "uid:33 signature.made web refused abc-1 scheme=ed25519");
	assert_int_equal(recorder_note(f->recorder, &use, -1, &right), -1);
	assert_int_equal(entries(f).count, 1);
}

static const struct recorder_refusal refusal = {
	.actor = "uid:34",
	.request = "abc-2",
	.method = "GET",
	.path = "/v1/keys",
	.target = "/v1/keys?a=\x01\xff",
	.why = "uid:34 lacks the right read",
	.outcome = OUTCOME_REFUSED,
};

static void
enters_a_refusal_with_what_was_asked_for(void **state)
{
	struct fixture *f = *state;

	recorder_refuse(f->recorder, &refusal);
	assert_string_equal(entries(f).last,
	    "uid:34 request.refused /v1/keys?a=?? refused abc-2 method=GET why=uid:34 "
	    "lacks the right read");
}

/* Else whoever is refused could fill the disk. A minute may end amid the test. */
static void
counts_the_refusals_of_who_does_not_stop(void **state)
{
	struct fixture *f = *state;
	struct seen seen;

	for (int i = 0; i < 1000; i++)
		recorder_refuse(f->recorder, &refusal);
	seen = entries(f);
	assert_true(seen.count >= RECORDER_REFUSALS);
	assert_true(seen.count <= (size_t)2 * RECORDER_REFUSALS);
	assert_int_equal(recorder_enter(f->recorder, NULL), 0);
	assert_int_equal(entries(f).count, seen.count + 1);
	snprintf(seen.last, sizeof(seen.last),
	    "uid:34 requests.counted /v1/keys refused  method=GET count=%zu",
	    1000 - seen.count);
	assert_string_equal(entries(f).last, seen.last);
}

static void
refuse_many(struct recorder *recorder, bool one_network, int count)
{
	struct recorder_refusal other = refusal;
	char actor[64];

	other.actor = actor;
	other.stranger = true;
	for (int i = 0; i < count; i++) {
		snprintf(actor, sizeof(actor), "nobody:2001:db8:0:%x::%x",
		    one_network ? 1 : i, i);
		recorder_refuse(recorder, &other);
	}
}

/* As if there had been strangers for all places. */
static void
enters_refusals_of_who_is_known_beside_any_number_of_strangers(void **state)
{
	struct fixture *f = *state;
	unsigned long long full = 0;

	refuse_many(f->recorder, true, 2 * RECORDER_REFUSALS);
	for (size_t i = 0; i < RECORDER_PEERS; i++)
		full |= atomic_load(&f->recorder->strangers.entered[i]);
	for (size_t i = 0; i < RECORDER_PEERS; i++)
		atomic_store(&f->recorder->strangers.entered[i], full);
	recorder_refuse(f->recorder, &refusal);
	assert_int_equal(count_of(f, "uid:34 request.refused"), 1);
}

/* A minute may end amid the test. */
static void
takes_a_network_of_ipv6_for_one_peer(void **state)
{
	struct fixture *f = *state;

	refuse_many(f->recorder, true, 1000);
	assert_true(count_of(f, "nobody:") >= RECORDER_REFUSALS);
	assert_true(count_of(f, "nobody:") <= (size_t)2 * RECORDER_REFUSALS);
}

/* Who may do nothing, and comes as many, keeps no signature out of the record. */
static void
enters_signatures_beside_as_many_refusals_as_are_counted(void **state)
{
	struct fixture *f = *state;
	char actor[32];

	for (int i = 0; i < 2 * TALLY_ENTRIES_MAX; i++) {
		snprintf(actor, sizeof(actor), "uid:%d", 100000 + i);
		tally_add(
		    f->recorder->known.counts, actor, "/v1/keys", "GET", OUTCOME_REFUSED);
	}
	assert_int_equal(recorder_note(f->recorder, &use, 0, NULL), 0);
	assert_int_equal(recorder_enter(f->recorder, NULL), 0);
	assert_int_equal(count_of(f, "uid:33 signatures.counted web"), 1);
	assert_int_equal(recorder_enter(f->recorder, NULL), 0);
	assert_int_equal(count_of(f, "uid:33 signatures.counted web"), 1);
}

#define BY_MINUTE(name) cmocka_unit_test_setup_teardown(name, open_by_minute, close_all)
#define EACH(name)      cmocka_unit_test_setup_teardown(name, open_each, close_all)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BY_MINUTE(enters_what_changed_since_the_last_minute),
		BY_MINUTE(admits_nothing_while_counts_cannot_be_entered),
		BY_MINUTE(admits_nothing_while_the_disk_is_full),
		EACH(enters_each_signature_before_its_answer),
		EACH(enters_each_refusal_that_has_no_entry_otherwise),
		BY_MINUTE(enters_a_refusal_with_what_was_asked_for),
		BY_MINUTE(counts_the_refusals_of_who_does_not_stop),
		BY_MINUTE(enters_refusals_of_who_is_known_beside_any_number_of_strangers),
		BY_MINUTE(takes_a_network_of_ipv6_for_one_peer),
		BY_MINUTE(enters_signatures_beside_as_many_refusals_as_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
