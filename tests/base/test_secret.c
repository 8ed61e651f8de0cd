/* test_secret.c - a PIN: where it is read from, and where it lives. */
#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "tests/base/directory.h"

static int
heap(void **state)
{
	(void)state;
	return secret_heap_init(NULL);
}

static void
keeps_the_text_on_the_secure_heap(void **state)
{
	struct secret *secret = NULL;

	(void)state;
	assert_int_equal(secret_new("1234", 4, &secret, NULL), 0);
	assert_string_equal(secret_text(secret), "1234");
	assert_true(CRYPTO_secure_allocated(secret_text(secret)));
	secret_free(secret);
}

static void
takes_the_longest_and_refuses_one_more(void **state)
{
	char text[SECRET_MAX_BYTES + 1];
	struct secret *secret = NULL, *longer = NULL;
	struct error err = { 0 };

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(secret_new(text, SECRET_MAX_BYTES, &secret, NULL), 0);
	assert_int_equal(strlen(secret_text(secret)), SECRET_MAX_BYTES);
	secret_free(secret);
	assert_int_equal(secret_new(text, SECRET_MAX_BYTES + 1, &longer, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_null(longer);
}

static void
fails_when_the_heap_is_full(void **state)
{
	struct secret *secrets[200] = { NULL };
	struct error err = { 0 };
	size_t n = 0;

	(void)state;
	while (n < 200 && secret_new("1234", 4, &secrets[n], &err) == 0)
		n++;
	assert_true(n > 10 && n < 200);
	assert_int_equal(err.code, ERROR_INTERNAL);
	while (n > 0)
		secret_free(secrets[--n]);
}

static void
freeing_nothing_is_fine(void **state)
{
	(void)state;
	secret_free(NULL);
}

static void
check_read(void **state, const char *content, mode_t mode, const char *expected)
{
	struct secret *secret = NULL;
	char path[256];

	write_file(directory_path(state, "pin", path), content, mode);
	assert_int_equal(secret_read_file(path, &secret, NULL), 0);
	assert_string_equal(secret_text(secret), expected);
	secret_free(secret);
}

static void
reads_the_first_line_of_a_file(void **state)
{
	check_read(state, "1234", 0600, "1234");
	check_read(state, "1234\n", 0600, "1234");
	check_read(state, "1234\r\n", 0600, "1234");
	check_read(state, " 12 34 \nsecond\n", 0400, " 12 34 ");
}

static void
check_refusal(void **state, const char *content, mode_t mode, const char *reason)
{
	struct secret *secret = NULL;
	struct error err = { 0 };
	char path[256];

	write_file(directory_path(state, "pin", path), content, mode);
	assert_int_equal(secret_read_file(path, &secret, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, reason));
	assert_null(strstr(err.text, "1234"));
	assert_null(secret);
}

static void
refuses_a_file_that_others_can_read(void **state)
{
	check_refusal(state, "1234\n", 0640, "chmod 600");
	check_refusal(state, "1234\n", 0604, "chmod 600");
	check_refusal(state, "1234\n", 0620, "chmod 600");
}

static void
refuses_an_empty_first_line(void **state)
{
	check_refusal(state, "", 0600, "empty");
	check_refusal(state, "\n1234\n", 0600, "empty");
}

static void
refuses_a_first_line_that_is_too_long(void **state)
{
	char content[SECRET_MAX_BYTES + 2];

	memset(content, '9', sizeof(content) - 1);
	content[sizeof(content) - 1] = '\0';
	check_refusal(state, content, 0600, "at most");
}

static void
refuses_a_file_of_another_user(void **state)
{
	struct secret *secret = NULL;
	struct error err = { 0 };
	char path[256];

	if (geteuid() != 0) {
		print_message("skipped: only root can give a file away\n");
		skip();
	}
	write_file(directory_path(state, "pin", path), "1234\n", 0600);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(secret_read_file(path, &secret, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "belongs to user 65534"));
}

static void
refuses_what_is_not_a_file(void **state)
{
	struct secret *secret = NULL;
	struct error err = { 0 };
	char path[256];

	assert_int_equal(secret_read_file(*state, &secret, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	directory_path(state, "absent", path);
	assert_int_equal(secret_read_file(path, &secret, &err), -1);
	assert_non_null(strstr(err.text, "No such file"));
}

/* Opening a pipe that nobody writes to would hang the start of the daemon. */
static void
refuses_a_pipe_without_waiting(void **state)
{
	struct secret *secret = NULL;
	struct error err = { 0 };
	char path[256];

	directory_path(state, "pipe", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(10);
	assert_int_equal(secret_read_file(path, &secret, &err), -1);
	alarm(0);
	assert_non_null(strstr(err.text, "not a regular file"));
}

#define FILE_TEST(name)                                                                  \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_text_on_the_secure_heap),
		cmocka_unit_test(takes_the_longest_and_refuses_one_more),
		cmocka_unit_test(fails_when_the_heap_is_full),
		cmocka_unit_test(freeing_nothing_is_fine),
		FILE_TEST(reads_the_first_line_of_a_file),
		FILE_TEST(refuses_a_file_that_others_can_read),
		FILE_TEST(refuses_an_empty_first_line),
		FILE_TEST(refuses_a_first_line_that_is_too_long),
		FILE_TEST(refuses_a_file_of_another_user),
		FILE_TEST(refuses_what_is_not_a_file),
		FILE_TEST(refuses_a_pipe_without_waiting),
	};

	return cmocka_run_group_tests(tests, heap, NULL);
}
