/* test_managed.c - what is managed: kept, changed by who knows it, and taken away. */
#include "store/managed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/store/fixture.h"

static const struct managed_row web = { "web", 7, 1700000000, 0, "{\"a\":1}",
	"{\"s\":1}" };

static int
list(void *ctx, const struct managed_row *row)
{
	char *text = ctx;
	size_t len = strlen(text);

	assert_int_equal(row->created, 1700000000);
	snprintf(text + len, 160 - len, "%s@%lld %s %s;", row->name,
	    (long long)row->revision, row->definition, row->state);
	return 0;
}

static int64_t
entries(struct fixture *f)
{
	int64_t count;

	assert_int_equal(store_audit_verify(f->store, &count, NULL), 0);
	return count;
}

static void
keeps_and_finds_both_documents(void **state)
{
	struct fixture *f = *state;
	struct managed_row api = web;
	char text[160] = "", one[160] = "";

	snprintf(api.name, sizeof(api.name), "api");
	assert_int_equal(store_managed_add(f->store, &web, &an_event, NULL), 0);
	assert_int_equal(store_managed_add(f->store, &api, &an_event, NULL), 0);
	fixture_reopen(f);
	assert_int_equal(store_managed_each(f->store, list, text, NULL), 0);
	assert_string_equal(text, "api@7 {\"a\":1} {\"s\":1};web@7 {\"a\":1} {\"s\":1};");
	assert_int_equal(store_managed_find(f->store, "web", list, one, NULL), 0);
	assert_string_equal(one, "web@7 {\"a\":1} {\"s\":1};");
	assert_int_equal(entries(f), 2);
}

static void
changes_what_still_has_the_revision_and_gives_it_the_next(void **state)
{
	struct fixture *f = *state;
	struct managed_row next = web;
	char text[160] = "";

	next.state = "{\"s\":2}";
	assert_int_equal(store_managed_add(f->store, &web, &an_event, NULL), 0);
	assert_int_equal(store_managed_change(f->store, &next, NULL, NULL), 0);
	assert_int_equal(store_managed_find(f->store, "web", list, text, NULL), 0);
	assert_string_equal(text, "web@8 {\"a\":1} {\"s\":2};");
	assert_int_equal(entries(f), 1);
	next.revision = 8;
	assert_int_equal(store_managed_change(f->store, &next, &an_event, NULL), 0);
	assert_int_equal(entries(f), 2);
}

static void
refuses_a_change_of_what_was_changed_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct managed_row late = web;
	struct error err = { 0 };
	char text[160] = "";

	late.revision = 6;
	late.state = "{}";
	assert_int_equal(store_managed_add(f->store, &web, &an_event, NULL), 0);
	assert_int_equal(store_managed_change(f->store, &late, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(store_managed_remove(f->store, "web", 6, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(store_managed_find(f->store, "web", list, text, NULL), 0);
	assert_string_equal(text, "web@7 {\"a\":1} {\"s\":1};");
	assert_int_equal(entries(f), 1);
}

static void
refuses_a_name_that_is_taken(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	assert_int_equal(store_managed_add(f->store, &web, &an_event, NULL), 0);
	assert_int_equal(store_managed_add(f->store, &web, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(entries(f), 1);
}

static void
removes_of_its_revision_or_of_any(void **state)
{
	struct fixture *f = *state;
	char text[160] = "";

	assert_int_equal(store_managed_add(f->store, &web, &an_event, NULL), 0);
	assert_int_equal(store_managed_remove(f->store, "web", 7, &an_event, NULL), 0);
	assert_int_equal(store_managed_add(f->store, &web, &an_event, NULL), 0);
	assert_int_equal(store_managed_remove(f->store, "web", 0, &an_event, NULL), 0);
	assert_int_equal(store_managed_each(f->store, list, text, NULL), 0);
	assert_string_equal(text, "");
	assert_int_equal(entries(f), 4);
}

static void
finds_changes_and_removes_nothing_that_is_not_there(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	char text[160] = "";

	assert_int_equal(store_managed_find(f->store, "web", list, text, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(store_managed_change(f->store, &web, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(store_managed_remove(f->store, "web", 0, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(entries(f), 0);
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(keeps_and_finds_both_documents),
		STORE_TEST(changes_what_still_has_the_revision_and_gives_it_the_next),
		STORE_TEST(refuses_a_change_of_what_was_changed_meanwhile),
		STORE_TEST(refuses_a_name_that_is_taken),
		STORE_TEST(removes_of_its_revision_or_of_any),
		STORE_TEST(finds_changes_and_removes_nothing_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
