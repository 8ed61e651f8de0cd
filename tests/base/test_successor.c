/* test_successor.c - whose a file is that takes another's place. */
#include "base/file.h"

#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/base/directory.h"

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
prepare_like(const char *path, struct file_change *change)
{
	struct bytes content = { (const unsigned char *)"new", 3 };

	assert_int_equal(file_prepare_like(change, path, content, 0640, NULL), 0);
}

static void
keeps_the_mode_of_the_file_it_replaces(void **state)
{
	struct file_change change;
	char path[256];

	directory_path(state, "file", path);
	prepare_like(path, &change);
	assert_int_equal(file_commit(&change, NULL), 0);
	assert_true(change.is_like);
	assert_int_equal(file_mode(path), 0640);
	assert_int_equal(chmod(path, 0604), 0);
	prepare_like(path, &change);
	assert_int_equal(file_mode(change.temporary), 0604);
	assert_int_equal(file_commit(&change, NULL), 0);
	assert_true(change.is_like);
	assert_int_equal(file_mode(path), 0604);
	check_content(path, "new");
}

static void
keeps_owner_and_group_of_the_file_it_replaces(void **state)
{
	struct file_change change;
	struct stat st;
	char path[256];

	if (geteuid() != 0) {
		print_message("skipped: only root can give files away\n");
		skip();
	}
	write_file(directory_path(state, "file", path), "old", 0440);
	assert_int_equal(chown(path, 1234, 5678), 0);
	prepare_like(path, &change);
	assert_int_equal(stat(change.temporary, &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 5678);
	assert_int_equal(st.st_mode & 07777, 0440);
	assert_int_equal(file_commit(&change, NULL), 0);
	assert_true(change.is_like);
	check_content(path, "new");
}

/* A list that grants one user more than the group, whose bits are then the mask. */
static void
keeps_the_access_list_of_the_file_it_replaces(void **state)
{
	static const unsigned char acl[] = { 2, 0, 0, 0, /* the version, and 8 each */
		1, 0, 6, 0, 255, 255, 255, 255,          /* the owner: rw- */
		2, 0, 4, 0, 33, 0, 0, 0,                 /* user 33: r-- */
		4, 0, 0, 0, 255, 255, 255, 255,          /* the group: --- */
		16, 0, 4, 0, 255, 255, 255, 255,         /* the mask: r-- */
		32, 0, 0, 0, 255, 255, 255, 255 };
	static const char name[] = "system.posix_acl_access";
	unsigned char kept[64];
	struct file_change change;
	char path[256];

	write_file(directory_path(state, "file", path), "old", 0600);
	if (setxattr(path, name, acl, sizeof(acl), 0) != 0) {
		assert_int_equal(errno, ENOTSUP);
		print_message("skipped: no access lists here\n");
		skip();
	}
	assert_int_equal(file_mode(path), 0640);
	prepare_like(path, &change);
	assert_int_equal(file_commit(&change, NULL), 0);
	assert_true(change.is_like);
	assert_int_equal(getxattr(path, name, kept, sizeof(kept)), sizeof(acl));
	assert_memory_equal(kept, acl, sizeof(acl));
}

/* In a child that is nobody: the exit status tells. */
static int
replace_as_nobody(const char *path)
{
	struct bytes content = { (const unsigned char *)"new", 3 };
	struct file_change change;
	struct stat st;

	if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
		return 2;
	if (file_prepare_like(&change, path, content, 0640, NULL) != 0 ||
	    stat(change.temporary, &st) != 0 || file_commit(&change, NULL) != 0)
		return 3;
	return !change.is_like && (st.st_mode & 07777) == 0644 ? 0 : 4;
}

static void
opens_to_no_other_group_what_it_may_not_give_away(void **state)
{
	char path[256];
	int status = 0;
	pid_t child;

	if (geteuid() != 0) {
		print_message("skipped: only root can give files away\n");
		skip();
	}
	assert_int_equal(chmod(*state, 0777), 0);
	write_file(directory_path(state, "file", path), "old", 0664);
	assert_int_equal(chown(path, 1234, 5678), 0);
	if ((child = fork()) == 0)
		_exit(replace_as_nobody(path));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define FILE_TEST(name)                                                                  \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(keeps_the_mode_of_the_file_it_replaces),
		FILE_TEST(keeps_owner_and_group_of_the_file_it_replaces),
		FILE_TEST(keeps_the_access_list_of_the_file_it_replaces),
		FILE_TEST(opens_to_no_other_group_what_it_may_not_give_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
