/* test_file.c - whole small files, and directories to trust with them. */
#include "base/file.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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
changes_files_together_or_not_at_all(void **state)
{
	static const struct bytes new = { (const unsigned char *)"new", 3 };
	struct file_change first = { .path = "" }, second = { .path = "" };
	char path[256], other[256], absent[256];

	write_file(directory_path(state, "file", path), "old", 0600);
	write_file(directory_path(state, "other", other), "old", 0600);
	assert_int_equal(file_prepare(&first, path, new, 0640, NULL), 0);
	directory_path(state, "absent/file", absent);
	assert_int_equal(file_prepare(&second, absent, new, 0640, NULL), -1);
	file_discard(&first);
	file_discard(&second);
	check_content(path, "old");
	assert_int_equal(count_entries(*state), 2);
	assert_int_equal(file_prepare(&first, path, new, 0640, NULL), 0);
	assert_int_equal(file_prepare(&second, other, new, 0640, NULL), 0);
	check_content(path, "old");
	assert_int_equal(file_commit(&first, NULL), 0);
	check_content(path, "new");
	check_content(other, "old");
	assert_int_equal(file_commit(&second, NULL), 0);
	check_content(other, "new");
	assert_int_equal(file_mode(other), 0640);
	file_discard(&first);
	file_discard(&second);
	assert_int_equal(count_entries(*state), 2);
}

static void
keeps_a_change_that_could_not_be_made(void **state)
{
	static const struct bytes new = { (const unsigned char *)"new", 3 };
	struct file_change change;
	struct error err = { 0 };
	char path[256];

	directory_path(state, "target", path);
	assert_int_equal(file_prepare(&change, path, new, 0640, NULL), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(file_commit(&change, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_int_equal(count_entries(*state), 2);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(file_commit(&change, &err), 0);
	check_content(path, "new");
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

static void
makes_a_directory_with_the_exact_mode(void **state)
{
	mode_t saved = umask(0077);
	char path[256];

	directory_path(state, "made", path);
	assert_int_equal(file_make_directory(path, 0711, NULL), 0);
	assert_int_equal(file_mode(path), 0711);
	umask(0);
	directory_path(state, "made/private/", path);
	assert_int_equal(file_make_directory(path, 0700, NULL), 0);
	assert_int_equal(file_mode(path), 0700);
	umask(saved);
}

static void
leaves_a_safe_directory_as_it_is(void **state)
{
	char path[256], inside[256];

	directory_path(state, "there", path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0755), 0);
	write_file(directory_path(state, "there/file", inside), "content", 0600);
	assert_int_equal(file_make_directory(path, 0700, NULL), 0);
	assert_int_equal(file_mode(path), 0755);
	check_content(inside, "content");
}

static void
check_refused(const char *path, const char *why)
{
	struct error err = { 0 };

	assert_int_equal(file_make_directory(path, 0700, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, why));
}

static void
refuses_a_link_to_a_directory(void **state)
{
	struct error err = { 0 };
	char path[256], link[256];

	directory_path(state, "there", path);
	directory_path(state, "link", link);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(symlink(path, link), 0);
	check_refused(link, "symbolic link");
	directory_path(state, "link/", link);
	assert_int_equal(file_make_directory(link, 0700, &err), -1);
	assert_non_null(strstr(err.text, "symbolic link"));
	directory_path(state, "dangling", link);
	assert_int_equal(symlink("/nonexistent/directory", link), 0);
	check_refused(link, "symbolic link");
}

static void
refuses_a_directory_that_others_can_write_to(void **state)
{
	char path[256], advice[300];

	directory_path(state, "shared", path);
	snprintf(advice, sizeof(advice), "chmod go-w %s", path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0702), 0);
	check_refused(path, advice);
	assert_int_equal(file_mode(path), 0702);
	assert_int_equal(chmod(path, 0720), 0);
	check_refused(path, advice);
	assert_int_equal(chmod(path, 01777), 0);
	check_refused(path, advice);
}

static void
refuses_a_directory_of_another_user(void **state)
{
	char path[256];

	if (geteuid() != 0) {
		/* The root directory is not ours, and cannot be made so. */
		check_refused("/", "belongs to user 0");
		return;
	}
	directory_path(state, "theirs", path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chown(path, 1000, 1000), 0);
	check_refused(path, "belongs to user 1000, not to this one");
}

static void
refuses_what_is_not_a_directory(void **state)
{
	char path[256];

	write_file(directory_path(state, "file", path), "content", 0600);
	check_refused(path, "not a directory");
	check_content(path, "content");
}

static void
makes_no_parents(void **state)
{
	char path[256];

	check_refused(directory_path(state, "absent/made", path), "No such file");
}

static void
checks_without_making_anything(void **state)
{
	struct error err = { 0 };
	char path[256];

	directory_path(state, "made/", path);
	assert_int_equal(file_check_directory(path, &err), 0);
	assert_int_equal(count_entries(*state), 0);
	directory_path(state, "absent/made", path);
	assert_int_equal(file_check_directory(path, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "/absent: No such file or directory"));
	assert_int_equal(chmod(*state, 0770), 0);
	assert_int_equal(file_check_directory(*state, &err), -1);
	assert_non_null(strstr(err.text, "others can write to it"));
	assert_int_equal(count_entries(*state), 0);
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
		FILE_TEST(changes_files_together_or_not_at_all),
		FILE_TEST(keeps_a_change_that_could_not_be_made),
		FILE_TEST(refuses_a_directory_that_is_not_there),
		FILE_TEST(makes_a_directory_with_the_exact_mode),
		FILE_TEST(leaves_a_safe_directory_as_it_is),
		FILE_TEST(refuses_a_link_to_a_directory),
		FILE_TEST(refuses_a_directory_that_others_can_write_to),
		FILE_TEST(refuses_a_directory_of_another_user),
		FILE_TEST(refuses_what_is_not_a_directory),
		FILE_TEST(makes_no_parents),
		FILE_TEST(checks_without_making_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
