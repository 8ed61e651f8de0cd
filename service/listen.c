/* listen.c - binds, sets mode, owner and group, and only then listens. */
#include "service/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "base/text.h"

#define NAME_SIZE 64
#define NAMES_MAX 16384

/* The names for a person; the numbers where there are none. */
static const char *
name_user(uid_t uid, char name[static NAME_SIZE])
{
	struct passwd user, *found = NULL;
	char strings[NAMES_MAX];

	getpwuid_r(uid, &user, strings, sizeof(strings), &found);
	if (found == NULL || text_copy(name, NAME_SIZE, found->pw_name) != 0)
		snprintf(name, NAME_SIZE, "%u", (unsigned)uid);
	return name;
}

static const char *
name_group(gid_t gid, char name[static NAME_SIZE])
{
	struct group group, *found = NULL;
	char strings[NAMES_MAX];

	getgrgid_r(gid, &group, strings, sizeof(strings), &found);
	if (found == NULL || text_copy(name, NAME_SIZE, found->gr_name) != 0)
		snprintf(name, NAME_SIZE, "%u", (unsigned)gid);
	return name;
}

static bool
may_chown(void)
{
	struct __user_cap_header_struct header = { .version =
						       _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[CAP_TO_INDEX(CAP_CHOWN)].effective & CAP_TO_MASK(CAP_CHOWN)) != 0;
}

static int
refuse_group(const char *path, gid_t gid, struct error *err)
{
	char group[NAME_SIZE], user[NAME_SIZE];

	name_group(gid, group);
	name_user(geteuid(), user);
	return error_set(err, ERROR_IO,
	    "%s: this daemon's user, %s, is not in group %s; run: usermod -aG %s %s",
	    path, user, group, group, user);
}

/* chown(2): one of its own groups, or anything with the capability. */
static int
check_owner(const char *path, struct listen_owner owner, struct error *err)
{
	char wanted[NAME_SIZE], user[NAME_SIZE];

	if (owner.uid != (uid_t)-1 && owner.uid != geteuid() && !may_chown()) {
		name_user(owner.uid, wanted);
		name_user(geteuid(), user);
		return error_set(err, ERROR_IO,
		    "%s: to give it to user %s takes root or the capability CAP_CHOWN, "
		    "which this daemon, as user %s, has not",
		    path, wanted, user);
	}
	if (owner.gid == (gid_t)-1 || owner.gid == getegid() || group_member(owner.gid) ||
	    may_chown())
		return 0;
	return refuse_group(path, owner.gid, err);
}

static int
check_directory(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	char directory[LISTEN_PATH_MAX + 1], user[NAME_SIZE];
	struct stat st;

	memcpy(directory, path, len);
	directory[len] = '\0';
	if (stat(directory, &st) != 0)
		return error_set_errno(
		    err, ERROR_IO, "%s: directory %s", path, directory);
	if (!S_ISDIR(st.st_mode))
		return error_set(
		    err, ERROR_IO, "%s: %s is not a directory", path, directory);
	name_user(geteuid(), user); /* now, for it may change errno */
	if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0)
		return error_set_errno(err, ERROR_IO,
		    "%s: user %s cannot make it in directory %s", path, user, directory);
	return 0;
}

static int
make_address(
    const char *path, struct sockaddr_un *address, socklen_t *len, struct error *err)
{
	size_t path_len = strlen(path);

	if (path_len == 0 || path_len > LISTEN_PATH_MAX)
		return error_set(err, ERROR_CONFIG,
		    "socket path of %zu bytes; at most %d", path_len, LISTEN_PATH_MAX);
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, path_len);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_len + 1);
	if (path[0] == '@') {
		address->sun_path[0] = '\0';
		(*len)--; /* an abstract name is counted, not terminated */
	}
	return 0;
}

/* Nobody accepts there: only then is the file a leftover. */
static int
check_stale(const struct sockaddr_un *address, socklen_t len, struct error *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result;

	if (fd < 0)
		return error_set_errno(err, ERROR_IO, "socket");
	result = connect(fd, (const struct sockaddr *)address, len) == 0 ? 0 : errno;
	close(fd);
	if (result == ECONNREFUSED || result == ENOENT)
		return 0;
	errno = result;
	/* EAGAIN is a full backlog, EPROTOTYPE a datagram socket: alive, both. */
	if (result == 0 || result == EAGAIN || result == EPROTOTYPE)
		return error_set(
		    err, ERROR_CONFLICT, "socket in use: %s", address->sun_path);
	return error_set_errno(err, ERROR_IO, "%s", address->sun_path);
}

static int
remove_stale(const struct sockaddr_un *address, socklen_t len, struct error *err)
{
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st) != 0) {
		if (errno == ENOENT)
			return 0;
		return error_set_errno(err, ERROR_IO, "%s", path);
	}
	if (check_stale(address, len, err) != 0)
		return -1;
	if (unlink(path) != 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_IO, "%s", path);
	return 0;
}

static int
bind_to(int fd, const struct sockaddr_un *address, socklen_t len, const char *path,
    struct error *err)
{
	/* The file takes the mode of the socket, so that it is never wider than this. */
	if (fchmod(fd, 0600) != 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	if (bind(fd, (const struct sockaddr *)address, len) == 0)
		return 0;
	if (errno == EADDRINUSE)
		return error_set(err, ERROR_CONFLICT, "socket in use: %s", path);
	return error_set_errno(err, ERROR_IO, "%s", path);
}

/* From here on listen_close removes the file. */
static int
own_file(struct listener *listener, const char *path, mode_t mode,
    struct listen_owner owner, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	memcpy(listener->path, path, strlen(path) + 1);
	listener->device = st.st_dev;
	listener->inode = st.st_ino;
	/* In this order: the mode of another's file takes a further capability. */
	if (chmod(path, mode) != 0)
		return error_set_errno(
		    err, ERROR_IO, "%s: mode %04o", path, (unsigned)mode);
	if (lchown(path, owner.uid, owner.gid) != 0)
		return error_set_errno(err, ERROR_IO, "%s: owner %d, group %d", path,
		    (int)owner.uid, (int)owner.gid);
	return 0;
}

int
listen_check(const char *path, struct listen_owner owner, struct error *err)
{
	struct sockaddr_un address;
	socklen_t len = 0;
	struct stat st;

	if (make_address(path, &address, &len, err) != 0)
		return -1;
	if (path[0] == '@')
		return 0;
	if (path[0] != '/')
		return error_set(err, ERROR_CONFIG, "%s: not an absolute path", path);
	if (check_directory(path, err) != 0)
		return -1;
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return error_set(
		    err, ERROR_CONFIG, "%s is there and is not a socket", path);
	return check_owner(path, owner, err);
}

int
listen_unix(const char *path, mode_t mode, struct listen_owner owner,
    struct listener *listener, struct error *err)
{
	struct listener l = { .fd = -1, .own = true };
	struct sockaddr_un address;
	socklen_t len = 0;

	if (listen_check(path, owner, err) != 0 ||
	    make_address(path, &address, &len, err) != 0)
		return -1;
	if (path[0] != '@' && remove_stale(&address, len, err) != 0)
		return -1;
	if ((l.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return error_set_errno(err, ERROR_IO, "socket");
	if (bind_to(l.fd, &address, len, path, err) != 0 ||
	    (path[0] != '@' && own_file(&l, path, mode, owner, err) != 0))
		goto fail;
	if (listen(l.fd, SOMAXCONN) != 0) {
		error_set_errno(err, ERROR_IO, "%s", path);
		goto fail;
	}
	*listener = l;
	return 0;
fail:
	listen_close(&l);
	return -1;
}

bool
listen_is_activated(void)
{
	return sd_listen_fds(0) != 0;
}

int
listen_activated(struct listener *listeners, size_t max, size_t *count, struct error *err)
{
	/* Unset, so that no child takes the sockets for its own. */
	int n = sd_listen_fds(1);

	if (n < 0) {
		errno = -n;
		return error_set_errno(err, ERROR_CONFIG, "socket activation");
	}
	if ((size_t)n > max)
		return error_set(
		    err, ERROR_CONFIG, "systemd passed %d sockets; at most %zu", n, max);
	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) > 0)
			listeners[i] = (struct listener){ .fd = fd };
		else if (sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, 1, 0) > 0)
			listeners[i] =
			    (struct listener){ .kind = LISTENER_HTTP, .fd = fd };
		else
			return error_set(err, ERROR_CONFIG,
			    "socket %d from systemd is not a Unix or TCP stream socket "
			    "that listens",
			    i);
	}
	*count = (size_t)n;
	return 0;
}

void
listen_close(struct listener *listener)
{
	struct stat st;

	if (listener->path[0] != '\0' && lstat(listener->path, &st) == 0 &&
	    st.st_dev == listener->device && st.st_ino == listener->inode)
		unlink(listener->path);
	/* A close alone would leave the server's copy to queue clients that nobody
	 * serves. */
	if (listener->fd >= 0 && listener->own)
		shutdown(listener->fd, SHUT_RDWR);
	if (listener->fd >= 0)
		close(listener->fd);
	*listener = (struct listener){ .fd = -1 };
}
