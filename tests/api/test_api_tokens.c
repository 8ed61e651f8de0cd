/* test_api_tokens.c - /v1/tokens, and who a request comes from that presents one. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/bearer.h"
#include "api/bearer_table.h"
#include "api/failures.h"
#include "base/clock.h"
#include "tests/api/fixture.h"

#define DAY     86400
#define HEADER  (8 + BEARER_TEXT_SIZE)
#define THREADS 16
#define ROUNDS  100

static const struct caller admin = { .actor = "uid:0", .admin = true };
static const struct caller stranger = { .actor = "uid:6", .uid = 6 };
static const struct caller nobody = { .actor = "nobody:127.0.0.1",
	.kind = CALLER_NOBODY };

static void
make_token(struct fixture *f, const char *name, char header[static HEADER])
{
	char body[128];

	f->caller = admin;
	f->authorization = NULL;
	snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
	if (post_json(f, "/v1/tokens", body) != 201)
		fail_msg("%s", body_text(f));
	snprintf(header, HEADER, "Bearer %s", member(f, "token"));
}

static int
get_as(struct fixture *f, const struct caller *caller, const char *authorization,
    const char *target)
{
	int status;

	f->caller = *caller;
	f->authorization = authorization;
	status = get(f, target);
	f->authorization = NULL;
	f->caller = admin;
	return status;
}

static int
revoke(struct fixture *f, const char *name)
{
	char target[128];

	snprintf(target, sizeof(target), "/v1/tokens/%s", name);
	return send_text(f, "DELETE", target, NULL, "");
}

/* Behind the api's back: as if it had been made long ago. */
static void
make_expired(struct fixture *f, const char *name, char header[static HEADER])
{
	const struct audit_event event = {
		.actor = "uid:0", .action = "token.created", .object = name
	};
	struct token_row row = { .created = 1, .expires = 2 };
	struct bearer bearer;

	snprintf(row.name, sizeof(row.name), "%s", name);
	assert_int_equal(bearer_make(name, &bearer, NULL), 0);
	assert_int_equal(bearer_hash(&bearer, row.salt, row.hash, NULL), 0);
	assert_int_equal(bearer_table_add(f->api.tokens, &row, &event, NULL), 0);
	memcpy(header, "Bearer ", 8);
	bearer_write(&bearer, header + 7);
}

struct search {
	const char *action, *object, *text;
	int found, leaked;
};

static int
look_at(void *ctx, const struct audit_row *row)
{
	struct search *s = ctx;

	s->found +=
	    strcmp(row->action, s->action) == 0 && strcmp(row->object, s->object) == 0;
	s->leaked += strstr(row->detail, s->text) != NULL;
	return 0;
}

static int
entries(struct fixture *f, const char *action, const char *object, const char *secret)
{
	struct search s = { action, object, secret, 0, 0 };

	assert_int_equal(store_audit_each(f->store, 0, 10000, look_at, &s, NULL), 0);
	assert_int_equal(s.leaked, 0);
	return s.found;
}

static void
makes_shows_and_revokes_a_token(void **state)
{
	struct fixture *f = *state;
	char header[HEADER];

	make_token(f, "deploy", header);
	assert_string_equal(f->res.location, "/v1/tokens/deploy");
	assert_string_equal(f->res.cache_control, "no-store");
	assert_string_equal(member(f, "status"), "valid");
	assert_int_equal(get(f, "/v1/tokens/deploy"), 200);
	assert_string_equal(member(f, "name"), "deploy");
	assert_false(has_member(f, "token"));
	assert_false(has_member(f, "revoked"));
	assert_false(body_has(f, header + 7 + strlen("kh1.deploy.")));
	assert_int_equal(get(f, "/v1/tokens"), 200);
	assert_int_equal(list_size(f, "tokens"), 1);
	assert_string_equal(list_member(f, "tokens", 0, "status"), "valid");
	assert_int_equal(revoke(f, "deploy"), 204);
	assert_int_equal(get(f, "/v1/tokens/deploy"), 200);
	assert_string_equal(member(f, "status"), "revoked");
	assert_true(has_member(f, "revoked"));
	assert_int_equal(revoke(f, "deploy"), 404);
	assert_int_equal(entries(f, "token.created", "deploy", header + 7), 1);
	assert_int_equal(entries(f, "token.revoked", "deploy", header + 7), 1);
}

/* Seconds from now until the token of the last answer expires. */
static int64_t
life(struct fixture *f)
{
	int64_t created, expires;

	assert_int_equal(clock_parse(member(f, "created"), &created), 0);
	assert_int_equal(clock_parse(member(f, "expires"), &expires), 0);
	assert_in_range(created, clock_now_s() - 10, clock_now_s());
	return expires - created;
}

static void
expires_when_it_was_told_to(void **state)
{
	struct fixture *f = *state;
	char body[128], when[CLOCK_TEXT_SIZE];

	assert_int_equal(post_json(f, "/v1/tokens", "{\"name\":\"t1\"}"), 201);
	assert_int_equal(life(f), 90 * DAY);
	assert_int_equal(post_json(f, "/v1/tokens",
			     "{\"name\":\"t2\",\"expires_in_seconds\":157680000}"),
	    201);
	assert_int_equal(life(f), 5 * 365 * DAY);
	clock_format(when, clock_now_s() + 1000);
	snprintf(body, sizeof(body), "{\"name\":\"t3\",\"expires\":\"%s\"}", when);
	assert_int_equal(post_json(f, "/v1/tokens", body), 201);
	assert_string_equal(member(f, "expires"), when);
}

static void
refuses_what_is_no_name_and_no_time(void **state)
{
	static const char *const bodies[] = { "{}", "{\"name\":\"\"}", "{\"name\":\"A\"}",
		"{\"name\":\"a b\"}", "{\"name\":7}",
		"{\"name\":\"a\",\"expires_in_seconds\":0}",
		"{\"name\":\"a\",\"expires_in_seconds\":-1}",
		"{\"name\":\"a\",\"expires_in_seconds\":157680001}",
		"{\"name\":\"a\",\"expires\":\"2020-01-01T00:00:00Z\"}",
		"{\"name\":\"a\",\"expires\":\"9999-01-01T00:00:00Z\"}",
		"{\"name\":\"a\",\"expires\":\"never\"}",
		"{\"name\":\"a\",\"expires_in_seconds\":9,\"expires\":"
		"\"2099-01-01T00:00:00Z\"}",
		"{\"name\":\"a\",\"token\":\"kh1.a\"}" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		post_json(f, "/v1/tokens", bodies[i]);
		assert_problem(f, 400, "bad-request");
	}
	get(f, "/v1/tokens/a");
	assert_problem(f, 404, "not-found");
	revoke(f, "a");
	assert_problem(f, 404, "not-found");
}

static void
gives_a_name_to_one_good_token_at_a_time(void **state)
{
	struct fixture *f = *state;
	char first[HEADER], second[HEADER];

	make_token(f, "one", first);
	post_json(f, "/v1/tokens", "{\"name\":\"one\"}");
	assert_problem(f, 409, "conflict");
	assert_int_equal(revoke(f, "one"), 204);
	make_token(f, "one", second);
	assert_int_equal(get_as(f, &stranger, first, "/healthz"), 401);
	assert_int_equal(get_as(f, &stranger, second, "/healthz"), 200);
}

static void
takes_the_place_of_the_peer(void **state)
{
	struct fixture *f = *state;
	char header[HEADER], other[HEADER + 4];

	make_token(f, "place", header);
	assert_int_equal(get_as(f, &admin, header, "/v1/keys"), 403);
	assert_true(body_has(f, "token:place lacks the right read"));
	assert_int_equal(get_as(f, &admin, NULL, "/v1/keys"), 200);
	snprintf(other, sizeof(other), "bEARER   %s ", header + 7);
	assert_int_equal(get_as(f, &admin, other, "/v1/keys"), 403);
	assert_int_equal(get_as(f, &nobody, header, "/v1/keys"), 403);
}

static void
may_what_a_rule_grants_its_name(void **state)
{
	static const struct access_rule rules[] = {
		{ .who = { .kind = WHO_TOKEN, .name = "reader" }, .may = ACCESS_READ },
	};
	struct fixture *f = *state;
	char reader[HEADER], other[HEADER];

	make_token(f, "reader", reader);
	make_token(f, "other", other);
	fixture_rules(f, rules, 1);
	assert_int_equal(get_as(f, &nobody, reader, "/v1/keys"), 200);
	assert_int_equal(get_as(f, &nobody, reader, "/v1/tokens"), 200);
	assert_int_equal(get_as(f, &nobody, other, "/v1/keys"), 403);
	f->caller = nobody;
	f->authorization = reader;
	post_json(f, "/v1/tokens", "{\"name\":\"more\"}");
	assert_problem(f, 403, "forbidden");
	f->authorization = NULL;
	f->caller = admin;
	fixture_rules(f, NULL, 0);
	assert_int_equal(get_as(f, &nobody, reader, "/v1/keys"), 403);
}

static void
keeps_the_peer_with_another_scheme(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get_as(f, &admin, "Basic YTpi", "/v1/keys"), 200);
	assert_int_equal(get_as(f, &admin, "Bearers kh1.a", "/v1/keys"), 200);
	assert_int_equal(get_as(f, &admin, "", "/v1/keys"), 200);
}

static void
assert_invalid(struct fixture *f, const struct caller *caller, const char *header)
{
	get_as(f, caller, header, "/healthz");
	assert_problem(f, 401, "invalid-token");
	assert_string_equal(
	    f->res.challenge, "Bearer realm=\"keyhold\", error=\"invalid_token\"");
}

static void
refuses_a_token_that_is_not_good(void **state)
{
	static const struct caller someone = { .actor = "uid:70" };
	struct fixture *f = *state;
	char good[HEADER], bad[HEADER], expired[HEADER];

	make_token(f, "good", good);
	assert_invalid(f, &someone, "Bearer");
	assert_invalid(f, &someone, "Bearer ");
	assert_invalid(f, &someone, "Bearer hello");
	memcpy(bad, good, sizeof(bad));
	bad[16] = bad[16] == 'A' ? 'B' : 'A'; /* the first of its secret */
	assert_invalid(f, &someone, bad);
	assert_true(body_has(f, "no such token"));
	memcpy(bad, good, sizeof(bad));
	memcpy(bad + 11, "goop", 4);
	assert_invalid(f, &someone, bad);
	assert_true(body_has(f, "no such token"));
	make_expired(f, "old", expired);
	assert_invalid(f, &someone, expired);
	assert_true(body_has(f, "token old expired at 1970-01-01T00:00:02Z"));
	assert_int_equal(get_as(f, &someone, good, "/healthz"), 200);
	assert_int_equal(revoke(f, "good"), 204);
	assert_invalid(f, &someone, good);
	assert_true(body_has(f, "token good was revoked at 20"));
}

static void
knows_its_tokens_after_a_restart(void **state)
{
	struct fixture *f = *state;
	char kept[HEADER], gone[HEADER];

	make_token(f, "kept", kept);
	make_token(f, "gone", gone);
	assert_int_equal(revoke(f, "gone"), 204);
	fixture_restart(f);
	assert_int_equal(get_as(f, &stranger, kept, "/healthz"), 200);
	assert_invalid(f, &stranger, gone);
}

static void
asks_nobody_to_say_who_it_is(void **state)
{
	struct fixture *f = *state;

	get_as(f, &nobody, NULL, "/v1/keys");
	assert_problem(f, 401, "unauthenticated");
	assert_string_equal(f->res.challenge, "Bearer realm=\"keyhold\"");
	assert_int_equal(get_as(f, &nobody, NULL, "/healthz"), 200);
	get_as(f, &stranger, NULL, "/v1/keys");
	assert_problem(f, 403, "forbidden");
	assert_null(f->res.challenge);
}

static void
has_no_secret_in_the_log(void **state)
{
	static const struct caller someone = { .actor = "uid:71" };
	struct fixture *f = *state;
	char header[HEADER];
	const char *log;

	make_token(f, "logged", header);
	assert_int_equal(revoke(f, "logged"), 204);
	log_capture();
	get_as(f, &someone, header, "/v1/keys");
	get_as(f, &someone, "Bearer kh1.logged.secret", "/v1/keys");
	log = log_captured();
	assert_non_null(strstr(log, "request.refused"));
	assert_non_null(strstr(log, "actor=uid:71"));
	assert_non_null(strstr(log, "status=401"));
	assert_null(strstr(log, header + 7));
	assert_null(strstr(log, "kh1."));
	assert_null(strstr(log, "secret"));
}

static void
stops_a_peer_that_tries_too_often(void **state)
{
	static const struct caller guesser = { .actor = "nobody:10.1.1.1",
		.kind = CALLER_NOBODY };
	struct fixture *f = *state;
	char header[HEADER];
	const char *log, *line;

	make_token(f, "guessed", header);
	log_capture();
	for (int i = 0; i < FAILURES_MAX; i++)
		assert_int_equal(get_as(f, &guesser, "Bearer x", "/healthz"), 401);
	for (int i = 0; i < 3; i++) {
		get_as(f, &guesser, header, "/healthz");
		assert_int_equal(f->res.status, 429);
	}
	log = log_captured();
	assert_problem(f, 429, "too-many-failures");
	assert_in_range(f->res.retry_after_s, 1, FAILURES_WINDOW_S);
	assert_non_null(
	    line = strstr(log, "authentication.stopped actor=nobody:10.1.1.1"));
	assert_null(strstr(line + 1, "authentication.stopped"));
	assert_null(strstr(log, "status=429"));
	/* It is still somebody without one, and others still with theirs. */
	assert_int_equal(get_as(f, &guesser, NULL, "/healthz"), 200);
	assert_int_equal(get_as(f, &stranger, header, "/healthz"), 200);
}

struct flood {
	struct api *api;
	pthread_barrier_t round;
	atomic_int told[ROUNDS], refused[ROUNDS];
};

/* In each round one request, of a peer that all have in common. */
static void *
guess(void *ctx)
{
	struct flood *flood = ctx;
	struct rulebook_hold hold = { 0 };
	struct caller caller = { .uid = 73 };
	struct request req = { .id = "1",
		.hold = &hold,
		.method = "GET",
		.target = "/healthz",
		.authorization =
		    "Bearer kh1.none.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		.caller = &caller };
	struct response res;

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(caller.actor, sizeof(caller.actor), "uid:73%d", i);
		pthread_barrier_wait(&flood->round);
		response_init(&res);
		api_handle(flood->api, &req, &res);
		if (res.status == 401)
			atomic_fetch_add(&flood->told[i], 1);
		else if (res.status == 429 && res.retry_after_s > 0)
			atomic_fetch_add(&flood->refused[i], 1);
		response_free(&res);
	}
	rulebook_let_go(&hold);
	return NULL;
}

static void
tells_no_more_of_what_is_tried_at_once(void **state)
{
	struct fixture *f = *state;
	struct flood flood = { .api = &f->api };
	pthread_t threads[THREADS];

	pthread_barrier_init(&flood.round, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, guess, &flood), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&flood.round);
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(atomic_load(&flood.told[i]), FAILURES_MAX);
		assert_int_equal(atomic_load(&flood.refused[i]), THREADS - FAILURES_MAX);
	}
}

static void
admits_as_it_handles_and_counts_no_failure(void **state)
{
	static const struct caller other = { .actor = "uid:72" };
	static const struct access_rule maker = {
		.who = { .kind = WHO_TOKEN, .name = "maker" }, .may = ACCESS_MANAGE_KEY
	};
	struct fixture *f = *state;
	struct rulebook_hold hold = { 0 };
	char header[HEADER];
	struct request req = { .id = "1",
		.hold = &hold,
		.method = "POST",
		.target = "/v1/keys",
		.authorization = "Bearer x",
		.caller = &other };

	for (int i = 0; i < 2 * FAILURES_MAX; i++)
		assert_false(api_admits(&f->api, &req));
	assert_ptr_equal(req.caller, &other);
	assert_int_equal(get_as(f, &other, "Bearer x", "/healthz"), 401);
	/* Without a right, but with a token of somebody who has it. */
	make_token(f, "maker", header);
	fixture_rules(f, &maker, 1);
	req.caller = &stranger;
	req.authorization = NULL;
	assert_false(api_admits(&f->api, &req));
	req.authorization = header;
	assert_true(api_admits(&f->api, &req));
	assert_ptr_equal(req.caller, &stranger);
	fixture_rules(f, NULL, 0);
	rulebook_let_go(&hold);
}

static void
does_nothing_without_the_body_that_was_refused(void **state)
{
	struct fixture *f = *state;
	struct request req = { .id = "1",
		.method = "POST",
		.target = "/v1/tokens",
		.is_cut = true,
		.caller = &admin };

	response_free(&f->res);
	response_init(&f->res);
	handle_once(f, &req, &f->res);
	assert_int_equal(f->res.status, 503);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_shows_and_revokes_a_token),
		cmocka_unit_test(expires_when_it_was_told_to),
		cmocka_unit_test(refuses_what_is_no_name_and_no_time),
		cmocka_unit_test(gives_a_name_to_one_good_token_at_a_time),
		cmocka_unit_test(takes_the_place_of_the_peer),
		cmocka_unit_test(may_what_a_rule_grants_its_name),
		cmocka_unit_test(keeps_the_peer_with_another_scheme),
		cmocka_unit_test(refuses_a_token_that_is_not_good),
		cmocka_unit_test(knows_its_tokens_after_a_restart),
		cmocka_unit_test(asks_nobody_to_say_who_it_is),
		cmocka_unit_test(has_no_secret_in_the_log),
		cmocka_unit_test(stops_a_peer_that_tries_too_often),
		cmocka_unit_test(tells_no_more_of_what_is_tried_at_once),
		cmocka_unit_test(admits_as_it_handles_and_counts_no_failure),
		cmocka_unit_test(does_nothing_without_the_body_that_was_refused),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
