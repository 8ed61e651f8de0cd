/* test_api_audit.c - the audit record, from a request to its entry, and its heads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/audit_head.h"
#include "api/cap.h"
#include "store/audit.h"
#include "tests/api/fixture.h"

static const json_t *
last_entry(struct fixture *f)
{
	const json_t *list;
	char target[64];
	struct audit_head end;

	assert_int_equal(store_audit_end(f->store, &end, NULL), 0);
	snprintf(target, sizeof(target), "/v1/audit?cursor=%lld", (long long)end.seq - 1);
	assert_int_equal(get(f, target), 200);
	list = json_object_get(f->json, "entries");
	assert_int_equal(json_array_size(list), 1);
	return json_array_get(list, 0);
}

static const char *
text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	assert_non_null(value);
	return value;
}

static void
has_who_what_how_and_for_which_request(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];
	const json_t *entry;

	make_signer(f, "recorded", hash);
	entry = last_entry(f);
	assert_string_equal(text(entry, "actor"), "uid:0");
	assert_string_equal(text(entry, "action"), "key.created");
	assert_string_equal(text(entry, "object"), "recorded");
	assert_string_equal(text(entry, "outcome"), "ok");
	assert_string_equal(text(entry, "request"), "1");
	assert_int_equal(strlen(text(entry, "hash")), 64);
}

static void
comes_in_pages(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];

	make_signer(f, "page-1", hash);
	make_signer(f, "page-2", hash);
	assert_int_equal(get(f, "/v1/audit?limit=1"), 200);
	assert_string_equal(f->res.link, "</v1/audit?limit=1&cursor=1>; rel=\"next\"");
	assert_int_equal(get(f, "/v1/audit?limit=0"), 400);
	assert_int_equal(get(f, "/v1/audit?cursor=1000000"), 200);
	assert_string_equal(body_text(f), "{\"entries\":[]}\n");
	assert_string_equal(f->res.link, "");
}

static void
finds_who_did_what_to_what_and_when(void **state)
{
	static const char *const wrong[] = { "since=yesterday",
		"until=2026-02-30T00:00:00Z", "action=a&action=b" };
	struct fixture *f = *state;
	char hash[HASH_SIZE], target[64];
	const json_t *entry;

	make_signer(f, "found-1", hash);
	make_signer(f, "found-2", hash);
	get(f, "/v1/audit?action=key.created&object=found-1");
	assert_int_equal(json_array_size(json_object_get(f->json, "entries")), 1);
	entry = json_array_get(json_object_get(f->json, "entries"), 0);
	assert_string_equal(text(entry, "object"), "found-1");
	assert_string_equal(f->res.link, "");
	get(f, "/v1/audit?actor=uid%3A0&action=key&since=2026-01-31T23:59:59Z&limit=1");
	assert_int_equal(json_array_size(json_object_get(f->json, "entries")), 1);
	assert_non_null(strstr(f->res.link,
	    "</v1/audit?actor=uid%3A0&action=key&since=2026-01-31T23:59:59Z&limit=1&"
	    "cursor="));
	get(f, "/v1/audit?actor=uid:77");
	assert_string_equal(body_text(f), "{\"entries\":[]}\n");
	get(f, "/v1/audit?until=2026-01-31T23:59:59Z");
	assert_string_equal(body_text(f), "{\"entries\":[]}\n");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(target, sizeof(target), "/v1/audit?%s", wrong[i]);
		assert_int_equal(get(f, target), 400);
	}
}

static void
is_for_admins_and_its_head_for_readers(void **state)
{
	static const struct access_rule reader = { .who = { .id = 33 },
		.may = ACCESS_READ };
	struct fixture *f = *state;
	const struct caller was = f->caller;
	int status[3];

	f->caller = (struct caller){ .actor = "uid:33", .uid = 33, .gid = 33 };
	fixture_rules(f, &reader, 1);
	status[0] = get(f, "/v1/audit");
	status[1] = get(f, "/v1/audit/head");
	status[2] = get(f, "/v1/audit/heads");
	f->caller = was;
	assert_int_equal(status[0], 403);
	assert_int_equal(status[1], 200);
	assert_int_equal(status[2], 200);
	assert_string_equal(text(last_entry(f), "action"), "request.refused");
	assert_string_equal(text(last_entry(f), "object"), "/v1/audit");
	assert_string_equal(text(last_entry(f), "actor"), "uid:33");
	fixture_rules(f, NULL, 0);
}

static void
has_what_a_cap_refused_but_where_a_key_is_used(void **state)
{
	static char *const keys[] = { "*" };
	const struct cap_terms terms = { 1, 3600, 0 };
	struct access_rule rule = { .who = { .id = 34 },
		.who_text = "unix:34",
		.may = ACCESS_READ | ACCESS_USE,
		.keys = { keys, 1 } };
	struct fixture *f = *state;
	const struct caller was = f->caller;
	int status[3];

	assert_int_equal(cap_new(&terms, &rule.cap, NULL), 0);
	make_key(f, "capped", "ec-p256", "sign");
	f->caller = (struct caller){ .actor = "uid:34", .uid = 34 };
	fixture_rules(f, &rule, 1);
	status[0] = get(f, "/v1/keys");
	status[1] = get(f, "/v1/certificates");
	status[2] = send_text(
	    f, "POST", "/v1/keys/capped/sign?scheme=ecdsa_secp256r1_sha256", OCTETS, "x");
	f->caller = was;
	assert_int_equal(status[0], 200);
	assert_int_equal(status[1], 429);
	assert_int_equal(status[2], 429);
	assert_string_equal(text(last_entry(f), "action"), "request.refused");
	assert_string_equal(text(last_entry(f), "object"), "/v1/certificates");
	assert_string_equal(text(last_entry(f), "actor"), "uid:34");
	fixture_rules(f, NULL, 0);
	cap_free(rule.cap);
}

static int
verify_head(void *ctx, int64_t id, const struct audit_head *head)
{
	struct error err;

	(void)id;
	if (auditchain_head_verify(head, &err) != 0)
		fail_msg("%s", err.text);
	*(struct audit_head *)ctx = *head;
	return 0;
}

static struct audit_head
newest_head(struct fixture *f)
{
	struct audit_head head = { 0 };

	assert_int_equal(store_audit_head_last(f->store, verify_head, &head, NULL), 0);
	return head;
}

static int
sign_head(struct fixture *f, struct error *err)
{
	struct audit_mark none = { 0 };

	return audit_head_sign(&f->api, &none, err);
}

static size_t
count_heads(struct fixture *f)
{
	assert_int_equal(get(f, "/v1/audit/heads?limit=1000"), 200);
	return json_array_size(json_object_get(f->json, "heads"));
}

static void
signs_its_head_once_for_each_entry(void **state)
{
	struct fixture *f = *state;
	struct audit_head end;
	size_t before;
	struct error err;

	if (sign_head(f, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(store_audit_end(f->store, &end, NULL), 0);
	assert_int_equal(newest_head(f).seq, end.seq);
	assert_memory_equal(newest_head(f).hash, end.hash, sizeof(end.hash));
	before = count_heads(f);
	assert_int_equal(sign_head(f, NULL), 0);
	assert_int_equal(count_heads(f), before);
	assert_int_equal(audit_head_check(&f->api, NULL), 0);
	assert_int_equal(get(f, "/v1/audit/head"), 200);
	assert_non_null(strstr(member(f, "public_key"), "BEGIN PUBLIC KEY"));
}

static void
signs_no_head_when_what_it_signed_is_not_there(void **state)
{
	struct fixture *f = *state;
	struct audit_mark last = { 0 };
	char hash[HASH_SIZE];
	struct error err;
	size_t before;

	assert_int_equal(audit_head_sign(&f->api, &last, NULL), 0);
	assert_int_equal(newest_head(f).seq, last.seq);
	assert_memory_equal(newest_head(f).hash, last.hash, sizeof(last.hash));
	make_signer(f, "unsigned", hash);
	before = count_heads(f);
	last.hash[0] ^= 1;
	assert_int_equal(audit_head_sign(&f->api, &last, &err), -1);
	assert_int_equal(err.code, ERROR_TAMPERED);
	assert_int_equal(count_heads(f), before);
}

static void
signs_with_the_old_key_and_the_new_after_a_rotation(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];
	size_t before;

	make_signer(f, "before", hash);
	assert_int_equal(sign_head(f, NULL), 0);
	before = count_heads(f);
	assert_int_equal(rotate(f, AUDIT_KEY, "{}"), 201);
	assert_int_equal(sign_head(f, NULL), 0);
	assert_int_equal(count_heads(f), before + 2);
}

/* Else whoever pinned it could not follow to the new one. */
static void
keeps_a_replaced_key_until_it_has_handed_over(void **state)
{
	struct fixture *f = *state;
	char body[128], target[128], hash[HASH_SIZE];

	assert_int_equal(sign_head(f, NULL), 0);
	assert_int_equal(get(f, "/v1/keys/" AUDIT_KEY), 200);
	snprintf(hash, sizeof(hash), "%s", member(f, "spki_sha256"));
	snprintf(body, sizeof(body), "{\"spki_sha256\":\"%s\"}", hash);
	snprintf(target, sizeof(target), "/v1/keys/spki:%s", hash);
	assert_int_equal(rotate(f, AUDIT_KEY, "{}"), 201);
	assert_int_equal(send_text(f, "DELETE", target, JSON, body), 409);
	assert_non_null(strstr(member(f, "detail"), "hands over"));
	assert_int_equal(sign_head(f, NULL), 0);
	assert_int_equal(send_text(f, "DELETE", target, JSON, body), 204);
}

static void
keeps_its_key_for_heads_alone(void **state)
{
	struct fixture *f = *state;
	char body[128];

	assert_int_equal(sign_head(f, NULL), 0);
	assert_int_equal(
	    send_text(f, "POST",
		"/v1/keys/" AUDIT_KEY "/sign?scheme=ecdsa_secp256r1_sha256", OCTETS, "x"),
	    403);
	assert_int_equal(post_json(f, "/v1/keys/" AUDIT_KEY "/csr", "{}"), 403);
	assert_int_equal(get(f, "/v1/keys/" AUDIT_KEY "/reference"), 403);
	assert_int_equal(rotate(f, AUDIT_KEY, "{\"type\":\"ec-p384\"}"), 400);
	assert_int_equal(
	    post_json(f, "/v1/keys",
		"{\"name\":\"other\",\"type\":\"ec-p256\",\"use\":\"audit\"}"),
	    400);
	assert_int_equal(get(f, "/v1/keys/" AUDIT_KEY), 200);
	snprintf(
	    body, sizeof(body), "{\"spki_sha256\":\"%s\"}", member(f, "spki_sha256"));
	assert_int_equal(send_text(f, "DELETE", "/v1/keys/" AUDIT_KEY, JSON, body), 409);
}

static void
signs_nothing_for_clients_while_counts_are_not_entered(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];

	make_signer(f, "stopped", hash);
	atomic_store(&f->api.recorder->behind, true);
	sign_with(f, hash);
	assert_problem(f, 503, "unrecorded");
	atomic_store(&f->api.recorder->behind, false);
	assert_int_equal(sign_with(f, hash), 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_who_what_how_and_for_which_request),
		cmocka_unit_test(comes_in_pages),
		cmocka_unit_test(finds_who_did_what_to_what_and_when),
		cmocka_unit_test(is_for_admins_and_its_head_for_readers),
		cmocka_unit_test(has_what_a_cap_refused_but_where_a_key_is_used),
		cmocka_unit_test(signs_its_head_once_for_each_entry),
		cmocka_unit_test(signs_no_head_when_what_it_signed_is_not_there),
		cmocka_unit_test(signs_with_the_old_key_and_the_new_after_a_rotation),
		cmocka_unit_test(keeps_a_replaced_key_until_it_has_handed_over),
		cmocka_unit_test(keeps_its_key_for_heads_alone),
		cmocka_unit_test(signs_nothing_for_clients_while_counts_are_not_entered),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
