/* artifact.c - writes results without destroying a key by accident. */
#include "cli/artifact.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_FILE_MAX 65536
#define PRIVATE_KEY  "PRIVATE KEY-----"
#define REFERENCE    "-----BEGIN KEYHOLD KEY REFERENCE-----"

static bool
is_standard_output(const char *path)
{
	return path == NULL || strcmp(path, "-") == 0;
}

/* Reads through base/file.h, whose buffer wipes: it may hold a private key. */
static int
file_holds(const char *path, const char *text, bool *holds, struct error *err)
{
	struct buffer content;
	int rc;

	buf_init(&content, 0);
	rc = file_read(path, KEY_FILE_MAX, &content, err);
	*holds = rc == 0 &&
		 memmem(buf_string(&content), content.len, text, strlen(text)) != NULL;
	buf_free(&content);
	return rc;
}

int
artifact_check(struct cli *cli, const char *path, bool force, struct error *err)
{
	struct stat st;
	bool holds;

	if (is_standard_output(path))
		return 0;
	if (stat(path, &st) != 0)
		return errno == ENOENT ? 0 : error_set_errno(err, ERROR_IO, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(
		    err, ERROR_IO, "%s: not a regular file; - is standard output", path);
	if (force || st.st_size > KEY_FILE_MAX)
		return 0;
	if (file_holds(path, PRIVATE_KEY, &holds, err) != 0)
		return -1;
	if (!holds)
		return 0;
	cli_advise(cli, "Overwriting would destroy it, and no copy may exist.");
	cli_advise(cli, "Move it away, or use --force where the command has it.");
	return error_set(err, ERROR_IO, "%s holds a private key", path);
}

int
artifact_is_pair(const char *path, bool *is_pair, struct error *err)
{
	struct stat st;

	*is_pair = false;
	if (stat(path, &st) != 0)
		return errno == ENOENT ? 0 : error_set_errno(err, ERROR_IO, "%s", path);
	if (!S_ISREG(st.st_mode) || st.st_size > KEY_FILE_MAX)
		return 0;
	return file_holds(path, REFERENCE, is_pair, err);
}

int
artifact_write(struct cli *cli, const char *path, struct bytes data, mode_t mode,
    bool force, struct error *err)
{
	struct file_change change = { .path = "" };
	int rc;

	if (is_standard_output(path)) {
		fwrite(data.data, 1, data.len, cli->out);
		return 0;
	}
	if (artifact_prepare(cli, &change, path, data, mode, force, err) != 0)
		return -1;
	rc = file_commit(&change, err);
	file_discard(&change);
	return rc;
}

int
artifact_prepare(struct cli *cli, struct file_change *change, const char *path,
    struct bytes data, mode_t mode, bool force, struct error *err)
{
	if (artifact_check(cli, path, force, err) != 0 ||
	    file_prepare_like(change, path, data, mode, err) != 0)
		return -1;
	if (!change->is_like)
		fprintf(cli->errors,
		    "keyhold: warning: %s: its owner, group and mode could not all be "
		    "kept; see: ls -l %s\n",
		    path, path);
	return 0;
}
