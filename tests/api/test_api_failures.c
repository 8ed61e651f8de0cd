/* test_api_failures.c - what becomes of keys when the store or the token fails. */
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

	make_signer(f, "unrecorded", hash);
	before = keyring_count(f->api.keys);
	sql(f, "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN "
	       "SELECT RAISE(ABORT, 'no room'); END");
	rotate(f, "unrecorded", "{}");
	assert_problem(f, 500, "internal");
	sql(f, "DROP TRIGGER full");
	assert_int_equal(keyring_count(f->api.keys), before);
	assert_alone(f, "unrecorded", hash);
	fixture_restart(f);
	assert_alone(f, "unrecorded", hash);
}

static void
rules_stay_when_a_change_cannot_be_recorded(void **state)
{
	static const struct access_rule reading = { .who = { .id = 4000044 },
		.may = ACCESS_READ };
	const struct ruleset set = { .rules = { &reading, 1 } };
	const struct caller admin = ((struct fixture *)*state)->caller;
	struct fixture *f = *state;
	struct error err;

	f->caller = (struct caller){ .actor = "uid:4000044", .uid = 4000044 };
	sql(f, "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN "
	       "SELECT RAISE(ABORT, 'no room'); END");
	assert_int_equal(api_use_rules(&f->api, &set, "access.reloaded", &err), -1);
	assert_int_equal(get(f, "/v1/keys"), 403);
	sql(f, "DROP TRIGGER full");
	assert_int_equal(api_use_rules(&f->api, &set, "access.reloaded", &err), 0);
	assert_int_equal(get(f, "/v1/keys"), 200);
	fixture_rules(f, NULL, 0);
	assert_int_equal(get(f, "/v1/keys"), 403);
	f->caller = admin;
}

static int
destroy(struct fixture *f, const char *name, const char *hash)
{
	char target[128], body[128];

	snprintf(target, sizeof(target), "/v1/keys/%s", name);
	snprintf(body, sizeof(body), "{\"spki_sha256\":\"%s\"}", hash);
	return send_text(f, "DELETE", target, JSON, body);
}

static void
destroys_nothing_when_nothing_can_be_recorded(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];

	make_signer(f, "kept", hash);
	sql(f, "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN "
	       "SELECT RAISE(ABORT, 'no room'); END");
	destroy(f, "kept", hash);
	assert_problem(f, 500, "internal");
	sql(f, "DROP TRIGGER full");
	assert_int_equal(sign_with(f, hash), 200);
}

static void
a_destruction_that_is_not_recorded_can_be_repeated(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE], again[HASH_SIZE];

	make_signer(f, "half-gone", hash);
	sql(f, "CREATE TRIGGER full BEFORE INSERT ON audit WHEN new.action = "
	       "'key.destroyed' BEGIN SELECT RAISE(ABORT, 'no room'); END");
	destroy(f, "half-gone", hash);
	assert_problem(f, 500, "internal");
	sign_with(f, hash);
	assert_problem(f, 503, "token");
	assert_current(f, "half-gone", hash);
	destroy(f, "half-gone", hash);
	assert_problem(f, 500, "internal");
	sql(f, "DROP TRIGGER full");
	assert_int_equal(destroy(f, "half-gone", hash), 204);
	get(f, "/v1/keys/half-gone");
	assert_problem(f, 404, "not-found");
	make_signer(f, "half-gone", again);
	assert_int_equal(sign_with(f, again), 200);
	fixture_restart(f);
	assert_current(f, "half-gone", again);
}

/* As when SQLite fails after the commit. */
static void
a_destruction_that_was_recorded_all_the_same_frees_the_name(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];

	make_signer(f, "recorded", hash);
	sql(f, "DELETE FROM keys WHERE name = 'recorded'");
	destroy(f, "recorded", hash);
	assert_problem(f, 404, "not-found");
	make_signer(f, "recorded", hash);
}

/* Between a rotation's commit and the moment that the keystore knows it. */
static void
the_list_says_replaced_when_the_record_does(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];
	size_t at = 0;

	make_signer(f, "late", hash);
	sql(f, "UPDATE keys SET replaced = created WHERE name = 'late'");
	assert_int_equal(get(f, "/v1/keys"), 200);
	while (strcmp(list_member(f, "keys", at, "name"), "late") != 0)
		at++;
	assert_string_equal(list_member(f, "keys", at, "replaced"),
	    list_member(f, "keys", at, "created"));
	assert_int_equal(destroy(f, "late", hash), 204);
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

	make_signer(f, "full", hash);
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

static CK_RV
refuse_to_tell(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *list,
    CK_ULONG count)
{
	(void)session;
	(void)object;
	(void)list;
	(void)count;
	return CKR_DEVICE_ERROR;
}

static CK_RV
refuse_to_decrypt(
    CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	(void)session;
	(void)mechanism;
	(void)key;
	return CKR_DEVICE_ERROR;
}

static CK_RV
refuse_to_destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	(void)session;
	(void)object;
	return CKR_DEVICE_ERROR;
}

/* Rotates with a token that makes a key and does no more with it. The pair cannot even be
 * destroyed; it is in no list, and nobody's, and the log tells its CKA_ID. */
static void
fail_halfway(struct fixture *f, const char *name, const char *hash)
{
	CK_FUNCTION_LIST *functions = f->token->token->functions, real = *functions;
	size_t before = keyring_count(f->api.keys);
	char left[64];

	log_capture();
	functions->C_FindObjectsInit = refuse_to_search;
	functions->C_DecryptInit = refuse_to_decrypt;
	functions->C_DestroyObject = refuse_to_destroy;
	if (strcmp(name, "halfway") == 0)
		functions->C_GetAttributeValue = refuse_to_tell;
	rotate(f, name, "{}");
	*functions = real;
	snprintf(left, sizeof(left), "key.left key=%s cka_id=", name);
	assert_non_null(strstr(log_captured(), left));
	assert_problem(f, 503, "token");
	assert_int_equal(keyring_count(f->api.keys), before);
	assert_current(f, name, hash);
}

static void
stays_as_it_is_when_the_token_fails_halfway(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];

	make_signer(f, "halfway", hash);
	fail_halfway(f, "halfway", hash);
	assert_int_equal(sign_with(f, hash), 200);
	assert_int_equal(rotate(f, "halfway", "{}"), 201);
}

/* Of this use, a pair is tried before it is taken into use. */
static void
stays_as_it_is_when_a_pair_cannot_be_tried(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];

	make_key(f, "untried", "rsa-2048", "tls-rsa-kex");
	snprintf(hash, sizeof(hash), "%s", member(f, "spki_sha256"));
	fail_halfway(f, "untried", hash);
	assert_int_equal(rotate(f, "untried", "{}"), 201);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stays_as_it_is_when_nothing_can_be_recorded),
		cmocka_unit_test(rules_stay_when_a_change_cannot_be_recorded),
		cmocka_unit_test(destroys_nothing_when_nothing_can_be_recorded),
		cmocka_unit_test(a_destruction_that_is_not_recorded_can_be_repeated),
		cmocka_unit_test(
		    a_destruction_that_was_recorded_all_the_same_frees_the_name),
		cmocka_unit_test(the_list_says_replaced_when_the_record_does),
		cmocka_unit_test(stays_as_it_is_when_the_token_makes_no_key),
		cmocka_unit_test(stays_as_it_is_when_the_token_fails_halfway),
		cmocka_unit_test(stays_as_it_is_when_a_pair_cannot_be_tried),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
