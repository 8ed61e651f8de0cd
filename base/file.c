/* file.c - reads a small file whole, replaces one atomically, makes directories. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <openssl/crypto.h>

#define ACL_NAME      "system.posix_acl_access" /* acl(5), as the kernel keeps it */
#define ACL_MAX_BYTES 4096

static int
read_all(
    int fd, const char *path, size_t max_bytes, struct buffer *out, struct error *err)
{
	unsigned char block[4096];
	size_t total = 0;
	ssize_t n;
	int rc = -1;

	while ((n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error_set_errno(err, ERROR_IO, "%s", path);
			goto out;
		}
		total += (size_t)n;
		if (total > max_bytes) {
			error_set(err, ERROR_TOO_LARGE, "%s: more than %zu bytes", path,
			    max_bytes);
			goto out;
		}
		buf_append(out, block, (size_t)n);
	}
	if (buf_failed(out))
		error_set(err, ERROR_INTERNAL, "%s: out of memory", path);
	else
		rc = 0;
out:
	OPENSSL_cleanse(block, sizeof(block));
	return rc;
}

int
file_read(const char *path, size_t max_bytes, struct buffer *out, struct error *err)
{
	int fd, rc;

	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, "standard input", max_bytes, out, err);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	rc = read_all(fd, path, max_bytes, out, err);
	close(fd);
	return rc;
}

static int
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
fill(int fd, const char *path, struct bytes content, struct error *err)
{
	if (write_all(fd, (const char *)content.data, content.len) != 0 ||
	    fsync(fd) != 0) {
		error_set_errno(err, ERROR_IO, "%s", path);
		close(fd);
		return -1;
	}
	if (close(fd) != 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	return 0;
}

int
file_begin(struct file_change *change, const char *path, struct error *err)
{
	int n = snprintf(change->temporary, sizeof(change->temporary), "%s.XXXXXX", path);
	int fd;

	change->is_like = true;
	if (n < 0 || (size_t)n >= sizeof(change->temporary)) {
		change->temporary[0] = '\0';
		return error_set(err, ERROR_IO, "%s: path too long", path);
	}
	memcpy(change->path, path, strlen(path) + 1);
	if ((fd = mkostemp(change->temporary, O_CLOEXEC)) < 0) {
		change->temporary[0] = '\0';
		return error_set_errno(err, ERROR_IO, "%s", path);
	}
	return fd;
}

/* Closes fd. */
static int
finish(struct file_change *change, int fd, struct bytes content, struct error *err)
{
	if (fill(fd, change->path, content, err) == 0)
		return 0;
	file_discard(change);
	return -1;
}

int
file_prepare(struct file_change *change, const char *path, struct bytes content,
    mode_t mode, struct error *err)
{
	int fd = file_begin(change, path, err);

	if (fd < 0)
		return -1;
	if (fchmod(fd, mode) != 0) {
		error_set_errno(err, ERROR_IO, "%s", path);
		close(fd);
		file_discard(change);
		return -1;
	}
	return finish(change, fd, content, err);
}

/*
 * The access list of path for fd, or none. Without it the group's bits, which were the
 * list's mask, would mean the group itself.
 */
static int
copy_acl(int fd, const char *path)
{
	char acl[ACL_MAX_BYTES];
	ssize_t len = getxattr(path, ACL_NAME, acl, sizeof(acl));

	if (len >= 0)
		return fsetxattr(fd, ACL_NAME, acl, (size_t)len, 0);
	if (errno != ENODATA && errno != ENOTSUP)
		return -1;
	/* One that the directory handed down is not the old file's. */
	return fremovexattr(fd, ACL_NAME) == 0 || errno == ENODATA || errno == ENOTSUP
		   ? 0
		   : -1;
}

/* False when fd is not like the old file in all; it is then open to nobody new. */
static bool
take_after(int fd, const char *path, const struct stat *old)
{
	mode_t mode = old->st_mode & 0777;
	bool has_group = fchown(fd, (uid_t)-1, old->st_gid) == 0;
	bool has_owner = fchown(fd, old->st_uid, (gid_t)-1) == 0;

	/* Another group gets what everybody had. */
	if (!has_group)
		mode &= 0707 | (mode & 07) << 3;
	if (fchmod(fd, mode) != 0)
		return false;
	if (has_group && copy_acl(fd, path) == 0)
		return has_owner;
	(void)fremovexattr(fd, ACL_NAME);
	(void)fchmod(fd, mode & (0707 | (mode & 07) << 3));
	return false;
}

int
file_prepare_like(struct file_change *change, const char *path, struct bytes content,
    mode_t mode, struct error *err)
{
	struct stat old;
	int fd;

	if (stat(path, &old) != 0 || !S_ISREG(old.st_mode))
		return file_prepare(change, path, content, mode, err);
	if ((fd = file_begin(change, path, err)) < 0)
		return -1;
	change->is_like = take_after(fd, path, &old);
	return finish(change, fd, content, err);
}

static void
parent_of(const char *path, char parent[static PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(parent, PATH_MAX, ".");
	else
		snprintf(parent, PATH_MAX, "%.*s",
		    slash == path ? 1 : (int)(slash - path), path);
}

/*
 * A name is on disk with its directory only. Where that may not be opened, or the file
 * system has nothing to sync, the name is there all the same unless the power goes.
 */
static void
sync_parent(const char *path)
{
	char parent[PATH_MAX];
	int fd;

	parent_of(path, parent);
	if ((fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

int
file_commit(struct file_change *change, struct error *err)
{
	if (rename(change->temporary, change->path) != 0)
		return error_set_errno(err, ERROR_IO, "%s", change->path);
	change->temporary[0] = '\0';
	sync_parent(change->path);
	return 0;
}

void
file_discard(struct file_change *change)
{
	if (change->temporary[0] != '\0')
		unlink(change->temporary);
	change->temporary[0] = '\0';
}

int
file_write(const char *path, const void *data, size_t len, mode_t mode, struct error *err)
{
	struct file_change change;
	int rc;

	if (file_prepare(&change, path, (struct bytes){ data, len }, mode, err) != 0)
		return -1;
	rc = file_commit(&change, err);
	file_discard(&change);
	return rc;
}

/* Whether path, which is no link, may be trusted with what goes into it. */
static int
check_directory(const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	if (S_ISLNK(st.st_mode))
		return error_set(err, ERROR_IO,
		    "%s: a symbolic link; name the directory it points to", path);
	if (!S_ISDIR(st.st_mode))
		return error_set(err, ERROR_IO, "%s: not a directory", path);
	if (st.st_uid != geteuid())
		return error_set(err, ERROR_IO,
		    "%s: belongs to user %u, not to this one (%u)", path,
		    (unsigned)st.st_uid, (unsigned)geteuid());
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(err, ERROR_IO,
		    "%s: others can write to it; run: chmod go-w %s", path, path);
	return 0;
}

/* With a slash at its end, lstat(2) would follow a link. */
static int
strip_slashes(const char *path, char name[static PATH_MAX], struct error *err)
{
	size_t len = strlen(path);

	if (len >= PATH_MAX)
		return error_set(err, ERROR_IO, "%.64s...: path too long", path);
	memcpy(name, path, len + 1);
	while (len > 1 && name[len - 1] == '/')
		name[--len] = '\0';
	return 0;
}

static int
check_parent(const char *path, struct error *err)
{
	char parent[PATH_MAX];

	parent_of(path, parent);
	if (faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) != 0)
		return error_set_errno(
		    err, ERROR_IO, "cannot make %s in %s", path, parent);
	return 0;
}

int
file_check_directory(const char *path, struct error *err)
{
	char name[PATH_MAX];
	struct stat st;

	if (strip_slashes(path, name, err) != 0)
		return -1;
	if (lstat(name, &st) != 0 && errno == ENOENT)
		return check_parent(name, err);
	if (check_directory(name, err) != 0)
		return -1;
	if (faccessat(AT_FDCWD, name, R_OK | W_OK | X_OK, AT_EACCESS) != 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	return 0;
}

int
file_make_directory(const char *path, mode_t mode, struct error *err)
{
	char name[PATH_MAX];
	bool made;

	if (strip_slashes(path, name, err) != 0)
		return -1;
	made = mkdir(name, mode) == 0;
	if (!made && errno != EEXIST)
		return error_set_errno(err, ERROR_IO, "%s", path);
	if (check_directory(name, err) != 0)
		return -1;
	/* The umask took bits away. */
	if (made && chmod(name, mode) != 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	if (made)
		sync_parent(name);
	return 0;
}
