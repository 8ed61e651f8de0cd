/* test_file.c - whole small files. */
#include "base/file.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/base/directory.h"

static void
appends_the_content(void **state)
{
	struct buffer out;
	char path[256];

	write_file(directory_path(state, "file", path), "content", 0600);
	buf_init(&out, 0);
	buf_text(&out, "before ");
	assert_int_equal(file_read(path, 7, &out, NULL), 0);
	assert_string_equal(buf_string(&out), "before content");
	buf_free(&out);
}

static void
reads_more_than_one_block(void **state)
{
	struct buffer in, out;
	char path[256];

	buf_init(&in, 0);
	buf_init(&out, 0);
	for (int i = 0; i < 5000; i++)
		buf_printf(&in, "%d ", i);
	write_file(directory_path(state, "file", path), buf_string(&in), 0600);
	assert_int_equal(file_read(path, 1 << 20, &out, NULL), 0);
	assert_string_equal(buf_string(&out), buf_string(&in));
	buf_free(&in);
	buf_free(&out);
}

static void
reads_standard_input(void **state)
{
	int saved = dup(STDIN_FILENO), fds[2];
	struct buffer out;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "piped", 5), 5);
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	buf_init(&out, 0);
	assert_int_equal(file_read("-", 100, &out, NULL), 0);
	assert_string_equal(buf_string(&out), "piped");
	buf_free(&out);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

static void
refuses_more_than_the_limit(void **state)
{
	struct error err = { 0 };
	struct buffer out;
	char path[256];

	write_file(directory_path(state, "file", path), "content", 0600);
	buf_init(&out, 0);
	assert_int_equal(file_read(path, 6, &out, &err), -1);
	assert_int_equal(err.code, ERROR_TOO_LARGE);
	buf_free(&out);
}

static void
refuses_what_cannot_be_read(void **state)
{
	struct error err = { 0 };
	struct buffer out;
	char path[256];

	buf_init(&out, 0);
	assert_int_equal(
	    file_read(directory_path(state, "absent", path), 6, &out, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(file_read(*state, 6, &out, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	buf_free(&out);
}

static void
check_content(const char *path, const char *expected)
{
	struct buffer out;

	buf_init(&out, 0);
	assert_int_equal(file_read(path, 1000, &out, NULL), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_free(&out);
}

static void
writes_with_the_exact_mode(void **state)
{
	mode_t saved = umask(0077);
	char path[256];

	directory_path(state, "file", path);
	assert_int_equal(file_write(path, "text", 4, 0644, NULL), 0);
	assert_int_equal(file_mode(path), 0644);
	umask(0);
	assert_int_equal(file_write(path, "secret", 6, 0600, NULL), 0);
	assert_int_equal(file_mode(path), 0600);
	check_content(path, "secret");
	umask(saved);
}

/* A reader that has the old file open goes on reading the old content. */
static void
replaces_rather_than_overwrites(void **state)
{
	struct stat before, after;
	char path[256];

	write_file(directory_path(state, "file", path), "old", 0600);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(file_write(path, "new", 3, 0600, NULL), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
	check_content(path, "new");
}

static int
count_entries(const char *directory)
{
	DIR *dir = opendir(directory);
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}

static void
leaves_no_temporary_file(void **state)
{
	struct error err = { 0 };
	char path[256], inside[256];

	directory_path(state, "target", path);
	directory_path(state, "target/file", inside);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(inside, "in the way", 0600);
	assert_int_equal(file_write(path, "new", 3, 0600, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_int_equal(count_entries(*state), 1);
	assert_int_equal(file_write(inside, "new", 3, 0600, NULL), 0);
	assert_int_equal(count_entries(path), 1);
}

static void
refuses_a_directory_that_is_not_there(void **state)
{
	struct error err = { 0 };
	char path[256];

	directory_path(state, "absent/file", path);
	assert_int_equal(file_write(path, "new", 3, 0600, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, path));
}

#define FILE_TEST(name)                                                                  \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(appends_the_content),
		FILE_TEST(reads_more_than_one_block),
		cmocka_unit_test(reads_standard_input),
		FILE_TEST(refuses_more_than_the_limit),
		FILE_TEST(refuses_what_cannot_be_read),
		FILE_TEST(writes_with_the_exact_mode),
		FILE_TEST(replaces_rather_than_overwrites),
		FILE_TEST(leaves_no_temporary_file),
		FILE_TEST(refuses_a_directory_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
