/* directory.c - mkdtemp, and its undoing. */
#include "tests/base/directory.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
directory_make(void **state)
{
	char *path = strdup("/tmp/keyhold-test.XXXXXX");

	if (path == NULL || mkdtemp(path) == NULL)
		return -1;
	*state = path;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

int
directory_remove(void **state)
{
	int rc = nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return rc;
}

char *
directory_path(void **state, const char *name, char out[static 256])
{
	int n = snprintf(out, 256, "%s/%s", (const char *)*state, name);

	if (n < 0 || n >= 256)
		abort();
	return out;
}

mode_t
file_mode(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		abort();
	return st.st_mode & 07777;
}

void
write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || fchmod(fd, mode) != 0)
		abort();
	close(fd);
}
