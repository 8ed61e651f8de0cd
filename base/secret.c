/* secret.c - a short text that must not leak: locked, wiped, never printed. */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

struct secret {
	char text[SECRET_MAX_BYTES + 1];
};

/* Pages of its own: what is next to a secret is neither locked nor left out. */
static struct secret *
map_locked(struct error *err)
{
	void *page = mmap(NULL, sizeof(struct secret), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		error_set_errno(err, ERROR_INTERNAL, "memory for a secret");
		return NULL;
	}
	if (mlock(page, sizeof(struct secret)) != 0 ||
	    madvise(page, sizeof(struct secret), MADV_DONTDUMP) != 0) {
		error_set_errno(err, ERROR_INTERNAL,
		    "cannot lock memory for a secret; raise the memlock limit (ulimit "
		    "-l)");
		munmap(page, sizeof(struct secret));
		return NULL;
	}
	return page;
}

int
secret_new(const void *data, size_t len, struct secret **secret, struct error *err)
{
	struct secret *s;

	if (len > SECRET_MAX_BYTES)
		return error_set(err, ERROR_CONFIG, "a secret of %zu bytes; at most %d",
		    len, SECRET_MAX_BYTES);
	if ((s = map_locked(err)) == NULL)
		return -1;
	memcpy(s->text, data, len); /* and the page ends it with a NUL */
	*secret = s;
	return 0;
}

static int
check_file(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set_errno(err, ERROR_CONFIG, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_CONFIG, "%s: not a regular file", path);
	if ((st.st_mode & 077) != 0)
		return error_set(err, ERROR_CONFIG,
		    "%s: mode %03o lets others read it; run: chmod 600 %s", path,
		    (unsigned)(st.st_mode & 0777), path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return error_set(err, ERROR_CONFIG,
		    "%s: belongs to user %u, not to this one", path, (unsigned)st.st_uid);
	return 0;
}

int
secret_read_file(const char *path, struct secret **secret, struct error *err)
{
	char line[SECRET_MAX_BYTES + 2];
	int fd, rc = -1;
	ssize_t n;
	size_t len;

	/* A named pipe must get as far as check_file, not wait for a writer here. */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) < 0)
		return error_set_errno(err, ERROR_CONFIG, "%s", path);
	if (check_file(fd, path, err) != 0)
		goto out;
	if ((n = read(fd, line, sizeof(line))) < 0) {
		error_set_errno(err, ERROR_CONFIG, "%s", path);
		goto out;
	}
	for (len = 0; len < (size_t)n && line[len] != '\n' && line[len] != '\r'; len++)
		continue;
	if (len == 0) {
		error_set(err, ERROR_CONFIG, "%s: the first line is empty", path);
		goto out;
	}
	rc = secret_new(line, len, secret, err);
out:
	OPENSSL_cleanse(line, sizeof(line));
	close(fd);
	return rc;
}

const char *
secret_text(const struct secret *secret)
{
	return secret->text;
}

void
secret_free(struct secret *secret)
{
	if (secret == NULL)
		return;
	OPENSSL_cleanse(secret, sizeof(*secret));
	munmap(secret, sizeof(*secret));
}
