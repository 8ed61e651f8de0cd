/* test_pin.c - the PIN from a file or a systemd credential. */
#include "service/pin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/secret.h"
#include "service/config.h"
#include "tests/base/directory.h"

static int
make(void **state)
{
	return unsetenv("CREDENTIALS_DIRECTORY") == 0 ? directory_make(state) : -1;
}

static void
reads_the_file(void **state)
{
	struct config_token token = { .name = "t", .credential = "keyhold-pin" };
	struct secret *pin = NULL;
	char path[256];

	write_file(directory_path(state, "pin", path), "1234\n", 0600);
	token.pin_file = path;
	assert_int_equal(pin_read(&token, &pin, NULL), 0);
	assert_string_equal(secret_text(pin), "1234");
	secret_free(pin);
}

static void
refuses_a_file_that_others_can_read(void **state)
{
	struct config_token token = { .name = "t", .credential = "keyhold-pin" };
	struct secret *pin = NULL;
	struct error err = { 0 };
	char path[256];

	write_file(directory_path(state, "pin", path), "1234\n", 0644);
	token.pin_file = path;
	assert_int_equal(pin_read(&token, &pin, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_null(pin);
}

/* Mode 0440 is how a credential looks to a service with its own user. */
static void
reads_the_credential(void **state)
{
	struct config_token token = { .name = "t", .credential = "keyhold-pin" };
	struct secret *pin = NULL;
	char path[256];

	write_file(directory_path(state, "keyhold-pin", path), "4321", 0440);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", *state, 1), 0);
	assert_int_equal(pin_read(&token, &pin, NULL), 0);
	assert_string_equal(secret_text(pin), "4321");
	secret_free(pin);
}

static void
reads_the_credential_of_one_of_several(void **state)
{
	struct config_token token = { .name = "b", .credential = "keyhold-pin-b" };
	struct secret *pin = NULL;
	char path[256];

	write_file(directory_path(state, "keyhold-pin", path), "4321", 0440);
	write_file(directory_path(state, "keyhold-pin-b", path), "8765", 0440);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", *state, 1), 0);
	assert_int_equal(pin_read(&token, &pin, NULL), 0);
	assert_string_equal(secret_text(pin), "8765");
	secret_free(pin);
}

static void
prefers_the_file(void **state)
{
	struct config_token token = { .name = "t", .credential = "keyhold-pin" };
	struct secret *pin = NULL;
	char file[256], credential[256];

	write_file(directory_path(state, "pin", file), "1234\n", 0600);
	write_file(directory_path(state, "keyhold-pin", credential), "4321", 0440);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", *state, 1), 0);
	token.pin_file = file;
	assert_int_equal(pin_read(&token, &pin, NULL), 0);
	assert_string_equal(secret_text(pin), "1234");
	secret_free(pin);
}

static void
refuses_an_empty_or_absent_credential(void **state)
{
	struct config_token token = { .name = "t", .credential = "keyhold-pin" };
	struct secret *pin = NULL;
	struct error err = { 0 };
	char path[256];

	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", *state, 1), 0);
	assert_int_equal(pin_read(&token, &pin, &err), -1);
	assert_non_null(strstr(err.text, "keyhold-pin"));
	write_file(directory_path(state, "keyhold-pin", path), "\n", 0440);
	assert_int_equal(pin_read(&token, &pin, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_null(pin);
}

static void
says_how_to_give_a_pin(void **state)
{
	struct config_token token = { .name = "t", .credential = "keyhold-pin" };
	struct secret *pin = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(pin_read(&token, &pin, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "pin_file"));
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(reads_the_file),
		FILE_TEST(refuses_a_file_that_others_can_read),
		FILE_TEST(reads_the_credential),
		FILE_TEST(reads_the_credential_of_one_of_several),
		FILE_TEST(prefers_the_file),
		FILE_TEST(refuses_an_empty_or_absent_credential),
		FILE_TEST(says_how_to_give_a_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
