/* backup.c - keyhold backup: a copy of the record, straight to a file. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/cli.h"
#include "cli/daemon.h"

#define CONNECT_TIMEOUT_MS 2000
#define ANSWER_TIMEOUT_MS  (4 * 3600 * 1000) /* of all of it */

struct saving {
	FILE *file;
	unsigned long long bytes;
};

static int
save(void *ctx, const void *data, size_t len, struct error *err)
{
	struct saving *saving = ctx;

	if (fwrite(data, 1, len, saving->file) != len)
		return error_set_errno(err, ERROR_IO, "the backup cannot be written");
	saving->bytes += len;
	return 0;
}

static int
receive(struct cli *cli, struct saving *saving, struct error *err)
{
	int rc;

	if (cli_set_timeouts(cli, CONNECT_TIMEOUT_MS, ANSWER_TIMEOUT_MS, err) != 0)
		return -1;
	cli->rest.res.sink = save;
	cli->rest.res.sink_ctx = saving;
	rc = daemon_get(cli, "/v1/backup", NULL, err);
	cli->rest.res.sink = NULL;
	return rc;
}

static int
sync_file(FILE *file, const char *path, struct error *err)
{
	if (fflush(file) != 0 || fsync(fileno(file)) != 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	return 0;
}

static int
check_free(struct cli *cli, const char *path, struct error *err)
{
	if (argument_given(&cli->args, "force") || access(path, F_OK) != 0)
		return 0;
	cli_advise(cli, "To replace it: --force");
	return error_set(err, ERROR_IO, "%s is there already", path);
}

static int
save_to_file(struct cli *cli, const char *path, struct saving *saving, struct error *err)
{
	struct file_change change;
	int fd, rc = -1;

	if (check_free(cli, path, err) != 0 || (fd = file_begin(&change, path, err)) < 0)
		return -1;
	if ((saving->file = fdopen(fd, "wb")) == NULL) {
		close(fd);
		file_discard(&change);
		return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	if (receive(cli, saving, err) == 0 && sync_file(saving->file, path, err) == 0)
		rc = 0;
	fclose(saving->file);
	/* It may have come while this one was made. */
	if (rc == 0 && (rc = check_free(cli, path, err)) == 0)
		rc = file_commit(&change, err);
	file_discard(&change);
	return rc;
}

static int
backup(struct cli *cli, struct error *err)
{
	const char *path = cli->args.operand;
	struct saving saving = { .file = cli->out };

	if (strcmp(path, "-") == 0) {
		if (receive(cli, &saving, err) != 0)
			return -1;
		return fflush(cli->out) == 0
			   ? 0
			   : error_set_errno(err, ERROR_IO, "standard output");
	}
	if (save_to_file(cli, path, &saving, err) != 0)
		return -1;
	if (!cli->json)
		fprintf(cli->out,
		    "wrote %s: %llu bytes. The keys are on the token, and not in it.\n",
		    path, saving.bytes);
	return 0;
}

static const struct option_spec options[] = {
	{ .name = "force", .help = "replace FILE if it is there" },
	{ .name = NULL },
};

const struct command backup_commands[] = {
	{ "backup", "FILE",
	    "save the record while the daemon works; - is standard output",
	    "keyhold backup keyhold-2026-01-31.db", options, backup },
	{ .path = NULL },
};
