/* test_api_changes.c - changes of keys and issuers while one of them does not end. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/audit_head.h"
#include "api/ocsp_key.h"
#include "tests/api/fixture.h"

static int
setup(void **state)
{
	if (fixture_open(state) != 0)
		return -1;
	make_issuer(*state, "root", NULL);
	make_key(*state, "web", "ec-p256", "tls");
	return 0;
}

static void
each_gives_up_at_its_deadline(void **state)
{
	static const struct {
		const char *method, *target, *body;
	} changes[] = {
		{ "POST", "/v1/keys",
		    "{\"name\":\"a\",\"type\":\"ec-p256\",\"use\":\"tls\"}" },
		{ "POST", "/v1/keys/b/adopt", "{\"use\":\"tls\"}" },
		{ "POST", "/v1/keys/web/rotate", "{}" },
		{ "DELETE", "/v1/keys/web", "{\"spki_sha256\":\"00\"}" },
		{ "GET", "/v1/left-keys", "" },
		{ "DELETE", "/v1/left-keys/00", "" },
		{ "POST", "/v1/issuers", "{\"name\":\"c\",\"subject\":\"/CN=c\"}" },
		{ "PATCH", "/v1/issuers/root", "{\"crl_shards\":1}" },
		{ "POST", "/v1/issuers/root/rotate", "{}" },
		{ "PUT", "/v1/issuers/root/certificate", "-" },
		{ "PUT", "/v1/profiles/own",
		    "{\"dns_names\":[\"a.example\"],\"ext_key_usage\":[\"serverAuth\"],"
		    "\"subject_allowed\":[]}" },
		{ "DELETE", "/v1/profiles/own", "" },
	};
	struct fixture *f = *state;

	f->api.changes_wait_ms = 20;
	pthread_mutex_lock(&f->api.changes);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *body = changes[i].body;
		const char *type = *body == '-' ? PEM : *body != '\0' ? JSON : NULL;
		int status =
		    send_text(f, changes[i].method, changes[i].target, type, body);

		if (status != 503 ||
		    strstr(member(f, "detail"), "takes its time") == NULL)
			fail_msg("%s %s: %d %s", changes[i].method, changes[i].target,
			    status, member(f, "detail"));
	}
	pthread_mutex_unlock(&f->api.changes);
	assert_int_equal(
	    send_text(f, changes[0].method, changes[0].target, JSON, changes[0].body),
	    201);
}

/* Which signs the audit record, and answers of OCSP: that goes on. */
static void
a_key_that_is_there_waits_for_none(void **state)
{
	struct fixture *f = *state;
	struct audit_mark last = { 0 };
	struct error err;
	EVP_PKEY *key;

	assert_int_equal(audit_head_sign(&f->api, &last, NULL), 0);
	assert_int_equal(ocsp_key(&f->api, "root", &key, NULL), 0);
	EVP_PKEY_free(key);
	f->api.changes_wait_ms = 20;
	pthread_mutex_lock(&f->api.changes);
	if (audit_head_sign(&f->api, &last, &err) != 0 ||
	    ocsp_key(&f->api, "root", &key, &err) != 0)
		fail_msg("%s", err.text);
	pthread_mutex_unlock(&f->api.changes);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    each_gives_up_at_its_deadline, setup, fixture_close),
		cmocka_unit_test_setup_teardown(
		    a_key_that_is_there_waits_for_none, setup, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
