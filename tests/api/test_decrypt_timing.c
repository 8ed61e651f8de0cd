/*
 * test_decrypt_timing.c - good and bad ciphertexts, interleaved, take the same time.
 *
 * A decryption left out, or a second one, is far more than 5 % of one. Finer differences
 * this cannot exclude on a busy machine; it prints what it finds. Noise goes away when
 * measured again, or shows elsewhere, and a leak stays in its kind and its direction: so
 * only one that shows there in every attempt fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "tests/api/fixture.h"
#include "tests/support/exchange.h"

#define TARGET   "/v1/keys/kex/decrypt?scheme=rsa_pkcs1_tls"
#define POOL     20  /* different ciphertexts of each kind */
#define ROUNDS   300 /* of one ciphertext of each kind */
#define ATTEMPTS 5
#define PERCENT  5

static struct exchange_sent pool[EXCHANGES][POOL];
static int64_t samples[EXCHANGES][ROUNDS];

static int
setup(void **state)
{
	struct keystore_key key;
	struct fixture *f;

	if (fixture_open(state) != 0)
		return -1;
	f = *state;
	make_key(f, "kex", "rsa-2048", "tls-rsa-kex");
	if (keyring_find(f->api.keys, "kex", &key, NULL) != 0)
		return -1;
	for (int kind = 0; kind < EXCHANGES; kind++)
		for (int i = 0; i < POOL; i++)
			exchange_make(&key.key, (enum exchange_kind)kind, &pool[kind][i]);
	return 0;
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t
measure(struct fixture *f, const struct exchange_sent *sent)
{
	struct request req = {
		.id = "1",
		.method = "POST",
		.target = TARGET,
		.content_type = OCTETS,
		.body = { .data = sent->ciphertext, .len = sent->len },
		.caller = &f->caller,
	};
	struct response res;
	int64_t taken;

	response_init(&res);
	taken = now_ns();
	handle_once(f, &req, &res);
	taken = now_ns() - taken;
	assert_int_equal(res.status, 200);
	assert_int_equal(res.body.len, PREMASTER_BYTES);
	assert_string_equal(res.content_type, OCTETS);
	response_free(&res);
	return taken;
}

/* Each round in another order, so that no kind always follows the same one. */
static void
measure_all(struct fixture *f)
{
	for (int round = 0; round < ROUNDS; round++) {
		const int step = (const int[]){ 1, 3, 7, 9 }[round % 4];

		for (int i = 0; i < EXCHANGES; i++) {
			const int kind = (round + i * step) % EXCHANGES;

			samples[kind][round] = measure(f, &pool[kind][round % POOL]);
		}
	}
}

static int
compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
median(int64_t values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof(values[0]), compare);
	return values[ROUNDS / 2];
}

/* Within a round, so that a machine that goes faster and slower does so for both. */
static int64_t
difference_from_good(int kind)
{
	int64_t differences[ROUNDS];

	for (int round = 0; round < ROUNDS; round++)
		differences[round] = samples[kind][round] - samples[EXCHANGE_GOOD][round];
	return median(differences);
}

/* Prints the medians. Two bits for each kind: too slow by so much, and too fast. */
static uint64_t
find_leaks(void)
{
	int64_t differences[EXCHANGES], limit;
	uint64_t leaks = 0;

	/* All of them before a median sorts the samples. */
	for (int kind = 0; kind < EXCHANGES; kind++)
		differences[kind] = difference_from_good(kind);
	limit = median(samples[EXCHANGE_GOOD]) * PERCENT / 100;
	for (int kind = 0; kind < EXCHANGES; kind++) {
		printf("%-26s median %9lld ns, differs by %+8lld ns\n",
		    exchange_name((enum exchange_kind)kind),
		    (long long)median(samples[kind]), (long long)differences[kind]);
		if (differences[kind] > limit)
			leaks |= UINT64_C(1) << 2 * kind;
		if (differences[kind] < -limit)
			leaks |= UINT64_C(2) << 2 * kind;
	}
	return leaks;
}

static const char *
name_first(uint64_t leaks)
{
	int kind = 0;

	while ((leaks >> 2 * kind & 3) == 0)
		kind++;
	return exchange_name((enum exchange_kind)kind);
}

static void
bad_ciphertexts_take_as_long_as_good_ones(void **state)
{
	uint64_t leaks = UINT64_MAX;

	measure_all(*state); /* warms up */
	for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
		printf("attempt %d, %d of each kind, interleaved\n", attempt, ROUNDS);
		measure_all(*state);
		if ((leaks &= find_leaks()) == 0)
			return;
	}
	fail_msg(
	    "%s: more than %d %%, %d times over", name_first(leaks), PERCENT, ATTEMPTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_ciphertexts_take_as_long_as_good_ones),
	};

	return cmocka_run_group_tests(tests, setup, fixture_close);
}
