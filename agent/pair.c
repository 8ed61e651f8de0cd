/* pair.c - writes, compares, reads and removes the three files. */
#include "agent/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>

#define CONTENT_MAX 262144

static const char *const files[] = { PAIR_CHAIN, PAIR_KEY, PAIR_BOTH };

#define FILE_COUNT (sizeof(files) / sizeof(files[0]))

static int
write_all(int fd, struct bytes content)
{
	while (content.len > 0) {
		ssize_t n = write(fd, content.data, content.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		content.data += n;
		content.len -= (size_t)n;
	}
	return 0;
}

static int
close_after(int fd, int rc)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return rc;
}

int
pair_write_file(int parent, const char *file, struct bytes content, uid_t owner,
    gid_t group, mode_t mode)
{
	int fd = openat(
	    parent, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	/* The mode last: nobody opens it before it is whole, and its owner's. */
	if (write_all(fd, content) != 0 || fchown(fd, owner, group) != 0 ||
	    fchmod(fd, mode) != 0 || fsync(fd) != 0)
		return close_after(fd, -1);
	return close(fd);
}

/* owner: whose it has to be, or -1. */
static int
read_file(int parent, const char *file, uid_t owner, struct buffer *content)
{
	unsigned char block[4096];
	struct stat st;
	ssize_t n;
	int fd = openat(parent, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > CONTENT_MAX) {
		errno = EINVAL;
		return close_after(fd, -1);
	}
	if (owner != (uid_t)-1 && st.st_uid != owner) {
		errno = EPERM;
		return close_after(fd, -1);
	}
	while ((n = read(fd, block, sizeof(block))) > 0)
		buf_append(content, block, (size_t)n);
	return close_after(fd, n < 0 || buf_failed(content) ? -1 : 0);
}

int
pair_read_own_file(int parent, const char *file, struct buffer *content)
{
	return read_file(parent, file, geteuid(), content);
}

/* Its owner may always write to it: an agent that is not root could not remove what no
 * link leads to any more. */
static mode_t
directory_mode(mode_t mode)
{
	return 0300 | (mode & 0666) | (mode & 0444) >> 2;
}

static int
open_directory(int parent, const char *entry)
{
	return openat(parent, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* both.pem's content; the caller frees it. */
static void
join(const struct pair *pair, struct buffer *both)
{
	buf_init(both, 0);
	buf_append(both, pair->chain.data, pair->chain.len);
	buf_append(both, pair->reference.data, pair->reference.len);
}

static int
fill(int fd, const struct pair *pair)
{
	struct buffer both;
	int rc = -1;

	join(pair, &both);
	if (!buf_failed(&both) &&
	    pair_write_file(
		fd, PAIR_CHAIN, pair->chain, pair->owner, pair->group, pair->mode) == 0 &&
	    pair_write_file(fd, PAIR_KEY, pair->reference, pair->owner, pair->group,
		pair->mode) == 0 &&
	    pair_write_file(fd, PAIR_BOTH, buf_bytes(&both), pair->owner, pair->group,
		pair->mode) == 0 &&
	    fchown(fd, pair->owner, pair->group) == 0 &&
	    fchmod(fd, directory_mode(pair->mode)) == 0)
		rc = fsync(fd);
	buf_free(&both);
	return rc;
}

/* What is still there has files that are not ours: out of the way, and left. */
static int
move_aside(int parent, const char *entry, struct error *err)
{
	char aside[NAME_MAX + 1];
	uint32_t random;

	if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "random bytes");
	snprintf(aside, sizeof(aside), "%s.aside-%08x", entry, (unsigned)random);
	if (renameat(parent, entry, parent, aside) != 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_IO, "moving %s away", entry);
	return 0;
}

int
pair_write(int parent, const char *entry, const struct pair *pair, struct error *err)
{
	int fd, rc;

	pair_remove(parent, entry);
	if (move_aside(parent, entry, err) != 0)
		return -1;
	if (mkdirat(parent, entry, 0700) != 0)
		return error_set_errno(err, ERROR_IO, "cannot make %s", entry);
	if ((fd = open_directory(parent, entry)) < 0)
		return error_set_errno(err, ERROR_IO, "%s", entry);
	rc = fill(fd, pair);
	if (rc != 0)
		error_set_errno(err, ERROR_IO, "writing %s", entry);
	close(fd);
	return rc;
}

static bool
is_as(int fd, const char *file, struct bytes content, const struct pair *pair)
{
	struct buffer found;
	struct stat st;
	bool same;

	buf_init(&found, 0);
	same = fstatat(fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_mode & 07777) == pair->mode &&
	       (pair->owner == (uid_t)-1 || pair->owner == st.st_uid) &&
	       (pair->group == (gid_t)-1 || pair->group == st.st_gid) &&
	       read_file(fd, file, (uid_t)-1, &found) == 0 && found.len == content.len &&
	       memcmp(buf_string(&found), content.data, content.len) == 0;
	buf_free(&found);
	return same;
}

bool
pair_is_there(int parent, const char *entry, const struct pair *pair)
{
	int fd = open_directory(parent, entry);
	struct buffer both;
	bool same;

	if (fd < 0)
		return false;
	join(pair, &both);
	same = is_as(fd, PAIR_CHAIN, pair->chain, pair) &&
	       is_as(fd, PAIR_KEY, pair->reference, pair) &&
	       is_as(fd, PAIR_BOTH, buf_bytes(&both), pair);
	buf_free(&both);
	close(fd);
	return same;
}

int
pair_read_chain(int parent, const char *entry, struct buffer *chain)
{
	int fd = open_directory(parent, entry);

	if (fd < 0)
		return -1;
	return close_after(fd, read_file(fd, PAIR_CHAIN, (uid_t)-1, chain));
}

void
pair_remove(int parent, const char *entry)
{
	int fd = open_directory(parent, entry);

	if (fd < 0)
		return;
	for (size_t i = 0; i < FILE_COUNT; i++)
		(void)unlinkat(fd, files[i], 0);
	close(fd);
	(void)unlinkat(parent, entry, AT_REMOVEDIR);
}
