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
#include <unistd.h>

#include <openssl/crypto.h>

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
fill(int fd, const char *path, struct bytes content, mode_t mode, struct error *err)
{
	if (fchmod(fd, mode) != 0 ||
	    write_all(fd, (const char *)content.data, content.len) != 0 ||
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
file_prepare(struct file_change *change, const char *path, struct bytes content,
    mode_t mode, struct error *err)
{
	int n = snprintf(change->temporary, sizeof(change->temporary), "%s.XXXXXX", path);
	int fd;

	if (n < 0 || (size_t)n >= sizeof(change->temporary)) {
		change->temporary[0] = '\0';
		return error_set(err, ERROR_IO, "%s: path too long", path);
	}
	memcpy(change->path, path, strlen(path) + 1);
	if ((fd = mkostemp(change->temporary, O_CLOEXEC)) < 0) {
		change->temporary[0] = '\0';
		return error_set_errno(err, ERROR_IO, "%s", path);
	}
	if (fill(fd, path, content, mode, err) == 0)
		return 0;
	file_discard(change);
	return -1;
}

int
file_commit(struct file_change *change, struct error *err)
{
	if (rename(change->temporary, change->path) != 0)
		return error_set_errno(err, ERROR_IO, "%s", change->path);
	change->temporary[0] = '\0';
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

int
file_make_directory(const char *path, mode_t mode, struct error *err)
{
	size_t len = strlen(path);
	char name[PATH_MAX];
	bool made;

	if (len >= sizeof(name))
		return error_set(err, ERROR_IO, "%s: path too long", path);
	memcpy(name, path, len + 1);
	/* With a slash at its end, lstat(2) would follow a link. */
	while (len > 1 && name[len - 1] == '/')
		name[--len] = '\0';
	made = mkdir(name, mode) == 0;
	if (!made && errno != EEXIST)
		return error_set_errno(err, ERROR_IO, "%s", path);
	if (check_directory(name, err) != 0)
		return -1;
	/* The umask took bits away. */
	if (made && chmod(name, mode) != 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	return 0;
}
