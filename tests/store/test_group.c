/* test_group.c - changes that share a commit, and what they do not share. */
#include "store/group.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "store/blocked_keys.h"
#include "store/database.h"
#include "store/ocsp.h"
#include "store/revocations.h"
#include "tests/store/fixture.h"

#define MEMBERS 8 /* the first commits alone, the others together */

enum fate {
	FATE_GOES_WELL,
	FATE_FAILS,
	FATE_LOSES_THE_TRANSACTION, /* as SQLite does when the disk is full */
};

struct work {
	struct store *store;
	enum fate fate;
	char object[32];
	pthread_t thread;
	int rc;
	struct error err;
};

struct party {
	struct work works[MEMBERS];
	atomic_int commits, ended, ended_before_commit;
	int refused_commit; /* counted from 1; 0: none */
};

static _Atomic(struct party *) current;

static int
add_entry(struct store *store, void *ctx, struct error *err)
{
	struct work *work = ctx;
	struct audit_event event = an_event;

	event.object = work->object;
	if (audit_insert(store, &event, err) != 0)
		return -1;
	if (work->fate == FATE_GOES_WELL)
		return 0;
	if (work->fate == FATE_LOSES_THE_TRANSACTION)
		database_exec(store, "ROLLBACK", NULL);
	return error_set(err, ERROR_CONFLICT, "no to %s", work->object);
}

static void *
run_work(void *arg)
{
	struct work *work = arg;

	work->rc = group_run(work->store, add_entry, work, &work->err);
	atomic_fetch_add(&atomic_load(&current)->ended, 1);
	return NULL;
}

/* Before a commit is on disk; not 0 refuses it. */
static int
note_commit(void *ctx)
{
	struct party *party = ctx;
	int number = atomic_fetch_add(&party->commits, 1) + 1;

	if (number == 2)
		party->ended_before_commit = party->ended;
	return number == party->refused_commit;
}

static void
wait_for_line(struct store *store, int length)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int count;

	do {
		nanosleep(&moment, NULL);
		count = 0;
		pthread_mutex_lock(&store->group.lock);
		for (struct group_member *m = store->group.first; m != NULL; m = m->next)
			count++;
		if (!store->group.busy)
			count = -1;
		pthread_mutex_unlock(&store->group.lock);
	} while (count != length);
}

/* One leads and waits for the database, the others line up behind it. */
static void
run_party(struct party *party, struct fixture *fixture)
{
	struct store *store = fixture->store;

	atomic_store(&current, party);
	sqlite3_commit_hook(store->db, note_commit, party);
	store_lock(store);
	for (int i = 0; i < MEMBERS; i++) {
		struct work *work = &party->works[i];

		work->store = store;
		snprintf(work->object, sizeof(work->object), "member %d", i);
		assert_int_equal(pthread_create(&work->thread, NULL, run_work, work), 0);
		wait_for_line(store, i);
	}
	store_unlock(store);
	for (int i = 0; i < MEMBERS; i++)
		assert_int_equal(pthread_join(party->works[i].thread, NULL), 0);
	sqlite3_commit_hook(store->db, NULL, NULL);
}

static int64_t
entries(struct fixture *fixture)
{
	int64_t count = -1;

	assert_int_equal(store_audit_verify(fixture->store, &count, NULL), 0);
	return count;
}

static void
commits_once_for_all_who_waited(void **state)
{
	struct party party = { 0 };

	run_party(&party, *state);
	for (int i = 0; i < MEMBERS; i++)
		assert_int_equal(party.works[i].rc, 0);
	assert_int_equal(party.commits, 2);
	assert_int_equal(entries(*state), MEMBERS);
	fixture_reopen(*state);
	assert_int_equal(entries(*state), MEMBERS);
}

static void
answers_nobody_before_the_commit(void **state)
{
	struct party party = { 0 };

	run_party(&party, *state);
	/* The first has its own commit behind it. */
	assert_true(party.ended_before_commit <= 1);
	assert_int_equal(party.ended, MEMBERS);
}

static void
undoes_only_the_change_that_failed(void **state)
{
	struct party party = { 0 };

	party.works[3].fate = party.works[7].fate = FATE_FAILS;
	run_party(&party, *state);
	for (int i = 0; i < MEMBERS; i++)
		assert_int_equal(party.works[i].rc, i == 3 || i == 7 ? -1 : 0);
	assert_int_equal(party.works[3].err.code, ERROR_CONFLICT);
	assert_string_equal(party.works[3].err.text, "no to member 3");
	assert_string_equal(party.works[7].err.text, "no to member 7");
	assert_int_equal(entries(*state), MEMBERS - 2);
}

static void
undoes_a_lone_change_that_failed(void **state)
{
	struct fixture *fixture = *state;
	struct work work = { .fate = FATE_FAILS, .object = "lone" };

	assert_int_equal(group_run(fixture->store, add_entry, &work, &work.err), -1);
	assert_string_equal(work.err.text, "no to lone");
	assert_int_equal(entries(fixture), 0);
	work.fate = FATE_GOES_WELL;
	assert_int_equal(group_run(fixture->store, add_entry, &work, &work.err), 0);
	assert_int_equal(entries(fixture), 1);
}

static void
fails_all_who_share_a_commit_that_fails(void **state)
{
	struct party party = { .refused_commit = 2 };

	run_party(&party, *state);
	assert_int_equal(party.works[0].rc, 0);
	for (int i = 1; i < MEMBERS; i++) {
		assert_int_equal(party.works[i].rc, -1);
		assert_int_equal(party.works[i].err.code, ERROR_IO);
	}
	assert_int_equal(entries(*state), 1);
}

static void
fails_all_when_one_loses_the_transaction(void **state)
{
	struct fixture *fixture = *state;
	struct party party = { 0 };

	party.works[4].fate = FATE_LOSES_THE_TRANSACTION;
	run_party(&party, fixture);
	for (int i = 1; i < MEMBERS; i++)
		assert_int_equal(party.works[i].rc, -1);
	assert_int_equal(party.works[1].err.code, ERROR_IO);
	assert_string_equal(party.works[4].err.text, "no to member 4");
	assert_int_equal(entries(fixture), 1);
	assert_int_equal(store_audit_append(fixture->store, &an_event, NULL), 0);
	assert_int_equal(entries(fixture), 2);
}

static bool
is_blocked(struct store *store)
{
	const unsigned char hash[32] = { 0 };
	struct blocked_key_row row;
	bool found = false;

	assert_int_equal(store_blocked_key_find(store, hash, &row, &found, NULL), 0);
	return found;
}

/* With the lock held, a look-up that wanted it would never end. */
static void
look_ups_wait_for_no_commit_and_see_nothing_before_it(void **state)
{
	struct store *store = ((struct fixture *)*state)->store;
	struct ocsp_record record;
	struct revocation revocation;
	struct error err = { 0 };

	assert_int_equal(transaction_begin(store, NULL), 0);
	assert_int_equal(
	    database_exec(
		store, "INSERT INTO blocked_keys VALUES (zeroblob(32), 'x', 1)", NULL),
	    0);
	assert_false(is_blocked(store));
	assert_int_equal(store_revocation_find(store, "01", &revocation, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(store_ocsp_find(store, "root", "01", &record, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(transaction_end(store, 0, NULL), 0);
	assert_true(is_blocked(store));
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(commits_once_for_all_who_waited),
		STORE_TEST(answers_nobody_before_the_commit),
		STORE_TEST(undoes_only_the_change_that_failed),
		STORE_TEST(undoes_a_lone_change_that_failed),
		STORE_TEST(fails_all_who_share_a_commit_that_fails),
		STORE_TEST(fails_all_when_one_loses_the_transaction),
		STORE_TEST(look_ups_wait_for_no_commit_and_see_nothing_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
