/* test_profiles.c - documents, their versions, and what the record says of them. */
#include "store/profiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/store/fixture.h"

static int
list(void *ctx, const struct profile_row *row)
{
	char *text = ctx;
	size_t len = strlen(text);

	assert_true(row->changed > 0);
	snprintf(text + len, 128 - len, "%s@%lld %s;", row->name, (long long)row->version,
	    row->document);
	return 0;
}

static void
keeps_the_last_document_of_each_name(void **state)
{
	struct fixture *f = *state;
	char text[128] = "";
	int64_t first, second, third, entries;

	assert_int_equal(
	    store_profile_put(f->store, "web", "{1}", &an_event, &first, NULL), 0);
	assert_int_equal(
	    store_profile_put(f->store, "api", "{2}", &an_event, &second, NULL), 0);
	assert_int_equal(
	    store_profile_put(f->store, "web", "{3}", &an_event, &third, NULL), 0);
	assert_true(first < second && second < third);
	fixture_reopen(f);
	assert_int_equal(store_profile_each(f->store, list, text, NULL), 0);
	assert_string_equal(text, "api@2 {2};web@3 {3};");
	assert_int_equal(store_audit_verify(f->store, &entries, NULL), 0);
	assert_int_equal(entries, 3);
}

/* Who holds an entity tag of the first must not change the second by it. */
static void
never_uses_a_version_twice(void **state)
{
	struct fixture *f = *state;
	int64_t before, after, entries;

	assert_int_equal(
	    store_profile_put(f->store, "web", "{}", &an_event, &before, NULL), 0);
	assert_int_equal(store_profile_delete(f->store, "web", &an_event, NULL), 0);
	assert_int_equal(
	    store_profile_put(f->store, "web", "{}", &an_event, &after, NULL), 0);
	assert_true(after > before);
	assert_int_equal(store_audit_verify(f->store, &entries, NULL), 0);
	assert_int_equal(entries, 3);
}

static void
deletes_nothing_that_is_not_there(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	int64_t entries;

	assert_int_equal(store_profile_delete(f->store, "web", &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(store_audit_verify(f->store, &entries, NULL), 0);
	assert_int_equal(entries, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    keeps_the_last_document_of_each_name, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(
		    never_uses_a_version_twice, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(
		    deletes_nothing_that_is_not_there, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
