/* test_api_decrypt.c - POST /v1/keys/{key}/decrypt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/api/fixture.h"
#include "tests/support/exchange.h"

#define DECRYPT(key) "/v1/keys/" key "/decrypt?scheme=rsa_pkcs1_tls"

static struct key kex;

static int
setup(void **state)
{
	struct keystore_key key;
	struct fixture *f;

	if (fixture_open(state) != 0)
		return -1;
	f = *state;
	make_key(f, "kex", "rsa-2048", "tls-rsa-kex");
	make_key(f, "tls", "rsa-2048", "tls");
	make_key(f, "sign", "rsa-2048", "sign");
	make_key(f, "ca", "rsa-2048", "ca");
	make_key(f, "ec", "ec-p256", "tls");
	if (keyring_find(f->api.keys, "kex", &key, NULL) != 0)
		return -1;
	kex = key.key;
	return 0;
}

static int
decrypt(struct fixture *f, const char *target, const struct exchange_sent *sent)
{
	struct bytes body = { .data = sent->ciphertext, .len = sent->len };

	return send_bytes(f, "POST", target, OCTETS, body);
}

static void
answers_with_the_premaster_secret(void **state)
{
	struct fixture *f = *state;
	struct exchange_sent sent;
	char target[160];

	exchange_make(&kex, EXCHANGE_GOOD, &sent);
	if (decrypt(f, DECRYPT("kex"), &sent) != 200)
		fail_msg("%s", body_text(f));
	assert_string_equal(f->res.content_type, OCTETS);
	assert_int_equal(f->res.body.len, PREMASTER_BYTES);
	assert_memory_equal(f->res.body.data, sent.premaster, PREMASTER_BYTES);

	assert_int_equal(get(f, "/v1/keys/kex"), 200);
	snprintf(target, sizeof(target), "/v1/keys/spki:%s/decrypt?scheme=rsa_pkcs1_tls",
	    member(f, "spki_sha256"));
	assert_int_equal(decrypt(f, target, &sent), 200);
	assert_memory_equal(f->res.body.data, sent.premaster, PREMASTER_BYTES);
}

static void
answers_anything_else_alike(void **state)
{
	struct fixture *f = *state;

	for (int kind = EXCHANGE_GOOD + 1; kind < EXCHANGES; kind++) {
		struct exchange_sent sent;

		exchange_make(&kex, (enum exchange_kind)kind, &sent);
		log_capture();
		decrypt(f, DECRYPT("kex"), &sent);
		assert_string_equal(log_captured(), "");
		if (f->res.status != 200)
			fail_msg("%s: %s", exchange_name((enum exchange_kind)kind),
			    body_text(f));
		assert_string_equal(f->res.content_type, OCTETS);
		assert_int_equal(f->res.body.len, PREMASTER_BYTES);
		assert_memory_not_equal(
		    f->res.body.data, sent.premaster, PREMASTER_BYTES);
	}
}

static void
keys_of_other_uses_do_not_decrypt(void **state)
{
	static const char *const targets[] = { DECRYPT("tls"), DECRYPT("sign"),
		DECRYPT("ca"), DECRYPT("ec") };
	struct fixture *f = *state;
	struct exchange_sent sent;

	exchange_make(&kex, EXCHANGE_GOOD, &sent);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		decrypt(f, targets[i], &sent);
		assert_problem(f, 403, "forbidden");
		assert_non_null(strstr(member(f, "detail"), "does not decrypt"));
	}
}

static void
refuses_what_is_not_asked_for_rightly(void **state)
{
	struct fixture *f = *state;
	struct exchange_sent sent;
	struct bytes body = { .data = sent.ciphertext };

	exchange_make(&kex, EXCHANGE_GOOD, &sent);
	decrypt(f, "/v1/keys/kex/decrypt", &sent);
	assert_problem(f, 400, "bad-request");
	decrypt(f, "/v1/keys/kex/decrypt?scheme=rsa_pkcs1", &sent);
	assert_problem(f, 415, "unsupported");
	decrypt(f, DECRYPT("kex") "&padding=none", &sent);
	assert_problem(f, 400, "bad-request");
	decrypt(f, DECRYPT("nobody"), &sent);
	assert_problem(f, 404, "not-found");
	body.len = sent.len;
	send_bytes(f, "POST", DECRYPT("kex"), JSON, body);
	assert_problem(f, 415, "unsupported");
	get(f, DECRYPT("kex"));
	assert_int_equal(f->res.status, 405);
}

static void
a_ciphertext_of_another_length_is_malformed(void **state)
{
	static const size_t lens[] = { 0, 255, 257, 512 };
	struct fixture *f = *state;
	struct exchange_sent sent;

	exchange_make(&kex, EXCHANGE_GOOD, &sent);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		sent.len = lens[i];
		decrypt(f, DECRYPT("kex"), &sent);
		assert_problem(f, 400, "bad-request");
	}
}

static void
nobody_decrypts_without_a_rule(void **state)
{
	struct fixture *f = *state;
	struct exchange_sent sent;

	exchange_make(&kex, EXCHANGE_GOOD, &sent);
	f->caller.admin = false;
	decrypt(f, DECRYPT("kex"), &sent);
	f->caller.admin = true;
	assert_problem(f, 403, "forbidden");
}

static void
the_use_is_for_rsa_keys(void **state)
{
	struct fixture *f = *state;

	post_json(f, "/v1/keys",
	    "{\"name\":\"odd\",\"type\":\"ec-p256\",\"use\":\"tls-rsa-kex\"}");
	assert_problem(f, 400, "bad-request");
	assert_non_null(strstr(member(f, "detail"), "is for RSA keys"));
}

static void
the_use_survives_a_restart(void **state)
{
	struct fixture *f = *state;
	struct exchange_sent sent;

	fixture_restart(f);
	assert_int_equal(get(f, "/v1/keys/kex"), 200);
	assert_string_equal(member(f, "use"), "tls-rsa-kex");
	exchange_make(&kex, EXCHANGE_GOOD, &sent);
	assert_int_equal(decrypt(f, DECRYPT("kex"), &sent), 200);
	assert_memory_equal(f->res.body.data, sent.premaster, PREMASTER_BYTES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_with_the_premaster_secret),
		cmocka_unit_test(answers_anything_else_alike),
		cmocka_unit_test(keys_of_other_uses_do_not_decrypt),
		cmocka_unit_test(refuses_what_is_not_asked_for_rightly),
		cmocka_unit_test(a_ciphertext_of_another_length_is_malformed),
		cmocka_unit_test(nobody_decrypts_without_a_rule),
		cmocka_unit_test(the_use_is_for_rsa_keys),
		cmocka_unit_test(the_use_survives_a_restart),
	};

	return cmocka_run_group_tests(tests, setup, fixture_close);
}
