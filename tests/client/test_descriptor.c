/* test_descriptor.c - applications that close our descriptor and get its number. */
#include "client/client.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/connection.h"
#include "tests/client/fixture.h"

#define DESCRIPTORS 256
#define TIMEOUT_MS  2000

/* The client's end of its kept connection: the server's has a peer without a name. */
static int
kept_descriptor(const char *socket_name)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		struct sockaddr_un peer = { .sun_family = AF_UNSPEC };
		socklen_t len = sizeof(peer);

		if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
		    peer.sun_family == AF_UNIX && strcmp(peer.sun_path, socket_name) == 0)
			return fd;
	}
	return -1;
}

/* Until the next call looks at its connection before it uses it. */
static void
lie_idle(void)
{
	usleep((CONNECTION_IDLE_MS + 50) * 1000);
}

/* As after a close of all descriptors: fd is one end now. The other end, or -1. */
static int
take_number(int fd)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || dup2(pair[0], fd) != fd)
		return -1;
	close(pair[0]);
	return pair[1];
}

/* Whether the first byte from fd is this one: nobody else wrote to it before. */
static bool
carries_only(int fd, int other_end, char byte)
{
	char got = '\0';

	return recv(other_end, &got, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN &&
	       send(fd, &byte, 1, MSG_NOSIGNAL) == 1 &&
	       recv(other_end, &got, 1, MSG_DONTWAIT) == 1 && got == byte;
}

struct scene {
	struct fake_server *server;
	struct client *client;
	int fd; /* its kept connection */
};

static void
open_scene(struct scene *scene)
{
	struct error err;

	scene->server = fake_server_start(keeps, NULL);
	scene->client = new_client(fake_server_socket(scene->server), TIMEOUT_MS);
	assert_int_equal(call(scene->client, &err), 1);
	scene->fd = kept_descriptor(fake_server_socket(scene->server));
	assert_true(scene->fd >= 0);
}

/* The number of the kept connection is the test's now, and so is the other end. */
static int
take_the_number(struct scene *scene)
{
	int other_end;

	open_scene(scene);
	other_end = take_number(scene->fd);
	assert_true(other_end >= 0);
	return other_end;
}

static void
leaves_alone_a_socket_that_got_the_number(void **state)
{
	struct scene scene;
	struct error err;
	int other_end = take_the_number(&scene);

	(void)state;
	lie_idle();
	assert_int_equal(call(scene.client, &err), 2);
	assert_true(carries_only(scene.fd, other_end, 'a'));
	/* The new connection is kept as ever. */
	assert_int_equal(call(scene.client, &err), 2);
	client_free(scene.client);
	assert_true(carries_only(scene.fd, other_end, 'b'));
	close(scene.fd);
	close(other_end);
	fake_server_stop(scene.server);
}

static void
closes_nothing_of_others_when_freed(void **state)
{
	struct scene scene;
	int other_end = take_the_number(&scene);

	(void)state;
	client_free(scene.client);
	assert_true(carries_only(scene.fd, other_end, 'a'));
	close(scene.fd);
	close(other_end);
	fake_server_stop(scene.server);
}

static void
opens_anew_when_its_descriptor_was_closed(void **state)
{
	struct scene scene;
	struct error err;

	(void)state;
	open_scene(&scene);
	close(scene.fd);
	assert_int_equal(call(scene.client, &err), 2);
	client_free(scene.client);
	fake_server_stop(scene.server);
}

static void
opens_anew_when_its_number_became_a_file(void **state)
{
	int file = open("/dev/null", O_RDWR);
	struct scene scene;
	struct error err;

	(void)state;
	assert_true(file >= 0);
	open_scene(&scene);
	assert_int_equal(dup2(file, scene.fd), scene.fd);
	assert_int_equal(call(scene.client, &err), 2);
	client_free(scene.client);
	assert_int_equal(fcntl(scene.fd, F_GETFD), 0);
	close(scene.fd);
	close(file);
	fake_server_stop(scene.server);
}

/* 0, or which step went wrong. */
static int
child_with_its_own_socket(struct client *client, int fd)
{
	int other_end = take_number(fd);
	struct error err;

	if (other_end < 0)
		return 1;
	if (call(client, &err) != 2)
		return 2;
	if (!carries_only(fd, other_end, 'a'))
		return 3;
	client_free(client);
	return carries_only(fd, other_end, 'b') ? 0 : 4;
}

static void
leaves_alone_a_socket_of_the_child_under_the_number(void **state)
{
	struct scene scene;
	struct error err;
	int status = 0;
	pid_t child;

	(void)state;
	open_scene(&scene);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(child_with_its_own_socket(scene.client, scene.fd));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(call(scene.client, &err), 1);
	client_free(scene.client);
	fake_server_stop(scene.server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_alone_a_socket_that_got_the_number),
		cmocka_unit_test(closes_nothing_of_others_when_freed),
		cmocka_unit_test(opens_anew_when_its_descriptor_was_closed),
		cmocka_unit_test(opens_anew_when_its_number_became_a_file),
		cmocka_unit_test(leaves_alone_a_socket_of_the_child_under_the_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
