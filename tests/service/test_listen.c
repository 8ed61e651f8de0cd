/* test_listen.c - sockets: made, taken over, and never taken away from others. */
#include "service/listen.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/base/directory.h"

#define NO_OWNER   ((struct listen_owner){ (uid_t)-1, (gid_t)-1 })
#define GROUP(gid) ((struct listen_owner){ (uid_t)-1, gid })

static struct sockaddr_un
address_of(const char *path, socklen_t *len)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, strlen(path));
	*len = sizeof(address);
	if (path[0] == '@') {
		address.sun_path[0] = '\0';
		*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	}
	return address;
}

static int
try_connect(const char *path)
{
	socklen_t len;
	struct sockaddr_un address = address_of(path, &len);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = connect(fd, (struct sockaddr *)&address, len);

	close(fd);
	return rc;
}

/* As a process that was killed leaves it: bound, and nobody there. */
static void
leave_stale(const char *path, int type)
{
	socklen_t len;
	struct sockaddr_un address = address_of(path, &len);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	close(fd);
}

static void
accepts_connections_with_the_exact_mode(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	struct listener listener;
	char path[256];

	directory_path(state, "s", path);
	for (size_t i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
		mode_t saved = umask(masks[i]);

		assert_int_equal(listen_unix(path, 0660, NO_OWNER, &listener, NULL), 0);
		umask(saved);
		assert_int_equal(file_mode(path), 0660);
		assert_int_equal(try_connect(path), 0);
		listen_close(&listener);
	}
}

static void
is_closed_on_exec(void **state)
{
	struct listener listener;
	char path[256];

	directory_path(state, "s", path);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &listener, NULL), 0);
	assert_true((fcntl(listener.fd, F_GETFD) & FD_CLOEXEC) != 0);
	listen_close(&listener);
}

static void
gives_the_file_to_the_group(void **state)
{
	struct listener listener;
	struct stat st;
	char path[256];

	if (geteuid() != 0) {
		print_message("skipped: only root can choose any group\n");
		skip();
	}
	directory_path(state, "s", path);
	assert_int_equal(listen_unix(path, 0660, GROUP(12345), &listener, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_gid, 12345);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	listen_close(&listener);
}

static void
gives_the_file_to_its_owner(void **state)
{
	const struct listen_owner owner = { 12346, 12345 };
	struct listener listener;
	struct stat st;
	char path[256];

	if (geteuid() != 0) {
		print_message("skipped: only root can choose any owner\n");
		skip();
	}
	directory_path(state, "s", path);
	assert_int_equal(listen_unix(path, 0660, owner, &listener, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 12346);
	assert_int_equal(st.st_gid, 12345);
	assert_int_equal(st.st_mode & 07777, 0660);
	listen_close(&listener);
}

static void
refuses_an_owner_that_it_may_not_choose(void **state)
{
	const struct listen_owner root = { 0, (gid_t)-1 }, own = { 65534, (gid_t)-1 };
	struct error err = { 0 };
	char path[256];
	int status = 0;
	pid_t child;

	if (geteuid() != 0) {
		print_message("skipped: only root can become another user\n");
		skip();
	}
	directory_path(state, "s", path);
	assert_int_equal(chmod(*state, 0777), 0);
	if ((child = fork()) == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(2);
		_exit(listen_check(path, root, &err) == -1 && err.code == ERROR_IO &&
			      strstr(err.text,
				  "takes root or the capability CAP_CHOWN") != NULL &&
			      listen_check(path, own, NULL) == 0
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* As another user, because root may give a file to any group. */
static void
leaves_nothing_behind_when_the_group_is_refused(void **state)
{
	struct error err = { 0 };
	struct listener listener;
	char path[256];
	int status = 0;
	pid_t child;

	directory_path(state, "s", path);
	assert_int_equal(chmod(*state, 0777), 0);
	if ((child = fork()) == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(2);
		_exit(listen_unix(path, 0660, GROUP(0), &listener, &err) == -1 &&
			      listen_check(path, GROUP(0), NULL) == -1 &&
			      listen_check(path, GROUP(getegid()), NULL) == 0 &&
			      err.code == ERROR_IO && access(path, F_OK) != 0 &&
			      strstr(err.text, " is not in group root; run: usermod -aG "
					       "root ") != NULL
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
replaces_a_stale_socket(void **state)
{
	struct listener listener;
	char path[256];

	leave_stale(directory_path(state, "s", path), SOCK_STREAM);
	assert_int_equal(try_connect(path), -1);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &listener, NULL), 0);
	assert_int_equal(try_connect(path), 0);
	listen_close(&listener);
}

static void
refuses_a_live_socket(void **state)
{
	struct listener first, second = { .fd = -1 };
	struct error err = { 0 };
	char path[256];

	directory_path(state, "s", path);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &first, NULL), 0);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &second, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "socket in use: "));
	assert_non_null(strstr(err.text, path));
	assert_int_equal(second.fd, -1);
	assert_int_equal(try_connect(path), 0);
	listen_close(&first);
}

/* A busy server must not look like a dead one. */
static void
refuses_a_socket_whose_backlog_is_full(void **state)
{
	socklen_t len;
	struct listener listener;
	struct error err = { 0 };
	struct sockaddr_un address;
	char path[256];
	int server, client;

	address = address_of(directory_path(state, "s", path), &len);
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(server, 0), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &listener, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	close(client);
	close(server);
}

static void
refuses_a_socket_of_another_type(void **state)
{
	socklen_t len;
	struct listener listener;
	struct error err = { 0 };
	struct sockaddr_un address;
	char path[256];
	int server;

	address = address_of(directory_path(state, "s", path), &len);
	server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &listener, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	close(server);
}

static void
refuses_and_keeps_what_is_not_a_socket(void **state)
{
	struct listener listener;
	struct error err = { 0 };
	char file[256], link[256];

	write_file(directory_path(state, "file", file), "precious", 0600);
	assert_int_equal(symlink(file, directory_path(state, "link", link)), 0);
	assert_int_equal(listen_unix(file, 0600, NO_OWNER, &listener, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_int_equal(listen_unix(link, 0600, NO_OWNER, &listener, &err), -1);
	assert_int_equal(listen_unix(*state, 0600, NO_OWNER, &listener, &err), -1);
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(access(link, F_OK), 0);
	assert_int_equal(file_mode(file), 0600);
}

static void
refuses_a_directory_that_is_not_there(void **state)
{
	struct listener listener;
	struct error err = { 0 };
	char path[256];

	directory_path(state, "absent/s", path);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &listener, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "/absent: No such file or directory"));
}

static void
refuses_a_directory_that_it_may_not_write_to(void **state)
{
	struct listener listener;
	struct error err = { 0 };
	char path[256];
	int status = 0;
	pid_t child;

	directory_path(state, "s", path);
	assert_int_equal(chmod(*state, 0555), 0);
	if ((child = fork()) == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(2);
		_exit(listen_unix(path, 0600, NO_OWNER, &listener, &err) == -1 &&
			      strstr(err.text, " cannot make it in directory ") != NULL &&
			      strstr(err.text, *state) != NULL &&
			      strstr(err.text, ": Permission denied") != NULL
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(*state, 0700), 0);
}

static void
checks_without_making_anything(void **state)
{
	struct error err = { 0 };
	char file[256], path[256];

	directory_path(state, "s", path);
	assert_int_equal(listen_check(path, NO_OWNER, &err), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(listen_check("@keyhold-test", NO_OWNER, &err), 0);
	write_file(directory_path(state, "file", file), "precious", 0600);
	assert_int_equal(listen_check(file, NO_OWNER, &err), -1);
	assert_non_null(strstr(err.text, "is there and is not a socket"));
	directory_path(state, "file/s", path);
	assert_int_equal(listen_check(path, NO_OWNER, &err), -1);
	assert_non_null(strstr(err.text, "/file is not a directory"));
}

static void
takes_the_longest_path_and_refuses_one_more(void **state)
{
	struct listener listener;
	struct error err = { 0 };
	char name[LISTEN_PATH_MAX + 2] = "", path[256];
	size_t len = LISTEN_PATH_MAX - strlen(*state) - 1;

	memset(name, 'x', len);
	directory_path(state, name, path);
	assert_int_equal(strlen(path), LISTEN_PATH_MAX);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &listener, NULL), 0);
	assert_int_equal(try_connect(path), 0);
	listen_close(&listener);
	name[len] = 'x';
	directory_path(state, name, path);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &listener, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_int_equal(listen_unix("", 0600, NO_OWNER, &listener, &err), -1);
}

static void
makes_an_abstract_socket(void **state)
{
	struct listener first, second;
	struct error err = { 0 };
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "@keyhold-test-%d", (int)getpid());
	assert_int_equal(listen_unix(name, 0600, NO_OWNER, &first, NULL), 0);
	assert_int_equal(try_connect(name), 0);
	assert_int_equal(access(name, F_OK), -1);
	assert_int_equal(listen_unix(name, 0600, NO_OWNER, &second, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, name));
	listen_close(&first);
	assert_int_equal(try_connect(name), -1);
}

static void
removes_its_own_file(void **state)
{
	struct listener listener;
	char path[256];

	directory_path(state, "s", path);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &listener, NULL), 0);
	listen_close(&listener);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(listener.fd, -1);
	listen_close(&listener);
}

static void
takes_nobody_in_after_the_close(void **state)
{
	struct listener listener;
	char path[256], kept[256];
	int copy;

	directory_path(state, "s", path);
	directory_path(state, "kept", kept);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &listener, NULL), 0);
	copy = fcntl(listener.fd, F_DUPFD_CLOEXEC, 0);
	assert_true(copy >= 0);
	/* Under another name it can be reached still, if it listens. */
	assert_int_equal(rename(path, kept), 0);
	assert_int_equal(try_connect(kept), 0);
	listen_close(&listener);
	assert_int_equal(try_connect(kept), -1);
	close(copy);
}

static void
keeps_the_file_of_its_successor(void **state)
{
	struct listener old, new;
	char path[256], kept[256];

	directory_path(state, "s", path);
	directory_path(state, "kept", kept);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &old, NULL), 0);
	/* Kept under another name, so that its inode number is not used again. */
	assert_int_equal(rename(path, kept), 0);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &new, NULL), 0);
	listen_close(&old);
	assert_int_equal(try_connect(path), 0);
	listen_close(&new);
}

#define FILE_TEST(name)                                                                  \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(accepts_connections_with_the_exact_mode),
		FILE_TEST(is_closed_on_exec),
		FILE_TEST(gives_the_file_to_the_group),
		FILE_TEST(gives_the_file_to_its_owner),
		FILE_TEST(refuses_an_owner_that_it_may_not_choose),
		FILE_TEST(leaves_nothing_behind_when_the_group_is_refused),
		FILE_TEST(replaces_a_stale_socket),
		FILE_TEST(refuses_a_live_socket),
		FILE_TEST(refuses_a_socket_whose_backlog_is_full),
		FILE_TEST(refuses_a_socket_of_another_type),
		FILE_TEST(refuses_and_keeps_what_is_not_a_socket),
		FILE_TEST(refuses_a_directory_that_is_not_there),
		FILE_TEST(refuses_a_directory_that_it_may_not_write_to),
		FILE_TEST(checks_without_making_anything),
		FILE_TEST(takes_the_longest_path_and_refuses_one_more),
		cmocka_unit_test(makes_an_abstract_socket),
		FILE_TEST(removes_its_own_file),
		FILE_TEST(takes_nobody_in_after_the_close),
		FILE_TEST(keeps_the_file_of_its_successor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
