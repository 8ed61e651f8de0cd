/* watch.c - rows, and where they come from. */
#include "cli/watch.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "probe/certificate.h"
#include "rest/url.h"

#define DAY_SECONDS       86400
#define TARGETS_MAX_BYTES (1024 * 1024)

/* Rounded down: what ended an hour ago has -1. */
static int64_t
days_left(int64_t seconds)
{
	return seconds >= 0 ? seconds / DAY_SECONDS
			    : -((DAY_SECONDS - 1 - seconds) / DAY_SECONDS);
}

/* What a stranger's certificate, or a file's name, says need not be UTF-8. */
static json_t *
text_json(const char *text)
{
	json_t *string;
	struct buffer clean;

	buf_init(&clean, 0);
	text_clean(&clean, text, SIZE_MAX, "");
	string = json_string(buf_string(&clean));
	buf_free(&clean);
	return string;
}

static void
set_times(json_t *row, const struct watch *watch, const struct watch_times *times)
{
	char not_before[CLOCK_TEXT_SIZE], not_after[CLOCK_TEXT_SIZE];

	clock_format(not_before, times->not_before);
	clock_format(not_after, times->not_after);
	json_object_set_new(row, "not_before", json_string(not_before));
	json_object_set_new(row, "not_after", json_string(not_after));
	json_object_set_new(
	    row, "days", json_integer(days_left(times->not_after - watch->now)));
	if (times->serial != NULL)
		json_object_set_new(row, "serial", json_string(times->serial));
	if (times->not_after < watch->now)
		watch_fault(row, "expired");
	else if (times->not_before > watch->now)
		watch_fault(row, "not yet valid");
}

json_t *
watch_row(const struct watch *watch, const char *kind, const char *what,
    const char *where, const struct watch_times *times)
{
	json_t *row = json_object();

	json_object_set_new(row, "kind", json_string(kind));
	json_object_set_new(row, "what", text_json(what));
	json_object_set_new(row, "where", text_json(where));
	json_object_set_new(row, "faults", json_array());
	if (times != NULL)
		set_times(row, watch, times);
	return row;
}

void
watch_fault(json_t *row, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(json_object_get(row, "faults"), text_json(text));
}

void
watch_add(struct watch *watch, json_t *row, const char *note)
{
	struct buffer verdict;
	const json_t *fault;
	size_t i;

	buf_init(&verdict, 0);
	json_array_foreach (json_object_get(row, "faults"), i, fault) {
		buf_printf(&verdict, "%s%s", i > 0 ? "; " : "", json_string_value(fault));
	}
	if (verdict.len == 0)
		buf_text(&verdict, note != NULL ? note : "ok");
	json_object_set_new(row, "verdict", json_string(buf_string(&verdict)));
	json_array_append_new(watch->rows, row);
	buf_free(&verdict);
}

void
watch_unseen(struct watch *watch, const char *kind, const char *what, const char *where,
    const char *why)
{
	json_t *row = watch_row(watch, kind, what, where, NULL);

	watch_fault(row, "%s", why);
	watch_add(watch, row, NULL);
}

static void
add_daemon_unseen(struct watch *watch)
{
	watch_unseen(watch, "daemon", "keyholdd", "keyhold", watch->unseen.text);
}

static const char *
text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL ? text : "";
}

static int
time_of(const json_t *object, const char *member, int64_t *seconds)
{
	return clock_parse(text_of(object, member), seconds);
}

static int
refuse_answer(struct error *err)
{
	return error_set(err, ERROR_INTERNAL, "keyholdd's answer has no times");
}

static int
add_item(struct watch *watch, const json_t *item, struct error *err)
{
	const char *kind = text_of(item, "kind"), *issuer = text_of(item, "issuer");
	const char *fault = json_string_value(json_object_get(item, "fault"));
	struct watch_times times = { .serial = json_string_value(
					 json_object_get(item, "serial")) };
	struct buffer where;
	json_t *row;

	if (fault == NULL && (time_of(item, "not_before", &times.not_before) != 0 ||
				 time_of(item, "not_after", &times.not_after) != 0))
		return refuse_answer(err);
	buf_init(&where, 0);
	buf_printf(&where, "keyhold%s%s", *issuer != '\0' ? ": " : "", issuer);
	row = watch_row(watch, kind, text_of(item, "name"), buf_string(&where),
	    fault == NULL ? &times : NULL);
	buf_free(&where);
	if (fault != NULL)
		watch_fault(row, "%s", fault);
	watch_add(watch, row, NULL);
	return 0;
}

static int
read_now(struct cli *cli, struct watch *watch, const char *url, struct error *err)
{
	json_t *page = NULL;
	int rc;

	if (daemon_get_json(cli, url, &page, err) != 0)
		return -1;
	rc = time_of(page, "now", &watch->now) == 0 ? 0 : refuse_answer(err);
	json_decref(page);
	return rc;
}

static int
add_page(struct cli *cli, struct watch *watch, const char *url, struct error *err)
{
	json_t *page = NULL;
	const json_t *item;
	size_t i;
	int rc;

	if (daemon_get_json(cli, url, &page, err) != 0)
		return -1;
	rc = time_of(page, "now", &watch->now) == 0 ? 0 : refuse_answer(err);
	json_array_foreach (json_object_get(page, "items"), i, item) {
		if (rc == 0)
			rc = add_item(watch, item, err);
	}
	json_decref(page);
	return rc;
}

static int
add_pages(struct cli *cli, struct watch *watch, int64_t within_s, struct error *err)
{
	char before[CLOCK_TEXT_SIZE];
	struct buffer url;
	int rc;

	/* Nothing ended before that: the answer is short. */
	if (read_now(cli, watch, "/v1/expiry?before=0001-01-01T00:00:00Z", err) != 0)
		return -1;
	buf_init(&url, 0);
	buf_text(&url, "/v1/expiry");
	clock_format(before, watch->now + within_s);
	url_query(&url, "before", within_s > 0 ? before : NULL);
	url_query(&url, "limit", "1000");
	do {
		rc = add_page(cli, watch, buf_string(&url), err);
		daemon_next_page(cli, &url);
	} while (rc == 0 && url.len > 0);
	buf_free(&url);
	return rc;
}

int
watch_daemon(struct cli *cli, struct watch *watch, int64_t within_s)
{
	if (add_pages(cli, watch, within_s, &watch->unseen) != 0) {
		add_daemon_unseen(watch);
		return -1;
	}
	watch->asked = cli;
	return 0;
}

/* Another authority's may have the same serial. */
static bool
is_record_of(const json_t *record, const X509 *cert)
{
	const char *pem = text_of(record, "certificate");
	STACK_OF(X509) *list = sk_X509_new_null();
	bool is_same = certificate_read_all(
			   (struct bytes){ (const unsigned char *)pem, strlen(pem) },
			   list, NULL) == 0 &&
		       X509_cmp(sk_X509_value(list, 0), cert) == 0;

	sk_X509_pop_free(list, X509_free);
	return is_same;
}

void
watch_revoked(struct watch *watch, json_t *row, const X509 *cert)
{
	char url[32 + CERTIFICATE_SERIAL_SIZE], serial[CERTIFICATE_SERIAL_SIZE];
	json_t *record;

	/* Nobody revokes a root. */
	if (watch->asked == NULL ||
	    X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0)
		return;
	certificate_serial(cert, serial);
	snprintf(url, sizeof(url), "/v1/certificates/%s", serial);
	if (daemon_find_json(watch->asked, url, &record, &watch->unseen) != 0) {
		watch->asked = NULL;
		add_daemon_unseen(watch);
		return;
	}
	if (strcmp(text_of(record, "status"), "revoked") == 0 &&
	    is_record_of(record, cert))
		watch_fault(row, "revoked");
	json_decref(record);
}

int
watch_target(struct watch *watch, const char *target, struct error *err)
{
	struct stat st;
	bool exists = stat(target, &st) == 0;

	if (exists && S_ISDIR(st.st_mode))
		watch_directory(watch, target);
	else if (exists || (strchr(target, '/') != NULL && strstr(target, "://") == NULL))
		watch_file(watch, target);
	else
		return watch_server(watch, target, err);
	return 0;
}

/* Cuts the line at its comment and its spaces off. */
static char *
trim(char *line)
{
	size_t len;

	line += strspn(line, " \t\r");
	line[strcspn(line, "#")] = '\0';
	for (len = strlen(line); len > 0 && strchr(" \t\r", line[len - 1]) != NULL; len--)
		line[len - 1] = '\0';
	return line;
}

void
watch_targets(struct watch *watch, const char *path)
{
	struct error why = { .code = ERROR_NONE }, *unseen = &watch->unseen;
	struct buffer text;
	char *rest, *line;
	int rc;

	buf_init(&text, 0);
	rc = file_read(path, TARGETS_MAX_BYTES, &text, unseen);
	if (rc == 0 && strlen(buf_string(&text)) != text.len)
		rc = error_set(
		    unseen, ERROR_IO, "%s: a NUL byte in it: it is no text", path);
	if (rc != 0)
		watch_unseen(watch, "targets", path, path, unseen->text);
	rest = (char *)text.data;
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL)
		if (*(line = trim(line)) != '\0' && watch_target(watch, line, &why) != 0)
			watch_unseen(watch, "target", line, path, why.text);
	buf_free(&text);
}

static int
compare(const void *a, const void *b)
{
	const json_t *const *x = a, *const *y = b;
	int order = strcmp(text_of(*x, "not_after"), text_of(*y, "not_after"));

	if (order == 0)
		order = strcmp(text_of(*x, "where"), text_of(*y, "where"));
	return order != 0 ? order : strcmp(text_of(*x, "what"), text_of(*y, "what"));
}

void
watch_sort(struct watch *watch)
{
	size_t count = json_array_size(watch->rows), i;
	json_t **rows = calloc(count + 1, sizeof(json_t *)), *row;

	if (rows == NULL)
		abort();
	json_array_foreach (watch->rows, i, row)
		rows[i] = json_incref(row);
	qsort(rows, count, sizeof(json_t *), compare);
	json_array_clear(watch->rows);
	for (i = 0; i < count; i++)
		json_array_append_new(watch->rows, rows[i]);
	free(rows);
}
