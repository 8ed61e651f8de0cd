/* test_weakkeys.c - lists in the format of Debian's openssl-blacklist. */
#include "ca/weakkeys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/bn.h>

#include "tests/base/directory.h"
#include "tests/ca/support.h"

/*
 * What "openssl rsa -modulus | sha1sum" prints of this modulus, which begins and ends
 * with an octet of its own so that a wrong order would show.
 */
#define MODULUS_START "c1"
#define MODULUS_END   "0b"

static EVP_PKEY *
listed_key(void)
{
	char hex[513] = MODULUS_START;
	BIGNUM *n = NULL;
	EVP_PKEY *key;

	memset(hex + 2, '5', 508);
	memcpy(hex + 510, MODULUS_END, 3);
	assert_int_equal(BN_hex2bn(&n, hex), 512);
	key = rsa_public(n, 65537);
	BN_free(n);
	return key;
}

#define LISTED "612fb80117dc627b9bd6"

static int
read_with(void **state, const char *name, const char *text, struct weakkeys **keys,
    struct error *err)
{
	char path[256];

	write_file(directory_path(state, name, path), text, 0600);
	return weakkeys_read(*state, keys, err);
}

static bool
finds(const struct weakkeys *keys, EVP_PKEY *key)
{
	bool weak = false;

	assert_int_equal(weakkeys_find(keys, NULL, key, &weak, NULL), 0);
	EVP_PKEY_free(key);
	return weak;
}

static void
knows_a_listed_key_and_no_other(void **state)
{
	struct weakkeys *keys = NULL;
	struct error err = { 0 };

	assert_int_equal(read_with(state, "blacklist.RSA-2048",
			     "# a comment\n"
			     "ffffffffffffffffffff\n" LISTED "\n\n"
			     "00000000000000000000\n",
			     &keys, &err),
	    0);
	assert_int_equal(weakkeys_count(keys), 3);
	assert_true(finds(keys, listed_key()));
	assert_false(finds(keys, rsa_key(2048)));
	weakkeys_free(keys);
}

static void
reads_the_lists_of_all_sizes(void **state)
{
	struct weakkeys *keys = NULL;

	assert_int_equal(read_with(state, "blacklist.RSA-4096",
			     "11111111111111111111\n22222222222222222222\n", &keys, NULL),
	    0);
	assert_int_equal(weakkeys_count(keys), 2);
	weakkeys_free(keys);
	/* Without an end to its last line. */
	assert_int_equal(read_with(state, "blacklist.RSA-2048", LISTED, &keys, NULL), 0);
	assert_int_equal(weakkeys_count(keys), 3);
	assert_true(finds(keys, listed_key()));
	weakkeys_free(keys);
}

static void
accepts_everything_without_a_list(void **state)
{
	struct weakkeys *keys = NULL;

	assert_false(finds(NULL, listed_key()));
	assert_int_equal(weakkeys_count(NULL), 0);
	assert_int_equal(
	    read_with(state, "blacklist.RSA-2048", "# nothing\n", &keys, NULL), 0);
	assert_false(finds(keys, listed_key()));
	weakkeys_free(keys);
}

static void
names_the_line_that_is_no_entry(void **state)
{
	static const char *const bad[] = {
		"#\n" LISTED "\n1111111111111111111\n",   /* 19 digits */
		"#\n" LISTED "\n111111111111111111111\n", /* 21 */
		"#\n" LISTED "\n1111111111111111111g\n",
		"#\n" LISTED "\n 11111111111111111111\n",
		"#\n" LISTED "\n11111111111111111111\r\n",
	};
	struct weakkeys *keys = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(
		    read_with(state, "blacklist.RSA-2048", bad[i], &keys, &err), -1);
		assert_int_equal(err.code, ERROR_CONFIG);
		assert_non_null(strstr(err.text, "blacklist.RSA-2048:3: "));
		assert_null(keys);
	}
}

static void
refuses_a_directory_without_lists(void **state)
{
	struct weakkeys *keys = NULL;
	struct error err = { 0 };
	char path[256];

	assert_int_equal(weakkeys_read(*state, &keys, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_int_equal(
	    weakkeys_read(directory_path(state, "absent", path), &keys, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	/* A list of a size that is refused anyway is none. */
	assert_int_equal(read_with(state, "blacklist.RSA-1024", "", &keys, &err), -1);
}

static void
refuses_a_list_that_cannot_be_read(void **state)
{
	struct weakkeys *keys = NULL;
	struct error err = { 0 };
	char path[256];

	assert_int_equal(
	    symlink(".", directory_path(state, "blacklist.RSA-2048", path)), 0);
	assert_int_equal(weakkeys_read(*state, &keys, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "blacklist.RSA-2048"));
}

#define WITH_DIRECTORY(name)                                                             \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIRECTORY(knows_a_listed_key_and_no_other),
		WITH_DIRECTORY(reads_the_lists_of_all_sizes),
		WITH_DIRECTORY(accepts_everything_without_a_list),
		WITH_DIRECTORY(names_the_line_that_is_no_entry),
		WITH_DIRECTORY(refuses_a_directory_without_lists),
		WITH_DIRECTORY(refuses_a_list_that_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
