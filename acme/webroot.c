/*
 * webroot.c - http-01 by a file that another web server serves.
 *
 * The directory may be its user's, who is not to be trusted with ours: the file is only
 * ever made new, under a name that this client chose to accept, and below the webroot
 * nothing is done through a symbolic link.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acme/challenge.h"

#define DIRECTORY_MODE 0755
#define FILE_MODE      0644

struct state {
	int directory; /* while the file is there; else -1 */
};

/* A descriptor of the directory in at, which is made when it is not there; closes at. */
static int
enter(int at, const char *name, struct error *err)
{
	bool is_new;
	int fd = -1;

	if (at < 0)
		return -1;
	is_new = mkdirat(at, name, DIRECTORY_MODE) == 0;
	if (!is_new && errno != EEXIST)
		goto out;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Readable by all, whatever the umask. */
	if (fd >= 0 && is_new && fchmod(fd, DIRECTORY_MODE) != 0) {
		close(fd);
		fd = -1;
	}
out:
	if (fd < 0)
		error_set_errno(err, ERROR_IO, "webroot: %s, which may be no link", name);
	close(at);
	return fd;
}

static int
open_directory(const char *webroot, struct error *err)
{
	int fd = open(webroot, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(err, ERROR_IO, "webroot %.200s", webroot);
	return enter(enter(fd, ".well-known", err), "acme-challenge", err);
}

static int
write_file(int directory, const struct proof *proof, struct error *err)
{
	size_t len = strlen(proof->authorization);
	int fd = openat(directory, proof->token,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	int rc = -1;

	if (fd < 0)
		return error_set_errno(err, ERROR_IO, "webroot: %.64s", proof->token);
	errno = ENOSPC;
	if (write(fd, proof->authorization, len) == (ssize_t)len &&
	    fchmod(fd, FILE_MODE) == 0)
		rc = 0;
	else
		error_set_errno(err, ERROR_IO, "webroot: %.64s", proof->token);
	close(fd);
	return rc;
}

static void
hide(const struct acme_challenge *how, void *ctx, const struct proof *proof)
{
	struct state *state = ctx;

	(void)how;
	if (state->directory < 0)
		return;
	unlinkat(state->directory, proof->token, 0);
	close(state->directory);
	state->directory = -1;
}

static int
show(const struct acme_challenge *how, void *ctx, const struct proof *proof,
    struct buffer *say, struct error *err)
{
	struct state *state = ctx;

	(void)say;
	hide(how, state, proof);
	if ((state->directory = open_directory(how->webroot, err)) < 0)
		return -1;
	/* Of a run that was cut off. */
	unlinkat(state->directory, proof->token, 0);
	if (write_file(state->directory, proof, err) == 0)
		return 0;
	hide(how, state, proof);
	return -1;
}

static int
open_state(const struct acme_challenge *how, const struct acme_key *key, void **out,
    struct error *err)
{
	struct state *state = malloc(sizeof(*state));

	(void)how;
	(void)key;
	if (state == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	state->directory = -1;
	*out = state;
	return 0;
}

static void
close_state(void *ctx)
{
	struct state *state = ctx;

	if (state->directory >= 0)
		close(state->directory);
	free(state);
}

const struct solver http01_webroot = { open_state, show, hide, close_state };
