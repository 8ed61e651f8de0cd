/* auditsource.c - two lists of the daemon, merged, and one file, read line by line. */
#include "cli/auditsource.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/daemon.h"

#define PAGE "limit=500" /* an entry may have a whole profile */

/* The heads, read ahead by a page. */
struct heads {
	json_t *page;
	size_t next; /* of the page */
	struct buffer url;
};

static int
read_heads(struct cli *cli, struct heads *heads, struct error *err)
{
	while (heads->next >= json_array_size(json_object_get(heads->page, "heads")) &&
	       heads->url.len > 0) {
		json_decref(heads->page);
		heads->page = NULL;
		heads->next = 0;
		if (daemon_get_json(cli, buf_string(&heads->url), &heads->page, err) != 0)
			return -1;
		daemon_next_page(cli, &heads->url);
	}
	return 0;
}

/* NULL after the last. */
static json_t *
first_of(const struct heads *heads)
{
	return json_array_get(json_object_get(heads->page, "heads"), heads->next);
}

/* The heads of entries up to this one. */
static int
give_heads(struct cli *cli, struct heads *heads, int64_t seq,
    const struct auditsink *sink, struct error *err)
{
	json_t *head;

	while ((head = first_of(heads)) != NULL &&
	       json_integer_value(json_object_get(head, "seq")) <= seq) {
		if (sink->head(sink->ctx, head, err) != 0)
			return -1;
		heads->next++;
		if (read_heads(cli, heads, err) != 0)
			return -1;
	}
	return 0;
}

static int
give_page(struct cli *cli, const json_t *page, struct heads *heads, int64_t *after,
    const struct auditsink *sink, struct error *err)
{
	json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(page, "entries"), i, entry) {
		*after = json_integer_value(json_object_get(entry, "seq"));
		if (sink->entry(sink->ctx, entry, err) != 0 ||
		    (heads != NULL && give_heads(cli, heads, *after, sink, err) != 0))
			return -1;
	}
	return 0;
}

static int
give_entries(struct cli *cli, const char *filter, struct heads *heads, int64_t *after,
    const struct auditsink *sink, struct error *err)
{
	struct buffer url;
	json_t *page;
	int rc = 0;

	buf_init(&url, 0);
	buf_printf(&url, "/v1/audit?" PAGE "%s", filter);
	if (*after >= 0)
		buf_printf(&url, "&cursor=%lld", (long long)*after);
	while (rc == 0 && url.len > 0) {
		if ((rc = daemon_get_json(cli, buf_string(&url), &page, err)) != 0)
			break;
		daemon_next_page(cli, &url);
		rc = give_page(cli, page, heads, after, sink, err);
		json_decref(page);
	}
	buf_free(&url);
	return rc;
}

int
auditsource_entries(struct cli *cli, const char *filter, int64_t *after,
    const struct auditsink *sink, struct error *err)
{
	return give_entries(cli, filter, NULL, after, sink, err);
}

/*
 * A head that was signed meanwhile is of an entry that was not there to be read: a second
 * reading has it, if it is there at all.
 */
int
auditsource_daemon(struct cli *cli, const struct auditsink *sink, struct error *err)
{
	struct heads heads = { 0 };
	int64_t after = INT64_MIN;
	int rc;

	buf_init(&heads.url, 0);
	buf_text(&heads.url, "/v1/audit/heads?" PAGE);
	rc = read_heads(cli, &heads, err);
	if (rc == 0)
		rc = give_entries(cli, "", &heads, &after, sink, err);
	if (rc == 0 && first_of(&heads) != NULL)
		rc = give_entries(cli, "", &heads, &after, sink, err);
	if (rc == 0)
		rc = give_heads(cli, &heads, INT64_MAX, sink, err);
	json_decref(heads.page);
	buf_free(&heads.url);
	return rc;
}

static int
give_line(const char *line, size_t len, size_t number, const struct auditsink *sink,
    struct error *err)
{
	json_t *value = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL), *head;
	int rc;

	if (!json_is_object(value))
		rc = sink->other(sink->ctx, number, err);
	else if ((head = json_object_get(value, "head")) != NULL)
		rc = sink->head(sink->ctx, head, err);
	else
		rc = sink->entry(sink->ctx, value, err);
	json_decref(value);
	return rc;
}

int
auditsource_file(
    struct cli *cli, const char *path, const struct auditsink *sink, struct error *err)
{
	bool is_input = strcmp(path, "-") == 0;
	FILE *file = is_input ? cli->in : fopen(path, "re");
	char *line = NULL;
	size_t size = 0, number = 0;
	ssize_t len;
	int rc = 0;

	if (file == NULL)
		return error_set_errno(err, ERROR_IO, "%s", path);
	while (rc == 0 && (len = getline(&line, &size, file)) >= 0)
		rc = give_line(line, (size_t)len, ++number, sink, err);
	if (rc == 0 && ferror(file))
		rc = error_set_errno(err, ERROR_IO, "%s", path);
	free(line);
	if (!is_input)
		fclose(file);
	return rc;
}
