/* test_api_rotate.c - a new key under the name of an old one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>

#include "pkcs11/generate.h"
#include "tests/api/fixture.h"
#include "tests/base/directory.h"

#define HASH_SIZE 65
#define SIGN      "/sign?scheme=ecdsa_secp256r1_sha256"

/* Makes a key of use sign and leaves its hash. */
static void
make(struct fixture *f, const char *name, char hash[static HASH_SIZE])
{
	make_key(f, name, "ec-p256", "sign");
	snprintf(hash, HASH_SIZE, "%s", member(f, "spki_sha256"));
}

static int
rotate(struct fixture *f, const char *name, const char *body)
{
	char target[128];

	snprintf(target, sizeof(target), "/v1/keys/%s/rotate", name);
	return post_json(f, target, body);
}

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
sign_with(struct fixture *f, const char *hash)
{
	char target[160];

	snprintf(target, sizeof(target), "/v1/keys/spki:%s" SIGN, hash);
	return send_text(f, "POST", target, OCTETS, "hello");
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
assert_current(struct fixture *f, const char *name, const char *hash)
{
	char target[128];

	snprintf(target, sizeof(target), "/v1/keys/%s", name);
	assert_int_equal(get(f, target), 200);
	assert_string_equal(member(f, "spki_sha256"), hash);
	assert_true(json_is_null(json_object_get(f->json, "replaced")));
}

static void
makes_a_new_key_and_keeps_the_old_one(void **state)
{
	struct fixture *f = *state;
	char old[HASH_SIZE], new[HASH_SIZE], location[128];

	make(f, "web", old);
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

	make(f, "listed", hashes[0]);
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

static void
refuses_a_bad_rotation(void **state)
{
	static const char *const bodies[] = { "", "[]", "{", "{\"type\":7}",
		"{\"type\":\"dsa\"}", "{\"use\":\"sign\"}", "{\"name\":\"other\"}" };
	struct fixture *f = *state;
	char hash[HASH_SIZE], target[128];

	make(f, "steady", hash);
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

	make(f, "pair", old);
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

	make(f, "freed", old);
	rotate_key(f, "freed", new);
	assert_int_equal(destroy(f, "freed", new), 204);
	get(f, "/v1/keys/freed");
	assert_problem(f, 404, "not-found");
	rotate(f, "freed", "{}");
	assert_problem(f, 404, "not-found");
	post_json(f, "/v1/keys/freed/adopt", "{\"use\":\"sign\"}");
	assert_problem(f, 409, "conflict");
	assert_int_equal(sign_with(f, old), 200);
	make(f, "freed", third);
	assert_current(f, "freed", third);
	assert_int_equal(sign_with(f, old), 200);
	assert_int_equal(destroy_by_hash(f, old), 204);
	assert_current(f, "freed", third);
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

	make(f, "recorded", old);
	rotate_key(f, "recorded", new);
	assert_int_equal(store_audit_each(f->store, 0, 1000, keep_last, &last, NULL), 0);
	assert_string_equal(last.action, "key.rotated");
	assert_string_equal(last.object, "recorded");
	snprintf(detail, sizeof(detail), "type=ec-p256 use=sign old=%s new=%s", old, new);
	assert_string_equal(last.detail, detail);
	assert_int_equal(destroy_by_hash(f, old), 204);
	assert_int_equal(store_audit_each(f->store, 0, 1000, keep_last, &last, NULL), 0);
	assert_string_equal(last.action, "key.destroyed");
	assert_non_null(strstr(last.detail, old));
}

static void
sql(struct fixture *f, const char *text)
{
	char path[256];
	sqlite3 *db = NULL;

	directory_path(&f->directory, "store.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* One key of this label on the token, and it is the current one. */
static void
assert_alone(struct fixture *f, const char *name, const char *hash)
{
	struct error err = { 0 };
	struct object_id id;
	struct key key;
	char found[HASH_SIZE];

	assert_current(f, name, hash);
	assert_int_equal(sign_with(f, hash), 200);
	if (token_find_labelled(
		f->token->token, name, false, KEY_FAMILY_RSA, &key, &id, &err) != 0)
		fail_msg("%s", err.text);
	hex_encode(found, key.spki_sha256, KEY_SHA256_SIZE);
	assert_string_equal(found, hash);
}

static void
stays_as_it_is_when_nothing_can_be_recorded(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];
	size_t before;

	make(f, "unrecorded", hash);
	before = keystore_count(f->api.keys);
	sql(f, "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN "
	       "SELECT RAISE(ABORT, 'no room'); END");
	rotate(f, "unrecorded", "{}");
	assert_problem(f, 500, "internal");
	sql(f, "DROP TRIGGER full");
	assert_int_equal(keystore_count(f->api.keys), before);
	assert_alone(f, "unrecorded", hash);
	fixture_restart(f);
	assert_alone(f, "unrecorded", hash);
}

static CK_RV
refuse_to_generate(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
    CK_ATTRIBUTE *public, CK_ULONG public_count, CK_ATTRIBUTE *private,
    CK_ULONG private_count, CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	(void)session;
	(void)mechanism;
	(void)public;
	(void)public_count;
	(void)private;
	(void)private_count;
	(void)public_key;
	(void)private_key;
	return CKR_DEVICE_ERROR;
}

static void
stays_as_it_is_when_the_token_makes_no_key(void **state)
{
	struct fixture *f = *state;
	CK_FUNCTION_LIST *functions = f->token->token->functions;
	CK_C_GenerateKeyPair real = functions->C_GenerateKeyPair;
	char hash[HASH_SIZE];

	make(f, "full", hash);
	functions->C_GenerateKeyPair = refuse_to_generate;
	rotate(f, "full", "{}");
	functions->C_GenerateKeyPair = real;
	assert_problem(f, 503, "token");
	assert_alone(f, "full", hash);
}

static CK_RV
refuse_to_search(CK_SESSION_HANDLE session, CK_ATTRIBUTE *match, CK_ULONG count)
{
	(void)session;
	(void)match;
	(void)count;
	return CKR_DEVICE_ERROR;
}

/* The pair cannot even be destroyed; it is in no list, and nobody's. */
static void
stays_as_it_is_when_the_token_fails_halfway(void **state)
{
	struct fixture *f = *state;
	CK_FUNCTION_LIST *functions = f->token->token->functions;
	CK_C_FindObjectsInit real = functions->C_FindObjectsInit;
	size_t before;
	char hash[HASH_SIZE];

	make(f, "halfway", hash);
	before = keystore_count(f->api.keys);
	functions->C_FindObjectsInit = refuse_to_search;
	rotate(f, "halfway", "{}");
	functions->C_FindObjectsInit = real;
	assert_problem(f, 503, "token");
	assert_int_equal(keystore_count(f->api.keys), before);
	assert_current(f, "halfway", hash);
	assert_int_equal(sign_with(f, hash), 200);
	assert_int_equal(rotate(f, "halfway", "{}"), 201);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_new_key_and_keeps_the_old_one),
		cmocka_unit_test(lists_the_current_key_before_those_it_replaced),
		cmocka_unit_test(changes_the_type_when_asked_to),
		cmocka_unit_test(refuses_a_bad_rotation),
		cmocka_unit_test(refuses_to_rotate_the_key_of_an_issuer),
		cmocka_unit_test(destroys_the_one_that_is_meant),
		cmocka_unit_test(frees_the_name_when_the_current_key_is_destroyed),
		cmocka_unit_test(records_both_hashes),
		cmocka_unit_test(stays_as_it_is_when_nothing_can_be_recorded),
		cmocka_unit_test(stays_as_it_is_when_the_token_makes_no_key),
		cmocka_unit_test(stays_as_it_is_when_the_token_fails_halfway),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
