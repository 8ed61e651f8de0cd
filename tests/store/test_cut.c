/*
 * test_cut.c - the power goes, or the disk fails, at each operation of a day's work.
 *
 * What is checked each time: steps that were acknowledged are there, whole; later ones
 * are not; the one that was under way is there or not, but not in part; and the audit
 * record verifies with exactly the entries of what is there.
 */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/audit.h"
#include "store/crls.h"
#include "store/idempotency.h"
#include "store/issuers.h"
#include "store/profiles.h"
#include "store/revocations.h"
#include "store/tokens.h"
#include "tests/store/fixture.h"
#include "tests/support/cut_vfs.h"

static const char reserved[][STORE_SERIAL_SIZE] = { "01", "02" };
static const unsigned char a_hash[32] = { 1 };

static int
reserve(struct store *store, struct error *err)
{
	return store_serials_reserve(store, reserved, 2, "internal", err);
}

static int
record(struct store *store, struct error *err)
{
	const struct idempotency entry = { .requester = "uid:1000", .key = "k" };
	struct certificate_row row = a_certificate("01");
	char serial[STORE_SERIAL_SIZE];
	enum idempotency_state state;

	if (store_idempotency_begin(store, &entry, &state, serial, err) != 0)
		return -1;
	row.idempotency_key = entry.key;
	return store_certificate_record(store, &row, &an_event, err);
}

static int
revoke(struct store *store, struct error *err)
{
	const struct revocation revocation = { .serial = "01",
		.revoked_at = 1800000000,
		.reason = REVOCATION_KEY_COMPROMISE };
	bool changed;

	return store_revocation_add(store, &revocation, a_hash, &an_event, &changed, err);
}

static int
publish(struct store *store, int64_t number, struct error *err)
{
	static const unsigned char der[20000] = { 0x30 };
	struct crl_row rows[] = {
		{ .shard = CRL_OF_ALL, .number = number, .next_update = 100 },
		{ .shard = 0, .number = number, .next_update = 100 },
	};

	rows[0].crl = rows[1].crl = (struct bytes){ der, sizeof(der) };

	return store_crls_record(store, "internal", rows, 2, true, &an_event, err);
}

static int
publish_7(struct store *store, struct error *err)
{
	return publish(store, 7, err);
}

static int
publish_8(struct store *store, struct error *err)
{
	return publish(store, 8, err);
}

static int
add_key(struct store *store, struct error *err)
{
	const struct key_row key = a_key("web", 1);

	return store_key_add(store, &key, &an_event, err);
}

static int
rotate_key(struct store *store, struct error *err)
{
	const struct key_row next = a_key("web", 2);

	return store_key_replace(store, a_hash, &next, &an_event, err);
}

static int
add_issuer(struct store *store, struct error *err)
{
	const struct issuer_row issuer = {
		.name = "internal", .key_spki_sha256 = { 1 }, .certificate = { a_hash, 1 }
	};

	return store_issuer_add(store, &issuer, &an_event, err);
}

static int
remove_key(struct store *store, struct error *err)
{
	static const unsigned char hash[32] = { 9 };

	return store_key_remove(store, hash, &an_event, err);
}

static int
append_entries(struct store *store, struct error *err)
{
	const struct audit_event event = {
		.actor = "a", .action = "appended", .object = ""
	};
	const struct audit_event events[] = { event, event, event };

	return store_audit_append_all(store, events, 3, err);
}

static int
add_head(struct store *store, struct error *err)
{
	const struct audit_head head = { .seq = 1 };

	return store_audit_head_add(store, &head, err);
}

static int
add_token(struct store *store, struct error *err)
{
	const struct token_row token = { .name = "ci", .created = 1, .expires = 2 };

	return store_token_add(store, &token, &an_event, err);
}

static int
put_profile(struct store *store, struct error *err)
{
	int64_t version;

	return store_profile_put(store, "mine", "{}", &an_event, &version, err);
}

/* What a step leaves is counted: all of it, or nothing, or the step was made in part. */
static const struct step {
	const char *name;
	int (*take)(struct store *store, struct error *err);
	int entries;
	int64_t traces;
	const char *count;
} steps[] = {
	{ "reserve serials", reserve, 0, 1,
	    "SELECT count(*) FROM reservations WHERE serial = '02'" },
	{ "record a certificate", record, 1, 4,
	    "SELECT (SELECT count(*) FROM certificates) + "
	    "(SELECT count(*) FROM certificate_names) + "
	    "(SELECT count(*) FROM idempotency WHERE serial = '01') + "
	    "(EXISTS (SELECT 1 FROM certificates) AND "
	    " NOT EXISTS (SELECT 1 FROM reservations WHERE serial = '01'))" },
	{ "revoke", revoke, 1, 3,
	    "SELECT (SELECT count(*) FROM revocations) + "
	    "(SELECT count(*) FROM blocked_keys) + "
	    "(SELECT count(*) FROM certificates WHERE revoked_at IS NOT NULL)" },
	{ "publish a CRL", publish_7, 1, 3,
	    "SELECT (SELECT count(*) FROM crls WHERE number >= 7) + "
	    "(SELECT count(*) FROM crl_bases WHERE number = 7)" },
	{ "add a key", add_key, 1, 1,
	    "SELECT count(*) FROM keys WHERE hex(spki_sha256) LIKE '01%'" },
	{ "add an issuer", add_issuer, 1, 1, "SELECT count(*) FROM issuers" },
	{ "rotate a key", rotate_key, 1, 2,
	    "SELECT (SELECT count(*) FROM keys WHERE replaced IS NOT NULL) + "
	    "(SELECT count(*) FROM keys WHERE hex(spki_sha256) LIKE '02%')" },
	{ "remove a key", remove_key, 1, 1,
	    "SELECT count(*) = 0 FROM keys WHERE name = 'old'" },
	{ "append to the audit record", append_entries, 3, 3,
	    "SELECT count(*) FROM audit WHERE action = 'appended'" },
	{ "sign its head", add_head, 0, 1, "SELECT count(*) FROM audit_heads" },
	{ "publish the next CRL", publish_8, 1, 3,
	    "SELECT (SELECT count(*) FROM crls WHERE number = 8) + "
	    "(SELECT count(*) FROM crl_bases WHERE number = 8)" },
	{ "make a token", add_token, 1, 1, "SELECT count(*) FROM tokens" },
	{ "change a profile", put_profile, 1, 1, "SELECT count(*) FROM profiles" },
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

static void
begin_day(void **state)
{
	struct key_row old = a_key("old", 9);
	struct fixture *fixture;

	assert_int_equal(fixture_open(state), 0);
	fixture = *state;
	assert_int_equal(store_key_add(fixture->store, &old, &an_event, NULL), 0);
	cut_vfs_settle();
}

static void
end_day(void **state)
{
	struct fixture *fixture = *state;

	store_close(fixture->store);
	fixture->store = NULL;
	cut_vfs_power_on(SURVIVES_ALL);
	assert_int_equal(fixture_close(state), 0);
}

/* How many of the steps were acknowledged; none follows one that was not. */
static size_t
take_steps(struct store *store, struct error *err)
{
	size_t taken = 0;

	while (taken < STEPS && steps[taken].take(store, err) == 0)
		taken++;
	return taken;
}

static bool
was_taken(sqlite3 *db, const struct step *step)
{
	sqlite3_stmt *st = NULL;
	int64_t traces;

	assert_int_equal(sqlite3_prepare_v2(db, step->count, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	traces = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (traces != 0 && traces != step->traces)
		fail_msg("%s: %lld traces of %lld", step->name, (long long)traces,
		    (long long)step->traces);
	return traces != 0;
}

static size_t
count_taken(const struct fixture *fixture)
{
	sqlite3 *db = NULL;
	size_t there = 0;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	while (there < STEPS && was_taken(db, &steps[there]))
		there++;
	for (size_t i = there; i < STEPS; i++)
		if (was_taken(db, &steps[i]))
			fail_msg(
			    "%s is there, %s is not", steps[i].name, steps[there].name);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return there;
}

/* *there is how many are. */
static void
check_steps(const struct fixture *fixture, size_t acknowledged, size_t *there)
{
	int64_t expected = 1, entries;
	struct error err = { 0 };

	*there = count_taken(fixture);
	for (size_t i = 0; i < *there; i++)
		expected += steps[i].entries;
	if (*there < acknowledged)
		fail_msg("%s was acknowledged and is lost", steps[*there].name);
	assert_true(*there <= acknowledged + 1);
	if (store_audit_verify(fixture->store, &entries, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(entries, expected);
}

static void
finish_day(struct fixture *fixture, size_t there)
{
	struct error err = { 0 };

	for (size_t i = there; i < STEPS; i++)
		if (steps[i].take(fixture->store, &err) != 0)
			fail_msg("%s, again: %s", steps[i].name, err.text);
	check_steps(fixture, STEPS, &there);
	/* What was used once is used for good. */
	assert_int_equal(publish(fixture->store, 8, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(store_certificate_reserve(
				     fixture->store, reserved[i], "internal", &err),
		    -1);
		assert_int_equal(err.code, ERROR_CONFLICT);
	}
}

/* Whether it came to a cut. */
static bool
lose_power(unsigned at, enum survival survival)
{
	struct fixture *fixture;
	size_t taken, there;
	void *state;
	bool fell;

	begin_day(&state);
	fixture = state;
	cut_vfs_arm(CUT_POWER, at);
	taken = take_steps(fixture->store, NULL);
	store_close(fixture->store);
	fixture->store = NULL;
	fell = cut_vfs_fell();
	cut_vfs_power_on(survival);
	fixture_reopen(fixture);
	check_steps(fixture, taken, &there);
	finish_day(fixture, there);
	end_day(&state);
	return fell;
}

static void
loses_nothing_when_the_power_goes(void **state)
{
	unsigned cuts = 0, at;

	(void)state;
	for (enum survival survival = 0; survival < SURVIVALS; survival++)
		for (at = 1; lose_power(at, survival); at++)
			cuts++;
	print_message("the power went at %u places: nothing lost\n", cuts);
	assert_true(cuts > SURVIVALS * 3 * STEPS);
}

/* The disk fails from operation at on, then is well again. */
static bool
lose_disk(enum cut cut, unsigned at)
{
	struct fixture *fixture;
	struct error err = { 0 };
	size_t taken, there;
	void *state;
	bool fell;

	begin_day(&state);
	fixture = state;
	cut_vfs_arm(cut, at);
	taken = take_steps(fixture->store, &err);
	fell = cut_vfs_fell();
	if (taken < STEPS)
		assert_int_equal(err.code, cut == CUT_IO ? ERROR_IO : ERROR_STORAGE);
	check_steps(fixture, taken, &there);
	assert_int_equal(there, taken);
	cut_vfs_settle();
	finish_day(fixture, there);
	fixture_reopen(fixture);
	check_steps(fixture, STEPS, &there);
	end_day(&state);
	return fell;
}

static void
goes_on_when_there_is_room_again(void **state)
{
	unsigned at;

	(void)state;
	for (at = 1; lose_disk(CUT_FULL, at); at++)
		continue;
	assert_true(at > 2 * STEPS);
}

static void
goes_on_when_the_disk_works_again(void **state)
{
	unsigned at;

	(void)state;
	for (at = 1; lose_disk(CUT_IO, at) && lose_disk(CUT_READ_ONLY, at); at++)
		continue;
	assert_true(at > 2 * STEPS);
}

/* Whether it came to a cut. An older store is as it was, or up to date. */
static bool
lose_power_in_migration(int version, unsigned at, enum survival survival)
{
	struct fixture *fixture;
	void *state;
	bool fell;

	begin_day(&state);
	fixture = state;
	fixture_make_old(fixture, version);
	fixture_sql(fixture, "INSERT INTO reservations (serial, issuer, created) VALUES "
			     "('01', 'internal', 1)");
	cut_vfs_settle();
	cut_vfs_arm(CUT_POWER, at);
	if (store_open(fixture->path, &fixture->store, NULL) == 0)
		store_close(fixture->store);
	fixture->store = NULL;
	fell = cut_vfs_fell();
	cut_vfs_power_on(survival);
	fixture_reopen(fixture);
	assert_int_equal(take_steps(fixture->store, NULL), 0); /* 01 is taken */
	assert_int_equal(add_token(fixture->store, NULL), 0);
	end_day(&state);
	return fell;
}

static void
a_migration_is_made_or_not(void **state)
{
	unsigned at, cuts = 0;

	(void)state;
	for (enum survival survival = 0; survival < SURVIVALS; survival++)
		for (int version = 2; version <= 4; version++)
			for (at = 1; lose_power_in_migration(version, at, survival); at++)
				cuts++;
	assert_true(cuts > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loses_nothing_when_the_power_goes),
		cmocka_unit_test(a_migration_is_made_or_not),
		cmocka_unit_test(goes_on_when_there_is_room_again),
		cmocka_unit_test(goes_on_when_the_disk_works_again),
	};

	cut_vfs_register();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
