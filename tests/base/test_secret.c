/* test_secret.c - a PIN: where it is read from, and where it lives. */
#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "tests/base/directory.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LOCKS false
#else
#define LOCKS true
#endif

static void
skip_unless_memory_is_locked(void)
{
	if (LOCKS)
		return;
	print_message("skipped: a sanitizer turns mlock into nothing\n");
	skip();
}

/* The flags that the kernel has of the memory at this address (proc(5), smaps). */
static void
read_flags(const void *address, char flags[static 256])
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	unsigned long from, to, at = (unsigned long)(uintptr_t)address;
	bool here = false;
	char line[512];

	assert_non_null(maps);
	flags[0] = '\0';
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = at >= from && at < to;
		if (here && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(flags, 256, "%.200s", line);
	}
	fclose(maps);
}

static void
is_locked_and_left_out_of_core_dumps(void **state)
{
	struct secret *secret = NULL;
	char flags[256];

	(void)state;
	skip_unless_memory_is_locked();
	assert_int_equal(secret_new("1234", 4, &secret, NULL), 0);
	assert_string_equal(secret_text(secret), "1234");
	read_flags(secret_text(secret), flags);
	assert_non_null(strstr(flags, " lo"));
	assert_non_null(strstr(flags, " dd"));
	secret_free(secret);
}

/* libcrypto's secure heap has one lock for all threads, and every signature of a token
 * that uses libcrypto would take it. */
static void
leaves_the_secure_heap_off(void **state)
{
	struct secret *secret = NULL;

	(void)state;
	assert_int_equal(secret_new("1234", 4, &secret, NULL), 0);
	assert_false(CRYPTO_secure_malloc_initialized());
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

/* In a process of its own, without the right to lock as much as it likes. */
static int
try_with_no_memory_to_lock(void)
{
	const struct rlimit none = { 0, 0 };
	struct secret *secret = NULL;
	struct error err = { 0 };

	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 ||
	    (geteuid() == 0 && setuid(65534) != 0))
		return 2;
	if (secret_new("1234", 4, &secret, &err) == 0)
		return 3;
	return err.code == ERROR_INTERNAL && strstr(err.text, "memlock") != NULL ? 0 : 4;
}

static void
fails_when_memory_cannot_be_locked(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	skip_unless_memory_is_locked();
	child = fork();
	if (child == 0)
		_exit(try_with_no_memory_to_lock());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
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
		cmocka_unit_test(is_locked_and_left_out_of_core_dumps),
		cmocka_unit_test(leaves_the_secure_heap_off),
		cmocka_unit_test(takes_the_longest_and_refuses_one_more),
		cmocka_unit_test(fails_when_memory_cannot_be_locked),
		cmocka_unit_test(freeing_nothing_is_fine),
		FILE_TEST(reads_the_first_line_of_a_file),
		FILE_TEST(refuses_a_file_that_others_can_read),
		FILE_TEST(refuses_an_empty_first_line),
		FILE_TEST(refuses_a_first_line_that_is_too_long),
		FILE_TEST(refuses_a_file_of_another_user),
		FILE_TEST(refuses_what_is_not_a_file),
		FILE_TEST(refuses_a_pipe_without_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
