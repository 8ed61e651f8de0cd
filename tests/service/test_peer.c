/* test_peer.c - who the kernel says is there. */
#include "service/peer.h"

#include <grp.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "service/listen.h"

static void
knows_itself(void **state)
{
	struct peer peer = { 0 };
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(peer_of_socket(pair[0], &peer, NULL), 0);
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.gid, getegid());
	assert_int_equal(peer.pid, getpid());
	assert_int_equal(peer.group_count, getgroups(0, NULL));
	peer_clear(&peer);
	assert_null(peer.groups);
	close(pair[0]);
	close(pair[1]);
}

#define GROUPS 1000

static void
connect_as_nobody(const struct listener *listener)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	gid_t groups[GROUPS];

	for (size_t i = 0; i < GROUPS; i++)
		groups[i] = (gid_t)(1000 + i);
	if (setgroups(GROUPS, groups) != 0 || setgid(65533) != 0 || setuid(65534) != 0 ||
	    getsockname(listener->fd, (struct sockaddr *)&address, &len) != 0 ||
	    connect(fd, (struct sockaddr *)&address, len) != 0)
		_exit(1);
	_exit(0);
}

static void
knows_another_user_even_after_it_left(void **state)
{
	struct listener listener;
	struct peer peer = { 0 };
	char name[64];
	int status = 0, fd;
	pid_t child;

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can become another user\n");
		skip();
	}
	snprintf(name, sizeof(name), "@keyhold-test-peer-%d", (int)getpid());
	assert_int_equal(
	    listen_unix(name, 0600, (struct listen_owner){ (uid_t)-1, (gid_t)-1 },
		&listener, NULL),
	    0);
	if ((child = fork()) == 0)
		connect_as_nobody(&listener);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true((fd = accept(listener.fd, NULL, NULL)) >= 0);
	assert_int_equal(peer_of_socket(fd, &peer, NULL), 0);
	assert_int_equal(peer.uid, 65534);
	assert_int_equal(peer.gid, 65533);
	assert_int_equal(peer.pid, child);
	assert_int_equal(peer.group_count, GROUPS);
	for (size_t i = 0; i < GROUPS; i++)
		assert_int_equal(peer.groups[i], 1000 + i);
	peer_clear(&peer);
	close(fd);
	listen_close(&listener);
}

static void
refuses_a_tcp_socket(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct peer peer = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(peer_of_socket(fd, &peer, &err), -1);
	assert_int_equal(err.code, ERROR_FORBIDDEN);
	close(fd);
}

static void
refuses_what_is_not_a_socket(void **state)
{
	struct peer peer = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(peer_of_socket(-1, &peer, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
}

static void
writes_the_actor(void **state)
{
	char out[PEER_ACTOR_SIZE];

	(void)state;
	assert_string_equal(peer_actor(&(struct peer){ .uid = 1000 }, out), "uid:1000");
	assert_string_equal(
	    peer_actor(&(struct peer){ .uid = 4294967294U }, out), "uid:4294967294");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_itself),
		cmocka_unit_test(knows_another_user_even_after_it_left),
		cmocka_unit_test(refuses_a_tcp_socket),
		cmocka_unit_test(refuses_what_is_not_a_socket),
		cmocka_unit_test(writes_the_actor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
