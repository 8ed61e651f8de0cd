/* test_api_left_keys.c - pairs that a crash left on the token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "tests/api/fixture.h"

/* What there is between making a key and recording it. */
static void
leave_key(struct fixture *f, const char *label, char cka_id[static 65])
{
	struct keystore_key key;

	assert_int_equal(keystore_generate(f->token->keystore, label, KEY_EC_P256,
			     KEY_USE_TLS, &key, NULL),
	    0);
	hex_encode(cka_id, key.id.data, key.id.len);
}

static size_t
index_of(const struct fixture *f, const char *cka_id)
{
	size_t i = 0;

	while (i < list_size(f, "keys") &&
	       strcmp(list_member(f, "keys", i, "cka_id"), cka_id) != 0)
		i++;
	return i;
}

static int
discard(struct fixture *f, const char *cka_id)
{
	char path[128];

	snprintf(path, sizeof(path), "/v1/left-keys/%s", cka_id);
	return send_text(f, "DELETE", path, NULL, "");
}

static void
lists_what_is_in_nobodys_use_and_destroys_it(void **state)
{
	struct fixture *f = *state;
	char first[65], second[65];
	size_t before;

	make_key(f, "used", "ec-p256", "tls");
	assert_int_equal(get(f, "/v1/left-keys"), 200);
	before = list_size(f, "keys");
	leave_key(f, "left", first);
	leave_key(f, "left", second);
	fixture_restart(f);
	assert_int_equal(get(f, "/v1/left-keys"), 200);
	assert_int_equal(list_size(f, "keys"), before + 2);
	assert_string_equal(list_member(f, "keys", index_of(f, first), "label"), "left");
	assert_true(body_has(f, "\"halves\":[\"private\",\"public\"]"));

	assert_int_equal(discard(f, first), 204);
	assert_int_equal(get(f, "/v1/left-keys"), 200);
	assert_int_equal(list_size(f, "keys"), before + 1);
	assert_true(index_of(f, second) < list_size(f, "keys"));
	assert_int_equal(discard(f, first), 404);
	assert_problem(f, 404, "not-found");
	assert_int_equal(discard(f, second), 204);
	/* The name was never taken. */
	make_key(f, "left", "ec-p256", "tls");
}

static void
enters_both_ends_of_a_destruction(void **state)
{
	struct fixture *f = *state;
	char cka_id[65], object[96];

	leave_key(f, "entered", cka_id);
	assert_int_equal(discard(f, cka_id), 204);
	snprintf(object, sizeof(object), "\"object\":\"cka_id:%s\"", cka_id);
	assert_int_equal(get(f, "/v1/audit?limit=1000"), 200);
	assert_true(body_has(f, object));
	assert_true(body_has(f, "key.destroying"));
	assert_true(body_has(f, "key.destroyed"));
}

static void
spares_a_key_in_use(void **state)
{
	struct fixture *f = *state;
	struct keystore_key key;
	char cka_id[65];

	make_key(f, "spared", "ec-p256", "tls");
	assert_int_equal(keyring_find(f->api.keys, "spared", &key, NULL), 0);
	hex_encode(cka_id, key.id.data, key.id.len);
	assert_int_equal(discard(f, cka_id), 409);
	assert_problem(f, 409, "conflict");
	fixture_restart(f);
	assert_int_equal(get(f, "/v1/left-keys"), 200);
	assert_int_equal(index_of(f, cka_id), list_size(f, "keys"));
}

static void
refuses_what_is_no_id(void **state)
{
	static const char *const ids[] = { "x", "0", "0g",
		"000000000000000000000000000000000000000000000000000000000000000000" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_int_equal(discard(f, ids[i]), 400);
		assert_problem(f, 400, "bad-request");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_what_is_in_nobodys_use_and_destroys_it),
		cmocka_unit_test(enters_both_ends_of_a_destruction),
		cmocka_unit_test(spares_a_key_in_use),
		cmocka_unit_test(refuses_what_is_no_id),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
