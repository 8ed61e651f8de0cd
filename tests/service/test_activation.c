/* test_activation.c - sockets that systemd passes, by what they are bound to. */
#include "service/listeners.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/base/directory.h"

#define NO_OWNER ((struct listen_owner){ (uid_t)-1, (gid_t)-1 })

static bool
is_listening(int fd)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 && value != 0;
}

/* Runs in a child, where descriptor 3 may be anything: the exit status tells. */
static int
take_over(int fd, const char *count)
{
	struct listener listeners[2];
	struct error err = { 0 };
	char pid[16];
	size_t n = 99;

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (fd >= 0 && dup2(fd, 3) != 3)
		return 10;
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	if (listen_activated(listeners, 2, &n, &err) != 0)
		return err.code == ERROR_CONFIG ? 11 : 12;
	if (getenv("LISTEN_FDS") != NULL)
		return 13;
	if (n == 1 && (listeners[0].fd != 3 || (fcntl(3, F_GETFD) & FD_CLOEXEC) == 0 ||
			  listeners[0].path[0] != '\0'))
		return 14;
	for (size_t i = 0; i < n; i++)
		listen_close(&listeners[i]);
	return (int)n;
}

static int
take_over_in_child(int fd, const char *count)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(take_over(fd, count));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
takes_over_a_socket_of_systemd(void **state)
{
	struct listener listener;
	char path[256];

	directory_path(state, "s", path);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &listener, NULL), 0);
	assert_int_equal(take_over_in_child(listener.fd, "1"), 1);
	/* It closed what it was passed, and took nobody's socket away. */
	assert_true(is_listening(listener.fd));
	listen_close(&listener);
}

static void
takes_over_nothing_when_not_activated(void **state)
{
	size_t count = 99;

	(void)state;
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	assert_int_equal(listen_activated(NULL, 0, &count, NULL), 0);
	assert_int_equal(count, 0);
}

static void
refuses_other_descriptors_of_systemd(void **state)
{
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), pair[2];
	struct listener listener;
	char path[256];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(take_over_in_child(tcp, "1"), 11);
	assert_int_equal(take_over_in_child(pair[0], "1"), 11);
	assert_int_equal(take_over_in_child(-1, "nonsense"), 11);
	directory_path(state, "s", path);
	assert_int_equal(listen_unix(path, 0600, NO_OWNER, &listener, NULL), 0);
	assert_int_equal(take_over_in_child(listener.fd, "3"), 11);
	listen_close(&listener);
	close(tcp);
	close(pair[0]);
	close(pair[1]);
}

/* Two TCP listeners and a Unix one; their addresses end with what is bound to them. */
struct wanted {
	struct config_listener list[3];
	struct config config;
	int https, http;
};

static void
bind_any(struct config_listener *listener, int *fd)
{
	assert_int_equal(tcp_address_read("127.0.0.1:1", &listener->address, NULL), 0);
	((struct sockaddr_in *)&listener->address.socket)->sin_port = 0;
	assert_int_equal(tcp_listen(&listener->address, "any", fd, NULL), 0);
	assert_int_equal(tcp_address_of(*fd, &listener->address, NULL), 0);
}

static void
want(struct wanted *wanted, const char *path)
{
	*wanted = (struct wanted){
		.list = { { .kind = LISTENER_UNIX, .path = path, .mode = 0600 },
		    { .kind = LISTENER_HTTPS, .name = "https" },
		    { .kind = LISTENER_HTTP, .name = "http" } },
	};
	wanted->list[0].owners = NO_OWNER;
	wanted->config.listeners = wanted->list;
	wanted->config.listener_count = 3;
	bind_any(&wanted->list[1], &wanted->https);
	bind_any(&wanted->list[2], &wanted->http);
}

/* In a child: opens the listeners with these passed. */
static int
open_with(const struct wanted *wanted, const int *fds, int count)
{
	struct listeners listeners = { 0 };
	struct error err = { 0 };
	char text[16];

	for (int i = 0; i < count; i++)
		if (dup2(fds[i], 3 + i) != 3 + i)
			return 90;
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("LISTEN_PID", text, 1);
	snprintf(text, sizeof(text), "%d", count);
	setenv("LISTEN_FDS", text, 1);
	if (listeners_open(&wanted->config, &listeners, &err) != 0)
		return err.code == ERROR_CONFIG     ? 91
		       : err.code == ERROR_CONFLICT ? 92
						    : 93;
	for (size_t i = 0; i < listeners.count; i++)
		if (listeners.list[i].kind != LISTENER_UNIX &&
		    listeners.list[i].settings->kind != listeners.list[i].kind)
			return 94;
	return (int)listeners.count;
}

static int
open_in_child(const struct wanted *wanted, const int *fds, int count)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		int high[3];

		/* Out of the way of what is put at 3 and above. */
		for (int i = 0; i < count; i++)
			high[i] = fcntl(fds[i], F_DUPFD, 100);
		_exit(open_with(wanted, high, count));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
tells_tcp_sockets_apart_by_address(void **state)
{
	struct wanted wanted;
	char path[256];
	int fds[2];

	want(&wanted, directory_path(state, "s", path));
	fds[0] = wanted.http;
	fds[1] = wanted.https;
	assert_int_equal(open_in_child(&wanted, fds, 2), 3); /* and its own socket */
	close(wanted.https);
	close(wanted.http);
}

static void
makes_what_it_was_not_passed(void **state)
{
	struct wanted wanted;
	char path[256];

	want(&wanted, directory_path(state, "s", path));
	/* Not passed, but in use: by us. */
	assert_int_equal(open_in_child(&wanted, &wanted.https, 1), 92);
	close(wanted.http);
	assert_int_equal(open_in_child(&wanted, &wanted.https, 1), 3);
	close(wanted.https);
}

static void
refuses_a_tcp_socket_that_nothing_names(void **state)
{
	struct wanted wanted;
	char path[256];

	want(&wanted, directory_path(state, "s", path));
	wanted.config.listener_count = 2;
	assert_int_equal(open_in_child(&wanted, &wanted.http, 1), 91);
	close(wanted.https);
	close(wanted.http);
}

#define FILE_TEST(name)                                                                  \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(takes_over_a_socket_of_systemd),
		cmocka_unit_test(takes_over_nothing_when_not_activated),
		FILE_TEST(refuses_other_descriptors_of_systemd),
		FILE_TEST(tells_tcp_sockets_apart_by_address),
		FILE_TEST(makes_what_it_was_not_passed),
		FILE_TEST(refuses_a_tcp_socket_that_nothing_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
