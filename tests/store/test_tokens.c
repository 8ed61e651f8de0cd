/* test_tokens.c - bearer tokens that are added, revoked and replaced after their end. */
#include "store/tokens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/store/fixture.h"

#define NOW  INT64_C(1800000000)
#define HOUR 3600

static int
add(struct fixture *fixture, const char *name, int64_t created, struct error *err)
{
	struct token_row row = { .salt = { 1, 2, 3 },
		.hash = { 4, 5, 6 },
		.created = created,
		.expires = created + HOUR };

	snprintf(row.name, sizeof(row.name), "%s", name);
	return store_token_add(fixture->store, &row, &an_event, err);
}

static int
revoke(struct fixture *fixture, const char *name, int64_t when, struct error *err)
{
	return store_token_revoke(fixture->store, name, when, &an_event, err);
}

struct tokens {
	struct token_row rows[4];
	size_t count;
};

static int
keep(void *ctx, const struct token_row *row)
{
	struct tokens *tokens = ctx;

	assert_true(tokens->count < 4);
	tokens->rows[tokens->count++] = *row;
	return 0;
}

static struct tokens
list(struct fixture *fixture)
{
	struct tokens tokens = { .count = 0 };

	assert_int_equal(store_token_each(fixture->store, keep, &tokens, NULL), 0);
	return tokens;
}

static int
count_entry(void *ctx, const struct audit_row *row)
{
	(void)row;
	++*(int *)ctx;
	return 0;
}

static int
entries(struct fixture *fixture)
{
	int count = 0;

	assert_int_equal(
	    store_audit_each(fixture->store, 0, 100, count_entry, &count, NULL), 0);
	return count;
}

static void
keeps_tokens_in_order_of_their_names(void **state)
{
	struct fixture *fixture = *state;
	const unsigned char salt[TOKEN_SALT_BYTES] = { 1, 2, 3 };
	const unsigned char hash[TOKEN_HASH_BYTES] = { 4, 5, 6 };
	struct tokens tokens;

	assert_int_equal(add(fixture, "web", NOW, NULL), 0);
	assert_int_equal(add(fixture, "deploy", NOW + 1, NULL), 0);
	fixture_reopen(fixture);
	tokens = list(fixture);
	assert_int_equal(tokens.count, 2);
	assert_string_equal(tokens.rows[0].name, "deploy");
	assert_string_equal(tokens.rows[1].name, "web");
	assert_memory_equal(tokens.rows[1].salt, salt, sizeof(salt));
	assert_memory_equal(tokens.rows[1].hash, hash, sizeof(hash));
	assert_int_equal(tokens.rows[1].created, NOW);
	assert_int_equal(tokens.rows[1].expires, NOW + HOUR);
	assert_int_equal(tokens.rows[1].revoked, 0);
	assert_int_equal(entries(fixture), 2);
}

static void
revokes_a_token_once(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };

	add(fixture, "deploy", NOW, NULL);
	assert_int_equal(revoke(fixture, "deploy", NOW + 5, &err), 0);
	assert_int_equal(list(fixture).rows[0].revoked, NOW + 5);
	assert_int_equal(revoke(fixture, "deploy", NOW + 6, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(list(fixture).rows[0].revoked, NOW + 5);
	assert_int_equal(revoke(fixture, "absent", NOW, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(entries(fixture), 2);
}

static void
refuses_the_name_of_a_good_token(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };

	add(fixture, "deploy", NOW, NULL);
	assert_int_equal(add(fixture, "deploy", NOW + HOUR - 1, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(list(fixture).rows[0].created, NOW);
	assert_int_equal(entries(fixture), 1);
}

static void
gives_the_name_of_a_token_that_has_ended_away(void **state)
{
	struct fixture *fixture = *state;
	struct tokens tokens;

	add(fixture, "deploy", NOW, NULL);
	assert_int_equal(add(fixture, "deploy", NOW + HOUR, NULL), 0);
	revoke(fixture, "deploy", NOW + HOUR + 1, NULL);
	assert_int_equal(add(fixture, "deploy", NOW + HOUR + 1, NULL), 0);
	tokens = list(fixture);
	assert_int_equal(tokens.count, 1);
	assert_int_equal(tokens.rows[0].created, NOW + HOUR + 1);
	assert_int_equal(tokens.rows[0].revoked, 0);
}

static void
forgets_what_ended_long_ago(void **state)
{
	struct fixture *fixture = *state;
	struct tokens tokens;

	add(fixture, "expired", NOW, NULL);
	add(fixture, "revoked", NOW + 10, NULL);
	revoke(fixture, "revoked", NOW + 11, NULL);
	add(fixture, "third", NOW + 10 + TOKEN_KEPT_S, NULL);
	assert_int_equal(list(fixture).count, 3);
	add(fixture, "fourth", NOW + 11 + TOKEN_KEPT_S, NULL);
	tokens = list(fixture);
	assert_int_equal(tokens.count, 3);
	assert_string_equal(tokens.rows[0].name, "expired");
	assert_string_equal(tokens.rows[1].name, "fourth");
	assert_string_equal(tokens.rows[2].name, "third");
}

static void
ends_at_its_expiry_or_its_revocation(void **state)
{
	struct token_row row = { .expires = NOW };

	(void)state;
	assert_false(token_has_ended(&row, NOW - 1));
	assert_true(token_has_ended(&row, NOW));
	row.revoked = NOW - 10;
	assert_true(token_has_ended(&row, NOW - 1));
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(keeps_tokens_in_order_of_their_names),
		STORE_TEST(revokes_a_token_once),
		STORE_TEST(refuses_the_name_of_a_good_token),
		STORE_TEST(gives_the_name_of_a_token_that_has_ended_away),
		STORE_TEST(forgets_what_ended_long_ago),
		cmocka_unit_test(ends_at_its_expiry_or_its_revocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
