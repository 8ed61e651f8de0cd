/* test_api_idempotency.c - the same request again is the same certificate. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "store/idempotency.h"
#include "tests/api/issuing.h"

static struct buffer csr;

static int
setup(void **state)
{
	if (issuing_open(state) != 0)
		return -1;
	request_for(
	    *state, "{\"subject\":\"/CN=localhost\",\"sans\":[\"localhost\"]}", &csr);
	return 0;
}

static int
teardown(void **state)
{
	buf_free(&csr);
	return fixture_close(state);
}

static int
post(struct fixture *f, const char *key, const char *target)
{
	f->idempotency_key = key;
	send_bytes(f, "POST", target, PKCS10, buf_bytes(&csr));
	f->idempotency_key = NULL;
	return f->res.status;
}

static void
gives_the_same_certificate_again(void **state)
{
	struct fixture *f = *state;
	char location[160], chain[8192];
	size_t count;

	assert_int_equal(post(f, "again", ISSUE), 201);
	snprintf(location, sizeof(location), "%s", f->res.location);
	snprintf(chain, sizeof(chain), "%s", body_text(f));
	count = count_certificates(f);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(post(f, "again", ISSUE), 201);
		assert_string_equal(f->res.location, location);
		assert_string_equal(f->res.content_type, CHAIN);
		assert_string_equal(body_text(f), chain);
		/* A string of a structured field is in quotes. */
		assert_int_equal(post(f, "\"again\"", ISSUE), 201);
		assert_string_equal(f->res.location, location);
		assert_int_equal(count_certificates(f), count);
		fixture_restart(f);
	}
}

static void
gives_it_in_the_form_that_is_accepted_now(void **state)
{
	struct fixture *f = *state;
	char location[160];

	assert_int_equal(post(f, "forms", ISSUE), 201);
	snprintf(location, sizeof(location), "%s", f->res.location);
	f->accept = JSON;
	assert_int_equal(post(f, "forms", ISSUE), 201);
	f->accept = NULL;
	assert_string_equal(f->res.location, location);
	assert_string_equal(member(f, "serial"), location + strlen("/v1/certificates/"));
	assert_true(strlen(member(f, "chain")) > strlen(member(f, "certificate")));
	assert_false(has_member(f, "warnings"));
}

static void
refuses_another_request_under_the_key(void **state)
{
	struct fixture *f = *state;
	size_t count;

	assert_int_equal(post(f, "other", ISSUE), 201);
	count = count_certificates(f);
	post(f, "other", "/v1/issuers/internal/certificates?profile=client");
	assert_problem(f, 422, "idempotency-key-reused");
	post(f, "other", "/v1/issuers/root/certificates?profile=server");
	assert_problem(f, 422, "idempotency-key-reused");
	f->idempotency_key = "other";
	send_text(f, "POST", ISSUE, PKCS10, "another body");
	f->idempotency_key = NULL;
	assert_problem(f, 422, "idempotency-key-reused");
	assert_int_equal(count_certificates(f), count);
}

static void
keeps_requesters_apart(void **state)
{
	struct fixture *f = *state;
	struct caller before = f->caller;
	char location[160];

	assert_int_equal(post(f, "mine", ISSUE), 201);
	snprintf(location, sizeof(location), "%s", f->res.location);
	f->caller = (struct caller){ .actor = "uid:9", .admin = true };
	assert_int_equal(post(f, "mine", ISSUE), 201);
	assert_string_not_equal(f->res.location, location);
	f->caller = before;
}

static void
forgets_a_request_that_was_refused(void **state)
{
	struct fixture *f = *state;

	f->idempotency_key = "refused";
	send_text(f, "POST", ISSUE, PKCS10, "garbage");
	f->idempotency_key = NULL;
	assert_problem(f, 400, "bad-request");
	assert_int_equal(post(f, "refused", ISSUE), 201);
}

/* What the daemon keeps of post(f, "open", ISSUE). */
static void
hash_of_post(unsigned char hash[static 32])
{
	static const char head[] = "POST\0" ISSUE "\0" PKCS10;
	struct buffer request;

	buf_init(&request, 0);
	buf_append(&request, head, sizeof(head));
	buf_append(&request, csr.data, csr.len);
	SHA256(request.data, request.len, hash);
	buf_free(&request);
}

static void
is_busy_while_the_same_request_is_answered(void **state)
{
	struct fixture *f = *state;
	struct idempotency open = { .requester = "uid:0", .key = "open" };
	char serial[STORE_SERIAL_SIZE];
	enum idempotency_state was;

	hash_of_post(open.request_sha256);
	assert_int_equal(store_idempotency_begin(f->store, &open, &was, serial, NULL), 0);
	assert_int_equal(was, IDEMPOTENCY_NEW);
	post(f, "open", ISSUE);
	assert_problem(f, 409, "in-flight");
	assert_int_equal(f->res.retry_after_s, 1);
	/* A restart is what a crash leaves: nobody is answering it now. */
	fixture_restart(f);
	assert_int_equal(post(f, "open", ISSUE), 201);
}

struct racer {
	struct fixture *f;
	pthread_barrier_t *start;
	int status, retry_after_s;
	char location[160];
};

static void *
race(void *ctx)
{
	struct racer *racer = ctx;
	struct fixture *f = racer->f;
	struct request req = { .id = "1",
		.method = "POST",
		.target = ISSUE,
		.content_type = PKCS10,
		.idempotency_key = "race",
		.body = buf_bytes(&csr),
		.caller = &f->caller };
	struct response res;

	pthread_barrier_wait(racer->start);
	do {
		response_init(&res);
		handle_once(f, &req, &res);
		racer->status = res.status;
		racer->retry_after_s = res.retry_after_s;
		snprintf(racer->location, sizeof(racer->location), "%s", res.location);
		response_free(&res);
		if (res.status == 409)
			assert_true(racer->retry_after_s > 0);
	} while (racer->status == 409);
	return NULL;
}

#define RACERS 4

static void
makes_one_certificate_for_requests_at_once(void **state)
{
	struct fixture *f = *state;
	struct racer racers[RACERS];
	pthread_t threads[RACERS];
	pthread_barrier_t start;
	size_t count = count_certificates(f);

	pthread_barrier_init(&start, NULL, RACERS);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){ .f = f, .start = &start };
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	for (int i = 0; i < RACERS; i++) {
		assert_int_equal(racers[i].status, 201);
		assert_string_equal(racers[i].location, racers[0].location);
	}
	assert_int_equal(count_certificates(f), count + 1);
}

static void
looks_at_no_key_in_a_dry_run(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(post(f, "dry", ISSUE "&dry_run=true"), 200);
	assert_int_equal(post(f, "dry", ISSUE), 201);
	assert_int_equal(post(f, "dry", ISSUE "&dry_run=true"), 200);
	assert_string_equal(member(f, "status"), "dry-run");
}

static void
refuses_what_is_no_key(void **state)
{
	struct fixture *f = *state;
	const char *const keys[] = { "", "\"\"", "a\x7f", "a\nb", "caf\xc3\xa9", "a\"b",
		"\"a\\\"" };
	size_t count = count_certificates(f);
	char key[258];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		post(f, keys[i], ISSUE);
		assert_problem(f, 400, "bad-request");
	}
	memset(key, 'k', sizeof(key));
	key[256] = '\0';
	post(f, key, ISSUE);
	assert_problem(f, 400, "bad-request");
	assert_int_equal(count_certificates(f), count);
	key[255] = '\0';
	assert_int_equal(post(f, key, ISSUE), 201);
}

static void
renews_once_for_a_key(void **state)
{
	struct fixture *f = *state;
	char target[200], serial[41], location[160];

	issue_to_localhost(f, serial);
	snprintf(target, sizeof(target), "/v1/certificates/%s/renewals", serial);
	f->idempotency_key = "renewal";
	assert_int_equal(send_text(f, "POST", target, NULL, ""), 201);
	snprintf(location, sizeof(location), "%s", f->res.location);
	assert_int_equal(send_text(f, "POST", target, NULL, ""), 201);
	f->idempotency_key = NULL;
	assert_string_equal(f->res.location, location);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_same_certificate_again),
		cmocka_unit_test(gives_it_in_the_form_that_is_accepted_now),
		cmocka_unit_test(refuses_another_request_under_the_key),
		cmocka_unit_test(keeps_requesters_apart),
		cmocka_unit_test(forgets_a_request_that_was_refused),
		cmocka_unit_test(is_busy_while_the_same_request_is_answered),
		cmocka_unit_test(makes_one_certificate_for_requests_at_once),
		cmocka_unit_test(looks_at_no_key_in_a_dry_run),
		cmocka_unit_test(refuses_what_is_no_key),
		cmocka_unit_test(renews_once_for_a_key),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
