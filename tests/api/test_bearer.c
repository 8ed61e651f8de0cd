/* test_bearer.c - the text of a token, read as it is written and no other way. */
#include "api/bearer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static int
read_text(const char *text, struct bearer *bearer)
{
	return bearer_read(text, strlen(text), bearer);
}

static void
writes_what_it_reads(void **state)
{
	char name[NAME_MAX_CHARS + 1], text[BEARER_TEXT_SIZE];
	struct bearer made, found;

	(void)state;
	memset(name, 'a', NAME_MAX_CHARS);
	name[NAME_MAX_CHARS] = '\0';
	for (int i = 0; i < 100; i++) {
		assert_int_equal(
		    bearer_make(i % 2 == 0 ? name : "ci.deploy-1", &made, NULL), 0);
		bearer_write(&made, text);
		assert_int_equal(read_text(text, &found), 0);
		assert_string_equal(found.name, made.name);
		assert_memory_equal(found.secret, made.secret, BEARER_SECRET_BYTES);
	}
	assert_true(strncmp(text, "kh1.ci.deploy-1.", 16) == 0);
	assert_int_equal(strlen(text), 16 + BEARER_SECRET_CHARS);
}

static void
uses_the_alphabet_of_urls(void **state)
{
	struct bearer bearer = { .name = "a" }, found;
	char text[BEARER_TEXT_SIZE];

	(void)state;
	memset(bearer.secret, 0xfb, 3);
	memset(bearer.secret + 3, 0xff, 3);
	bearer_write(&bearer, text);
	assert_true(strncmp(text, "kh1.a.-_v7____AAAA", 18) == 0);
	assert_int_equal(read_text(text, &found), 0);
	assert_memory_equal(found.secret, bearer.secret, BEARER_SECRET_BYTES);
}

static void
makes_another_secret_each_time(void **state)
{
	struct bearer first, second;

	(void)state;
	assert_int_equal(bearer_make("a", &first, NULL), 0);
	assert_int_equal(bearer_make("a", &second, NULL), 0);
	assert_memory_not_equal(first.secret, second.secret, BEARER_SECRET_BYTES);
}

static void
refuses_every_other_text(void **state)
{
	static const char *const texts[] = { "", "kh1.", "kh1.a", "kh1.a.", "kh1.." ZEROS,
		"kh1." ZEROS, "kh2.a." ZEROS, "KH1.a." ZEROS, "kh1.A." ZEROS,
		"kh1.a" ZEROS "A", "kh1.a." ZEROS "A", "kh1.a." ZEROS "=",
		" kh1.a." ZEROS, "kh1.a." ZEROS " ", "kh1.a/b." ZEROS,
		/* Bits that mean nothing, the other alphabet, and none. */
		"kh1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
		"kh1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+A",
		"kh1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/A",
		"kh1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=A",
		"kh1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nA" };
	struct bearer bearer;
	char overlong[200];

	(void)state;
	assert_int_equal(read_text("kh1.a." ZEROS, &bearer), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (read_text(texts[i], &bearer) == 0)
			fail_msg("\"%s\" was read", texts[i]);
	snprintf(overlong, sizeof(overlong), "kh1.%064d." ZEROS, 0);
	assert_int_equal(read_text(overlong, &bearer), -1);
	snprintf(overlong, sizeof(overlong), "kh1.%063d." ZEROS, 0);
	assert_int_equal(read_text(overlong, &bearer), 0);
}

static void
hashes_the_secret_with_its_salt(void **state)
{
	/* SHA-256 of 16 bytes of 1 and 32 of 2. */
	static const char expected[] =
	    "ac2bca3db969f4464f7b2759d64430ea90299eb98385e1a08b1142508a4f657c";
	unsigned char salt[TOKEN_SALT_BYTES], hash[TOKEN_HASH_BYTES];
	struct bearer bearer = { .name = "a" };
	char hex[2 * TOKEN_HASH_BYTES + 1];

	(void)state;
	memset(salt, 1, sizeof(salt));
	memset(bearer.secret, 2, sizeof(bearer.secret));
	assert_int_equal(bearer_hash(&bearer, salt, hash, NULL), 0);
	hex_encode(hex, hash, sizeof(hash));
	assert_string_equal(hex, expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(uses_the_alphabet_of_urls),
		cmocka_unit_test(makes_another_secret_each_time),
		cmocka_unit_test(refuses_every_other_text),
		cmocka_unit_test(hashes_the_secret_with_its_salt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
