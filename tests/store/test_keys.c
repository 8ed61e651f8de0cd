/* test_keys.c - the keys in use. */
#include "store/issuers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/store/fixture.h"

struct seen {
	char names[128];
	struct key_row last;
	int count, stop_at;
};

static int
see(void *ctx, const struct key_row *row)
{
	struct seen *seen = ctx;
	size_t len = strlen(seen->names);

	snprintf(seen->names + len, sizeof(seen->names) - len, "%s ", row->name);
	seen->last = *row;
	return ++seen->count == seen->stop_at;
}

static void
put_key(struct fixture *fixture, const char *name, unsigned char hash)
{
	struct key_row key = a_key(name, hash);

	assert_int_equal(store_key_add(fixture->store, &key, &an_event, NULL), 0);
}

static int
remove_key(struct fixture *fixture, unsigned char hash, struct error *err)
{
	const unsigned char spki_sha256[32] = { hash };

	return store_key_remove(fixture->store, spki_sha256, &an_event, err);
}

static int
replace_key(struct fixture *fixture, unsigned char old, const struct key_row *key,
    struct error *err)
{
	const unsigned char spki_sha256[32] = { old };

	return store_key_replace(fixture->store, spki_sha256, key, &an_event, err);
}

static void
lists_keys_by_name(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { 0 };

	put_key(fixture, "web", 1);
	put_key(fixture, "api", 2);
	assert_int_equal(store_key_each(fixture->store, see, &seen, NULL), 0);
	assert_string_equal(seen.names, "api web ");
}

static void
returns_every_field(void **state)
{
	struct fixture *fixture = *state;
	struct key_row key = a_key("web", 9);
	struct seen seen = { 0 };

	put_key(fixture, "web", 9);
	fixture_reopen(fixture);
	assert_int_equal(store_key_each(fixture->store, see, &seen, NULL), 0);
	assert_memory_equal(&seen.last, &key, sizeof(key));
}

static void
stops_when_visit_says_so(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { .stop_at = 1 };

	put_key(fixture, "web", 1);
	put_key(fixture, "api", 2);
	assert_int_equal(store_key_each(fixture->store, see, &seen, NULL), 0);
	assert_int_equal(seen.count, 1);
}

static int64_t
audit_entries(struct fixture *fixture)
{
	int64_t entries = -1;

	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
	return entries;
}

static void
refuses_a_taken_name_and_records_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct key_row again = a_key("web", 2);
	struct error err = { 0 };

	put_key(fixture, "web", 1);
	assert_int_equal(store_key_add(fixture->store, &again, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "web"));
	assert_int_equal(audit_entries(fixture), 1);
}

static void
refuses_the_same_key_under_another_name(void **state)
{
	struct fixture *fixture = *state;
	struct key_row again = a_key("other", 1);
	struct error err = { 0 };

	put_key(fixture, "web", 1);
	assert_int_equal(store_key_add(fixture->store, &again, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
}

static void
removes_a_key(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { 0 };

	put_key(fixture, "web", 1);
	assert_int_equal(remove_key(fixture, 1, NULL), 0);
	assert_int_equal(store_key_each(fixture->store, see, &seen, NULL), 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(audit_entries(fixture), 2);
}

static void
refuses_to_remove_an_unknown_key(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };

	assert_int_equal(remove_key(fixture, 1, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(audit_entries(fixture), 0);
}

static void
refuses_to_remove_the_key_of_an_issuer(void **state)
{
	struct fixture *fixture = *state;
	struct issuer_row issuer = { .name = "root", .key_spki_sha256 = { 1 } };
	struct error err = { 0 };

	put_key(fixture, "root", 1);
	assert_int_equal(store_issuer_add(fixture->store, &issuer, &an_event, NULL), 0);
	assert_int_equal(remove_key(fixture, 1, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
}

static void
replaces_a_key_and_keeps_the_old_one(void **state)
{
	struct fixture *fixture = *state;
	struct key_row second = a_key("web", 2), third = a_key("web", 3);
	struct seen seen = { 0 }, first = { .stop_at = 1 };

	put_key(fixture, "web", 1);
	put_key(fixture, "zoo", 9);
	second.created += 10;
	assert_int_equal(replace_key(fixture, 1, &second, NULL), 0);
	assert_int_equal(replace_key(fixture, 2, &third, NULL), 0);
	fixture_reopen(fixture);
	assert_int_equal(store_key_each(fixture->store, see, &first, NULL), 0);
	assert_int_equal(first.last.spki_sha256[0], 3);
	assert_int_equal(first.last.replaced, 0);
	seen.stop_at = 3;
	assert_int_equal(store_key_each(fixture->store, see, &seen, NULL), 0);
	assert_string_equal(seen.names, "web web web ");
	assert_int_equal(seen.last.spki_sha256[0], 2);
	assert_int_equal(seen.last.replaced, third.created);
	assert_int_equal(audit_entries(fixture), 4);
}

static void
removes_the_one_key_of_a_name_that_is_meant(void **state)
{
	struct fixture *fixture = *state;
	struct key_row second = a_key("web", 2), again = a_key("web", 3);
	struct seen seen = { 0 };

	put_key(fixture, "web", 1);
	assert_int_equal(replace_key(fixture, 1, &second, NULL), 0);
	assert_int_equal(remove_key(fixture, 2, NULL), 0);
	assert_int_equal(store_key_each(fixture->store, see, &seen, NULL), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.spki_sha256[0], 1);
	/* The name is free, and what was replaced stays so. */
	assert_true(seen.last.replaced != 0);
	assert_int_equal(store_key_add(fixture->store, &again, &an_event, NULL), 0);
	assert_int_equal(remove_key(fixture, 1, NULL), 0);
}

static void
check_not_replaced(struct fixture *fixture, unsigned char old, const struct key_row *key,
    enum error_code code)
{
	struct seen seen = { 0 };
	struct error err = { 0 };
	int64_t before = audit_entries(fixture);

	assert_int_equal(replace_key(fixture, old, key, &err), -1);
	assert_int_equal(err.code, code);
	assert_int_equal(store_key_each(fixture->store, see, &seen, NULL), 0);
	assert_string_equal(seen.names, "api web web ");
	assert_int_equal(audit_entries(fixture), before);
}

static void
refuses_to_replace_what_is_not_current(void **state)
{
	struct fixture *fixture = *state;
	struct key_row second = a_key("web", 2), next = a_key("web", 3);

	put_key(fixture, "web", 1);
	put_key(fixture, "api", 8);
	assert_int_equal(replace_key(fixture, 1, &second, NULL), 0);
	check_not_replaced(fixture, 1, &next, ERROR_NOT_FOUND);
	check_not_replaced(fixture, 7, &next, ERROR_NOT_FOUND);
	/* A key of another name. */
	check_not_replaced(fixture, 8, &next, ERROR_NOT_FOUND);
	/* A key there is; the current one must stay so. */
	next = a_key("web", 8);
	check_not_replaced(fixture, 2, &next, ERROR_CONFLICT);
	next = a_key("web", 3);
	assert_int_equal(replace_key(fixture, 2, &next, NULL), 0);
}

static void
refuses_a_row_that_does_not_fit(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { 0 };
	struct error err = { 0 };

	put_key(fixture, "web", 1);
	fixture_sql(fixture, "UPDATE keys SET spki = zeroblob(1025)");
	assert_int_equal(store_key_each(fixture->store, see, &seen, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_int_equal(seen.count, 0);
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(lists_keys_by_name),
		STORE_TEST(returns_every_field),
		STORE_TEST(stops_when_visit_says_so),
		STORE_TEST(refuses_a_taken_name_and_records_nothing),
		STORE_TEST(refuses_the_same_key_under_another_name),
		STORE_TEST(removes_a_key),
		STORE_TEST(refuses_to_remove_an_unknown_key),
		STORE_TEST(refuses_to_remove_the_key_of_an_issuer),
		STORE_TEST(replaces_a_key_and_keeps_the_old_one),
		STORE_TEST(removes_the_one_key_of_a_name_that_is_meant),
		STORE_TEST(refuses_to_replace_what_is_not_current),
		STORE_TEST(refuses_a_row_that_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
