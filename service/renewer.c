/* renewer.c - looks at what each listener shows, and asks for it again in time. */
#include "service/renewer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/renewal.h"
#include "service/chore.h"
#include "service/server_certificate.h"

#define LOOK_S  10 /* somebody may issue one with a short life at any time */
#define RETRY_S 60

struct renewer {
	struct api *api;
	const struct config *config;
	struct chore *chore;
	int64_t retry[LISTENERS_MAX]; /* when to try again, of each listener */
};

/* The window, but not in the first half of what there was of it when it was issued: a
 * short one may begin in the past. */
static int64_t
due_at(const struct certificate_row *row)
{
	int64_t start = renewal_window(row).start,
		half = row->created + (row->not_after - row->created) / 2;

	return start > half ? start : half;
}

static int
renew(struct renewer *r, const struct certificate_row *row, struct error *err)
{
	const struct issue_request request = {
		.issuer = row->issuer,
		.profile = row->profile,
		.actor = AUDIT_SELF,
		.renews = row,
	};
	struct issue_result result = { 0 };
	struct violations violations = { 0 };
	char end[CLOCK_TEXT_SIZE];
	int rc = authority_issue(r->api->authority, &request, &result, &violations, err);

	if (rc == 0) {
		clock_format(end, result.not_after);
		log_info("https.renewed", "certificate=%s was=%s end=%s", result.serial,
		    row->serial, end);
	}
	issue_result_clear(&result);
	return rc;
}

static void
look_at(struct renewer *r, size_t i, int64_t now)
{
	const char *name = r->config->listeners[i].certificate;
	struct server_certificate found;
	char quoted[LOG_QUOTED_MAX];
	struct error err;

	/* Without one the listener says so itself. */
	if (server_certificate_find(r->api, name, &found, &err) == 0 &&
	    due_at(&found.copy.row) <= now && renew(r, &found.copy.row, &err) != 0) {
		r->retry[i] = now + RETRY_S;
		log_error("https.unrenewed", "key=%s certificate=%s why=\"%s\"", name,
		    found.copy.row.serial, log_quoted(quoted, err.text));
	}
	server_certificate_clear(&found);
}

static int64_t
work(void *ctx, int64_t now)
{
	struct renewer *r = ctx;

	for (size_t i = 0; i < r->config->listener_count; i++)
		if (r->config->listeners[i].kind == LISTENER_HTTPS && now >= r->retry[i])
			look_at(r, i, now);
	return now + LOOK_S;
}

static bool
has_work(const struct config *config)
{
	for (size_t i = 0; i < config->listener_count; i++)
		if (config->listeners[i].kind == LISTENER_HTTPS)
			return true;
	return false;
}

int
renewer_start(struct api *api, const struct config *config, struct renewer **renewer,
    struct error *err)
{
	struct renewer *r;

	if (!has_work(config))
		return 0;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	r->api = api;
	r->config = config;
	if (chore_start(work, r, "renewer", &r->chore, err) != 0) {
		free(r);
		return -1;
	}
	*renewer = r;
	return 0;
}

void
renewer_stop(struct renewer *renewer)
{
	if (renewer == NULL)
		return;
	chore_stop(renewer->chore);
	free(renewer);
}
