/* test_api_blocked_keys.c - /v1/blocked-keys, what it does to issuance, and /v1/rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ca/rule.h"
#include "tests/api/fixture.h"

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define URL  "/v1/blocked-keys/spki:" HASH

static int
put(struct fixture *f, const char *target, const char *reason)
{
	char body[300];

	snprintf(body, sizeof(body), "{\"reason\":\"%s\"}", reason);
	return send_text(f, "PUT", target, JSON, body);
}

static int delete (struct fixture *f, const char *target)
{
	return send_text(f, "DELETE", target, NULL, "");
}

struct search {
	const char *action, *object, *detail;
	int found;
};

static int
compare(void *ctx, const struct audit_row *row)
{
	struct search *search = ctx;

	search->found += strcmp(row->action, search->action) == 0 &&
			 strcmp(row->object, search->object) == 0 &&
			 strcmp(row->detail, search->detail) == 0;
	return 0;
}

static int
entries(struct fixture *f, const char *action, const char *detail)
{
	struct search search = { action, "spki:" HASH, detail, 0 };

	assert_int_equal(store_audit_each(f->store, 0, 1000, compare, &search, NULL), 0);
	return search.found;
}

static void
blocks_shows_and_unblocks(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f, URL, "leaked"), 201);
	assert_string_equal(f->res.location, URL);
	assert_string_equal(member(f, "spki_sha256"), HASH);
	assert_string_equal(member(f, "reason"), "leaked");
	assert_int_equal(put(f, "/v1/blocked-keys/" HASH, "seen in a commit"), 200);
	assert_int_equal(get(f, URL), 200);
	assert_string_equal(member(f, "reason"), "seen in a commit");
	assert_int_equal(get(f, "/v1/blocked-keys"), 200);
	assert_int_equal(list_size(f, "blocked_keys"), 1);
	assert_int_equal(delete (f, URL), 204);
	assert_int_equal(get(f, URL), 404);
	assert_int_equal(delete (f, URL), 404);
	assert_int_equal(entries(f, "key.blocked", "leaked"), 1);
	assert_int_equal(entries(f, "key.blocked", "seen in a commit"), 1);
	assert_int_equal(entries(f, "key.unblocked", ""), 1);
}

static void
lists_page_after_page(void **state)
{
	struct fixture *f = *state;
	char target[160];

	for (int i = 1; i <= 5; i++) {
		snprintf(target, sizeof(target), "/v1/blocked-keys/%064d", i);
		assert_int_equal(put(f, target, "leaked"), 201);
	}
	assert_int_equal(get(f, "/v1/blocked-keys?limit=3"), 200);
	assert_int_equal(list_size(f, "blocked_keys"), 3);
	assert_int_equal(sscanf(f->res.link, "<%159[^>]>; rel=\"next\"", target), 1);
	assert_int_equal(get(f, target), 200);
	assert_int_equal(list_size(f, "blocked_keys"), 2);
	assert_string_equal(f->res.link, "");
	snprintf(target, sizeof(target), "%064d", 4);
	assert_string_equal(list_member(f, "blocked_keys", 0, "spki_sha256"), target);
	for (int i = 1; i <= 5; i++) {
		snprintf(target, sizeof(target), "/v1/blocked-keys/%064d", i);
		assert_int_equal(delete (f, target), 204);
	}
}

static void
refuses_what_is_no_hash_and_no_reason(void **state)
{
	struct fixture *f = *state;
	char reason[240];

	put(f, "/v1/blocked-keys/web", "leaked");
	assert_problem(f, 400, "bad-request");
	put(f, URL "00", "leaked");
	assert_problem(f, 400, "bad-request");
	put(f, URL, "");
	assert_problem(f, 400, "bad-request");
	put(f, URL, "a\\nb");
	assert_problem(f, 400, "bad-request");
	memset(reason, 'a', 201);
	reason[201] = '\0';
	put(f, URL, reason);
	assert_problem(f, 400, "bad-request");
	send_text(f, "PUT", URL, JSON, "{}");
	assert_problem(f, 400, "bad-request");
	get(f, "/v1/blocked-keys?limit=0");
	assert_problem(f, 400, "bad-request");
	assert_string_equal(member(f, "detail"), "URL: limit is a number from 1 to 1000");
	get(f, "/v1/blocked-keys?cursor=1");
	assert_problem(f, 400, "bad-request");
	assert_int_equal(get(f, URL), 404);
}

static void
certifies_no_blocked_key(void **state)
{
	struct fixture *f = *state;
	char target[160];
	struct buffer csr;

	make_issuer(f, "root", NULL);
	make_key(f, "web", "ec-p256", "tls");
	assert_int_equal(get(f, "/v1/keys/web"), 200);
	snprintf(
	    target, sizeof(target), "/v1/blocked-keys/spki:%s", member(f, "spki_sha256"));
	buf_init(&csr, 0);
	post_json(f, "/v1/keys/web/csr", "{\"sans\":[\"localhost\"]}");
	buf_append(&csr, f->res.body.data, f->res.body.len);
	assert_int_equal(put(f, target, "leaked"), 201);
	send_bytes(f, "POST", "/v1/issuers/root/certificates?profile=server", PKCS10,
	    buf_bytes(&csr));
	assert_problem(f, 422, "refused");
	send_bytes(f, "POST", "/v1/issuers/root/certificates?profile=server&dry_run=true",
	    PKCS10, buf_bytes(&csr));
	assert_true(body_has(f, "\"csr-key-blocked\""));
	assert_int_equal(delete (f, target), 204);
	assert_int_equal(
	    send_bytes(f, "POST", "/v1/issuers/root/certificates?profile=server", PKCS10,
		buf_bytes(&csr)),
	    201);
	buf_free(&csr);
}

static void
lists_every_rule(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, "/v1/rules"), 200);
	assert_int_equal(list_size(f, "rules"), RULES);
	for (int i = 0; i < RULES; i++) {
		const struct rule_info *info = rule_info((enum rule)i);

		assert_string_equal(
		    list_member(f, "rules", (size_t)i, "rule"), info->name);
		assert_string_equal(
		    list_member(f, "rules", (size_t)i, "refuses"), info->refuses);
		assert_string_equal(
		    list_member(f, "rules", (size_t)i, "source"), info->source);
	}
}

static void
says_how_many_weak_keys_it_knows(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, "/readyz"), 200);
	assert_true(body_has(f, "\"debian_weak_keys\":0"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_shows_and_unblocks),
		cmocka_unit_test(lists_page_after_page),
		cmocka_unit_test(refuses_what_is_no_hash_and_no_reason),
		cmocka_unit_test(certifies_no_blocked_key),
		cmocka_unit_test(lists_every_rule),
		cmocka_unit_test(says_how_many_weak_keys_it_knows),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
