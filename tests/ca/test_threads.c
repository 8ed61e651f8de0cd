/*
 * test_threads.c - many threads issue at once, beside threads that make and change
 * issuers.
 */
#include "ca/authority.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ca/profiles.h"
#include "tests/ca/support.h"

#define THREADS      6
#define PER_THREAD   10
#define NEW_ISSUERS  3
#define REPLACEMENTS 500
#define CHANGES      20

/* What one thread does; asserts are left to the main thread. */
struct work {
	pthread_t thread;
	struct house *house;
	const char *profile;
	struct buffer csr;
	char serials[PER_THREAD][STORE_SERIAL_SIZE];
	int issued;
};

static void *
issue_some(void *arg)
{
	struct work *work = arg;
	const struct issue_request request = {
		.issuer = "internal",
		.profile = work->profile,
		.csr = buf_bytes(&work->csr),
		.actor = "uid:0",
	};

	for (int i = 0; i < PER_THREAD; i++) {
		struct issue_result result;
		struct violations v = { 0 };
		struct error err = { 0 };

		if (authority_issue(
			work->house->authority, &request, &result, &v, &err) != 0) {
			fprintf(stderr, "%s\n", err.text);
			return NULL;
		}
		memcpy(work->serials[i], result.serial, sizeof(result.serial));
		work->issued++;
		issue_result_clear(&result);
	}
	return NULL;
}

static void *
make_issuers(void *arg)
{
	struct work *work = arg;

	for (int i = 0; i < NEW_ISSUERS; i++) {
		struct issuer_spec spec = {
			.subject = "/CN=new", .path_len = -1, .actor = "a"
		};
		struct violations v = { 0 };
		struct error err = { 0 };
		char name[16];

		snprintf(name, sizeof(name), "new-%d", i);
		spec.name = name;
		spec.key = work->house->keys[2 + i];
		if (authority_create_issuer(work->house->authority, &spec, &v, &err) !=
		    0) {
			fprintf(stderr, "%s\n", err.text);
			return NULL;
		}
		work->issued++;
	}
	return NULL;
}

/* What certificates say changes while they are made. */
static void *
change_urls(void *arg)
{
	static const char *const urls[] = { "http://crl.example/i", "" };
	struct work *work = arg;

	for (int i = 0; i < CHANGES; i++) {
		const struct issuer_change change = { .crl_url = urls[i % 2],
			.ocsp_url = urls[(i + 1) % 2],
			.actor = "b" };
		const struct issuer_info *info;
		struct violations v = { 0 };
		struct error err = { 0 };

		if (authority_find_issuer(
			work->house->authority, "internal", &info, &err) != 0 ||
		    authority_change_issuer(
			work->house->authority, "internal", &change, &v, &err) != 0) {
			fprintf(stderr, "%s\n", err.text);
			return NULL;
		}
		/* What was found stays as it was. */
		if ((info->crl_url == NULL) == (info->ocsp_url == NULL) && i > 0)
			return NULL;
		work->issued++;
	}
	return NULL;
}

static void
add_keys(struct house *house)
{
	char name[16];

	for (int i = 0; i < NEW_ISSUERS; i++) {
		snprintf(name, sizeof(name), "new-%d", i);
		house_add_key(house, name, ec_key("P-256"));
	}
}

static int
count_certificate(void *ctx, int64_t id, const struct certificate_row *row)
{
	(void)id;
	(void)row;
	++*(int *)ctx;
	return 0;
}

static void
issues_from_several_threads_at_once(void **state)
{
	const struct certificate_filter all = { .issuer = "internal", .limit = 1000 };
	struct work work[THREADS] = { 0 }, making = { 0 }, changing = { 0 };
	struct house house;
	int recorded = 0;
	int64_t entries;

	(void)state;
	house_open(&house, NULL);
	house_add_issuers(&house, ec_key("P-256"));
	add_keys(&house);
	/* All start without the key in memory, and find it at the same time. */
	house.keys_are_away = true;
	house_reopen(&house);
	house.keys_are_away = false;
	making.house = &house;
	pthread_create(&making.thread, NULL, make_issuers, &making);
	changing.house = &house;
	pthread_create(&changing.thread, NULL, change_urls, &changing);
	for (int i = 0; i < THREADS; i++) {
		EVP_PKEY *key = ec_key("P-256");

		work[i].house = &house;
		work[i].profile = "peer";
		milvus_request(key, &work[i].csr);
		EVP_PKEY_free(key);
		pthread_create(&work[i].thread, NULL, issue_some, &work[i]);
	}
	pthread_join(making.thread, NULL);
	assert_int_equal(making.issued, NEW_ISSUERS);
	pthread_join(changing.thread, NULL);
	assert_int_equal(changing.issued, CHANGES);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(work[i].thread, NULL);
		assert_int_equal(work[i].issued, PER_THREAD);
		buf_free(&work[i].csr);
	}
	store_certificate_each(house.store, &all, count_certificate, &recorded, NULL);
	assert_int_equal(recorded, THREADS * PER_THREAD);
	assert_int_equal(store_audit_verify(house.store, &entries, NULL), 0);
	house_close(&house);
}

static void *
replace_the_profile(void *arg)
{
	struct work *work = arg;
	struct profiles *profiles = authority_profiles(work->house->authority);
	struct profile model = model_profile(), *made;

	for (int i = 0; i < REPLACEMENTS; i++) {
		model.default_validity_s = 3600 + i;
		if (profile_new(&model, &made, NULL) != 0)
			return NULL;
		profiles_put(profiles, made);
		work->issued++;
	}
	return NULL;
}

static void
issues_by_a_profile_that_another_thread_replaces(void **state)
{
	struct work work[THREADS] = { 0 }, replacing = { 0 };
	EVP_PKEY *key = ec_key("P-256");
	struct house house;

	(void)state;
	house_open(&house, NULL);
	house_add_issuers(&house, ec_key("P-256"));
	replacing.house = &house;
	replace_the_profile(&replacing);
	pthread_create(&replacing.thread, NULL, replace_the_profile, &replacing);
	for (int i = 0; i < THREADS; i++) {
		work[i].house = &house;
		work[i].profile = "own";
		simple_request(key, "DNS:a.svc.example", &work[i].csr);
		pthread_create(&work[i].thread, NULL, issue_some, &work[i]);
	}
	pthread_join(replacing.thread, NULL);
	assert_int_equal(replacing.issued, 2 * REPLACEMENTS);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(work[i].thread, NULL);
		assert_int_equal(work[i].issued, PER_THREAD);
		buf_free(&work[i].csr);
	}
	EVP_PKEY_free(key);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(issues_from_several_threads_at_once),
		cmocka_unit_test(issues_by_a_profile_that_another_thread_replaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
