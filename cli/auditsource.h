/*
 * auditsource.h - the audit record in its order: each entry, and after it the heads that
 * were signed of it; from the daemon, or from a file that was exported.
 */
#ifndef CLI_AUDITSOURCE_H
#define CLI_AUDITSOURCE_H

#include <jansson.h>

#include "cli/cli.h"

/* A -1 with err ends the reading. What is handed over is the source's. */
struct auditsink {
	int (*entry)(void *ctx, json_t *entry, struct error *err);
	int (*head)(void *ctx, json_t *head, struct error *err);
	/* A line of a file that is neither. */
	int (*other)(void *ctx, size_t line, struct error *err);
	void *ctx;
};

/*
 * The entries after the one numbered *after, which follows; INT64_MIN: all. filter has
 * further parameters of /v1/audit, each with a & before it; "" for none.
 */
int auditsource_entries(struct cli *cli, const char *filter, int64_t *after,
    const struct auditsink *sink, struct error *err);

/* All of both. What is added meanwhile comes along. */
int auditsource_daemon(struct cli *cli, const struct auditsink *sink, struct error *err);

/* path may be "-": standard input. */
int auditsource_file(
    struct cli *cli, const char *path, const struct auditsink *sink, struct error *err);

#endif
