/* test_key.c - a key by its public half. */
#include "evp/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "tests/evp/software.h"

static void
knows_its_name_type_and_hash(void **state)
{
	unsigned char hash[KEY_SHA256_SIZE];

	(void)state;
	for (int i = 0; i < KEY_TYPES; i++) {
		struct key key = software_describe((enum key_type)i, "web");

		assert_string_equal(key.name, "web");
		assert_int_equal(key.type, i);
		assert_true(EVP_Q_digest(
		    NULL, "SHA256", NULL, key.spki, key.spki_len, hash, NULL));
		assert_memory_equal(key.spki_sha256, hash, sizeof(hash));
	}
}

static void
is_its_twin_s_twin(void **state)
{
	static const struct {
		enum key_type type, twin;
	} cases[] = { { KEY_RSA_2048, KEY_RSA_PSS_2048 },
		{ KEY_RSA_3072, KEY_RSA_PSS_3072 }, { KEY_RSA_4096, KEY_RSA_PSS_4096 },
		{ KEY_EC_P256, KEY_EC_P256 }, { KEY_ED25519, KEY_ED25519 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct key key = software_describe(cases[i].type, "web"), twin, again;

		assert_int_equal(key_twin(&key, &twin, NULL), 0);
		assert_int_equal(twin.type, cases[i].twin);
		assert_string_equal(twin.name, "web");
		assert_int_equal(key_twin(&twin, &again, NULL), 0);
		assert_int_equal(again.type, key.type);
		assert_memory_equal(again.spki_sha256, key.spki_sha256, KEY_SHA256_SIZE);
	}
}

/* A proxy in FIPS mode may have no FIPS provider where this library looks for a hash. */
static void
knows_its_hash_whatever_the_application_s_properties(void **state)
{
	struct key before = software_describe(KEY_EC_P256, "web"), key;
	struct bytes spki = { .data = before.spki, .len = before.spki_len };
	int rc;

	(void)state;
	assert_int_equal(EVP_set_default_properties(NULL, "fips=yes"), 1);
	rc = key_init(&key, "web", &spki, NULL);
	assert_int_equal(EVP_set_default_properties(NULL, ""), 1);
	assert_int_equal(rc, 0);
	assert_memory_equal(
	    key.spki_sha256, before.spki_sha256, sizeof(before.spki_sha256));
}

static void
check_refusal(const char *name, const struct bytes *spki)
{
	struct key key = { .name = "untouched" };
	struct error err = { 0 };

	assert_int_equal(key_init(&key, name, spki, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_string_equal(key.name, "untouched");
}

static void
refuses_a_bad_name(void **state)
{
	struct key key = software_describe(KEY_EC_P256, "web");
	struct bytes spki = { .data = key.spki, .len = key.spki_len };
	char longest[NAME_MAX_CHARS + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[NAME_MAX_CHARS + 1] = '\0';
	check_refusal("", &spki);
	check_refusal("Web", &spki);
	check_refusal("a/b", &spki);
	check_refusal(".hidden", &spki);
	check_refusal(longest, &spki);
	longest[NAME_MAX_CHARS] = '\0';
	assert_int_equal(key_init(&key, longest, &spki, NULL), 0);
}

static void
refuses_a_public_key_that_is_none(void **state)
{
	static const unsigned char zeros[KEY_SPKI_MAX + 1];
	struct bytes bytes = { .data = zeros, .len = sizeof(zeros) };

	(void)state;
	check_refusal("web", &bytes);
	bytes.len = 10;
	check_refusal("web", &bytes);
	bytes.len = 0;
	check_refusal("web", &bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_its_name_type_and_hash),
		cmocka_unit_test(is_its_twin_s_twin),
		cmocka_unit_test(knows_its_hash_whatever_the_application_s_properties),
		cmocka_unit_test(refuses_a_bad_name),
		cmocka_unit_test(refuses_a_public_key_that_is_none),
	};

	return cmocka_run_group_tests(tests, software_make, software_free);
}
