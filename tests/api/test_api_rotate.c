/* test_api_rotate.c - a new key under the name of an old one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/api/fixture.h"

static void
rotate_key(struct fixture *f, const char *name, char hash[static HASH_SIZE])
{
	if (rotate(f, name, "{}") != 201)
		fail_msg("%s", body_text(f));
	snprintf(hash, HASH_SIZE, "%s", member(f, "spki_sha256"));
}

static int
get_by_hash(struct fixture *f, const char *hash)
{
	char target[128];

	snprintf(target, sizeof(target), "/v1/keys/spki:%s", hash);
	return get(f, target);
}

static int
destroy(struct fixture *f, const char *key, const char *hash)
{
	char target[128], body[128];

	snprintf(target, sizeof(target), "/v1/keys/%s", key);
	snprintf(body, sizeof(body), "{\"spki_sha256\":\"%s\"}", hash);
	return send_text(f, "DELETE", target, JSON, body);
}

static int
destroy_by_hash(struct fixture *f, const char *hash)
{
	char key[HASH_SIZE + 5];

	snprintf(key, sizeof(key), "spki:%s", hash);
	return destroy(f, key, hash);
}

static bool
is_replaced(const struct fixture *f)
{
	return strlen(member(f, "replaced")) == strlen("2026-01-31T23:59:59Z");
}

static void
makes_a_new_key_and_keeps_the_old_one(void **state)
{
	struct fixture *f = *state;
	char old[HASH_SIZE], new[HASH_SIZE], location[128];

	make_signer(f, "web", old);
	assert_true(json_is_null(json_object_get(f->json, "replaced")));
	rotate_key(f, "web", new);
	assert_string_not_equal(new, old);
	snprintf(location, sizeof(location), "/v1/keys/spki:%s", new);
	assert_string_equal(f->res.location, location);
	assert_string_equal(member(f, "name"), "web");
	assert_string_equal(member(f, "type"), "ec-p256");
	assert_string_equal(member(f, "use"), "sign");
	assert_true(has_member(f, "public_key"));
	for (int i = 0; i < 2; i++) {
		assert_current(f, "web", new);
		assert_int_equal(get_by_hash(f, old), 200);
		assert_string_equal(member(f, "name"), "web");
		assert_true(is_replaced(f));
		assert_int_equal(sign_with(f, old), 200);
		assert_int_equal(sign_with(f, new), 200);
		fixture_restart(f);
	}
}

static void
lists_the_current_key_before_those_it_replaced(void **state)
{
	struct fixture *f = *state;
	char hashes[3][HASH_SIZE];
	size_t first = 0;

	make_signer(f, "listed", hashes[0]);
	rotate_key(f, "listed", hashes[1]);
	rotate_key(f, "listed", hashes[2]);
	assert_int_equal(get(f, "/v1/keys"), 200);
	while (strcmp(list_member(f, "keys", first, "name"), "listed") != 0)
		first++;
	for (size_t i = 0; i < 3; i++) {
		const json_t *key =
		    json_array_get(json_object_get(f->json, "keys"), first + i);

		assert_string_equal(list_member(f, "keys", first + i, "name"), "listed");
		assert_string_equal(
		    list_member(f, "keys", first + i, "spki_sha256"), hashes[2 - i]);
		assert_int_equal(json_is_null(json_object_get(key, "replaced")), i == 0);
	}
}

static void
changes_the_type_when_asked_to(void **state)
{
	struct fixture *f = *state;

	make_key(f, "typed", "ec-p256", "tls");
	assert_int_equal(rotate(f, "typed", "{\"type\":\"ed25519\"}"), 201);
	assert_string_equal(member(f, "type"), "ed25519");
	assert_string_equal(member(f, "use"), "tls");
	assert_int_equal(rotate(f, "typed", "{}"), 201);
	assert_string_equal(member(f, "type"), "ed25519");
}

/* The second answer to one request that is sent twice. */
static void
rotates_the_key_that_is_meant_once(void **state)
{
	struct fixture *f = *state;
	char old[HASH_SIZE], new[HASH_SIZE], body[128];

	make_signer(f, "meant", old);
	snprintf(body, sizeof(body), "{\"spki_sha256\":\"%s\"}", old);
	assert_int_equal(rotate(f, "meant", body), 201);
	snprintf(new, sizeof(new), "%s", member(f, "spki_sha256"));
	rotate(f, "meant", body);
	assert_problem(f, 409, "conflict");
	assert_current(f, "meant", new);
	assert_int_equal(get_by_hash(f, old), 200);
	assert_true(is_replaced(f));
}

static void
refuses_a_bad_rotation(void **state)
{
	static const char *const bodies[] = { "", "[]", "{", "{\"type\":7}",
		"{\"type\":\"dsa\"}", "{\"spki_sha256\":7}", "{\"spki_sha256\":\"00\"}",
		"{\"use\":\"sign\"}", "{\"name\":\"other\"}" };
	struct fixture *f = *state;
	char hash[HASH_SIZE], target[128];

	make_signer(f, "steady", hash);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		rotate(f, "steady", bodies[i]);
		assert_problem(f, 400, "bad-request");
	}
	rotate(f, "nobody", "{}");
	assert_problem(f, 404, "not-found");
	snprintf(target, sizeof(target), "spki:%s", hash);
	rotate(f, target, "{}");
	assert_problem(f, 400, "bad-request");
	assert_true(body_has(f, "rotated by its name"));
	assert_current(f, "steady", hash);
}

static void
refuses_to_rotate_the_key_of_an_issuer(void **state)
{
	struct fixture *f = *state;

	make_issuer(f, "root", NULL);
	rotate(f, "root", "{}");
	assert_problem(f, 403, "forbidden");
	assert_true(body_has(f, "making a new issuer"));
}

static void
destroys_the_one_that_is_meant(void **state)
{
	struct fixture *f = *state;
	char old[HASH_SIZE], new[HASH_SIZE];

	make_signer(f, "pair", old);
	rotate_key(f, "pair", new);
	/* The name is the new key's, so the old one's hash does not go with it. */
	destroy(f, "pair", old);
	assert_problem(f, 409, "conflict");
	assert_int_equal(destroy_by_hash(f, old), 204);
	get_by_hash(f, old);
	assert_problem(f, 404, "not-found");
	sign_with(f, old);
	assert_problem(f, 404, "not-found");
	assert_current(f, "pair", new);
	assert_int_equal(sign_with(f, new), 200);
	fixture_restart(f);
	assert_current(f, "pair", new);
	assert_int_equal(sign_with(f, new), 200);
	assert_int_equal(destroy(f, "pair", new), 204);
	get(f, "/v1/keys/pair");
	assert_problem(f, 404, "not-found");
}

static void
frees_the_name_when_the_current_key_is_destroyed(void **state)
{
	struct fixture *f = *state;
	char old[HASH_SIZE], new[HASH_SIZE], third[HASH_SIZE];

	make_signer(f, "freed", old);
	rotate_key(f, "freed", new);
	assert_int_equal(destroy(f, "freed", new), 204);
	get(f, "/v1/keys/freed");
	assert_problem(f, 404, "not-found");
	rotate(f, "freed", "{}");
	assert_problem(f, 404, "not-found");
	post_json(f, "/v1/keys/freed/adopt", "{\"use\":\"sign\"}");
	assert_problem(f, 409, "conflict");
	assert_int_equal(sign_with(f, old), 200);
	make_signer(f, "freed", third);
	assert_current(f, "freed", third);
	assert_int_equal(sign_with(f, old), 200);
	assert_int_equal(destroy_by_hash(f, old), 204);
	assert_current(f, "freed", third);
}

/* The name is free again, and its old key is on the token, with two possible hashes. */
static void
a_replaced_key_is_not_adopted_as_another_type(void **state)
{
	static const char *const bodies[] = { "{\"use\":\"sign\"}",
		"{\"use\":\"sign\",\"type\":\"rsa-2048\"}",
		"{\"use\":\"sign\",\"type\":\"rsa-pss-2048\"}" };
	struct fixture *f = *state;
	char old[HASH_SIZE], new[HASH_SIZE];

	make_key(f, "double", "rsa-2048", "tls");
	snprintf(old, sizeof(old), "%s", member(f, "spki_sha256"));
	rotate_key(f, "double", new);
	assert_int_equal(destroy(f, "double", new), 204);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		post_json(f, "/v1/keys/double/adopt", bodies[i]);
		assert_problem(f, 409, "conflict");
		assert_true(body_has(f, "in use already as key double"));
	}
	get(f, "/v1/keys/double");
	assert_problem(f, 404, "not-found");
	assert_int_equal(destroy_by_hash(f, old), 204);
}

struct last {
	char action[32], object[32], detail[256];
};

static int
keep_last(void *ctx, const struct audit_row *row)
{
	struct last *last = ctx;

	snprintf(last->action, sizeof(last->action), "%s", row->action);
	snprintf(last->object, sizeof(last->object), "%s", row->object);
	snprintf(last->detail, sizeof(last->detail), "%s", row->detail);
	return 0;
}

static void
records_both_hashes(void **state)
{
	struct fixture *f = *state;
	char old[HASH_SIZE], new[HASH_SIZE], detail[256];
	struct last last;

	make_signer(f, "recorded", old);
	rotate_key(f, "recorded", new);
	assert_int_equal(store_audit_each(f->store, 0, 1000, keep_last, &last, NULL), 0);
	assert_string_equal(last.action, "key.rotated");
	assert_string_equal(last.object, "recorded");
	snprintf(detail, sizeof(detail),
	    "type=ec-p256 use=sign token=default old=%s new=%s", old, new);
	assert_string_equal(last.detail, detail);
	assert_int_equal(destroy_by_hash(f, old), 204);
	assert_int_equal(store_audit_each(f->store, 0, 1000, keep_last, &last, NULL), 0);
	assert_string_equal(last.action, "key.destroyed");
	assert_non_null(strstr(last.detail, old));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_new_key_and_keeps_the_old_one),
		cmocka_unit_test(lists_the_current_key_before_those_it_replaced),
		cmocka_unit_test(changes_the_type_when_asked_to),
		cmocka_unit_test(rotates_the_key_that_is_meant_once),
		cmocka_unit_test(refuses_a_bad_rotation),
		cmocka_unit_test(refuses_to_rotate_the_key_of_an_issuer),
		cmocka_unit_test(destroys_the_one_that_is_meant),
		cmocka_unit_test(frees_the_name_when_the_current_key_is_destroyed),
		cmocka_unit_test(a_replaced_key_is_not_adopted_as_another_type),
		cmocka_unit_test(records_both_hashes),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
