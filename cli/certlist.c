/* certlist.c - the daemon's list of certificates, page after page. */
#include "cli/certlist.h"

#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "rest/url.h"

#define PAGE_MAX 1000 /* the daemon's */

static const struct column columns[] = {
	{ "SERIAL", "serial" },
	{ "STATUS", "status" },
	{ "NOT AFTER", "not_after" },
	{ "CA", "issuer" },
	{ "PROFILE", "profile" },
	{ "NAMES", "names" },
	{ NULL, NULL },
};

/* "30d" or "12h" from now. */
static int
write_from_now(const char *text, char time[static CLOCK_TEXT_SIZE])
{
	int64_t seconds;

	if (argument_duration(text, &seconds) != 0)
		return -1;
	clock_format(time, clock_now_s() + seconds);
	return 0;
}

static int
read_time(const char *text, char time[static CLOCK_TEXT_SIZE], struct error *err)
{
	if (write_from_now(text, time) == 0 || argument_time(text, time) == 0)
		return 0;
	return error_set(err, ERROR_CONFIG,
	    "--expires-before: \"%.40s\" is no time; say 30d or 12h (from now), "
	    "2026-01-31 or 2026-01-31T23:59:59Z",
	    text);
}

/* What --expiring says in terms of the two filters that it stands for. */
static int
read_expiring(const struct arguments *args, const char **status,
    char time[static CLOCK_TEXT_SIZE], struct error *err)
{
	const char *within = argument_value(args, "expiring");

	if (within == NULL)
		return 0;
	if (*status != NULL || argument_given(args, "expires-before"))
		return error_set(err, ERROR_CONFIG,
		    "--expiring lists valid certificates; leave out --status and "
		    "--expires-before");
	if (write_from_now(within, time) != 0)
		return error_set(err, ERROR_CONFIG,
		    "--expiring: \"%.40s\" is no time; say 30d or 12h", within);
	*status = "valid";
	return 0;
}

static int
first_url(
    const struct arguments *args, uint64_t limit, struct buffer *url, struct error *err)
{
	const char *until = argument_value(args, "expires-before");
	const char *status = argument_value(args, "status");
	char number[24], time[CLOCK_TEXT_SIZE] = "";

	if (read_expiring(args, &status, time, err) != 0 ||
	    (until != NULL && read_time(until, time, err) != 0))
		return -1;
	snprintf(number, sizeof(number), "%llu",
	    (unsigned long long)(limit < PAGE_MAX ? limit : PAGE_MAX));
	buf_text(url, "/v1/certificates");
	url_query(url, "issuer", argument_value(args, "ca"));
	url_query(url, "status", status);
	url_query(url, "san", argument_value(args, "san"));
	url_query(url, "key", argument_value(args, "key"));
	url_query(url, "expires_before", time[0] != '\0' ? time : NULL);
	url_query(url, "limit", number);
	return 0;
}

/* Appends pages to list until there are limit entries or no more pages. */
static int
collect(
    struct cli *cli, struct buffer *url, uint64_t limit, json_t *list, struct error *err)
{
	while (url->len > 0 && json_array_size(list) < limit) {
		json_t *page = NULL;

		if (daemon_get_json(cli, buf_string(url), &page, err) != 0)
			return -1;
		json_array_extend(list, json_object_get(page, "certificates"));
		json_decref(page);
		daemon_next_page(cli, url);
	}
	while (json_array_size(list) > limit)
		json_array_remove(list, json_array_size(list) - 1);
	return 0;
}

int
certlist_print(struct cli *cli, struct error *err)
{
	json_t *list = json_array();
	uint64_t limit = 0;
	struct buffer url;
	int rc = -1;

	buf_init(&url, 0);
	if (argument_number(&cli->args, "limit", UINT32_MAX, &limit, err) != 0)
		goto out;
	if (limit == 0)
		limit = UINT64_MAX;
	if (first_url(&cli->args, limit, &url, err) != 0 ||
	    collect(cli, &url, limit, list, err) != 0)
		goto out;
	if (cli->json) {
		json_t *answer = json_pack("{s:O}", "certificates", list);

		output_json(cli, answer);
		json_decref(answer);
	} else {
		output_table(cli, list, columns);
	}
	if (url.len > 0)
		fprintf(cli->errors, "keyhold: there are more; --limit 0 lists all\n");
	rc = 0;
out:
	json_decref(list);
	buf_free(&url);
	return rc;
}
