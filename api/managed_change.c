/* managed_change.c - certificates that renew themselves: defined, moved on, taken away.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "api/conditional.h"
#include "api/issuing.h"
#include "api/json.h"
#include "api/mediatype.h"
#include "api/managed.h"
#include "api/managed_definition.h"
#include "api/managed_state.h"
#include "api/managed_trial.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

/* The documents as text, for as long as the row is used. */
struct documents {
	struct buffer definition, state;
};

static int
write_documents(const struct managed *managed, struct managed_row *row,
    struct documents *d, struct error *err)
{
	*row = managed->row;
	buf_init(&d->definition, 0);
	buf_init(&d->state, 0);
	if (json_write(json_make("O", managed->definition), &d->definition, err) != 0 ||
	    json_write(json_make("O", managed->state), &d->state, err) != 0)
		return -1;
	row->definition = buf_string(&d->definition);
	row->state = buf_string(&d->state);
	return 0;
}

static void
free_documents(struct documents *d)
{
	buf_free(&d->definition);
	buf_free(&d->state);
}

static struct audit_event
event_of(const struct exchange *x, const char *action, const char *name)
{
	return (struct audit_event){ .actor = x->req->caller->actor,
		.request = x->req->id,
		.action = action,
		.object = name };
}

/* What is made anew must not look like the one that had the name before: an agent may
 * still be at work on that. */
static int
first_revision(int64_t *revision, struct error *err)
{
	uint32_t random;

	if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "random bytes");
	*revision = (int64_t)random + 1;
	return 0;
}

/* Takes over what is in the definition's JSON. */
static int
add(struct exchange *x, struct managed_definition *definition, struct managed *managed,
    struct error *err)
{
	struct audit_event event = event_of(x, "managed.added", definition->name);
	struct documents documents;
	struct managed_row row;
	int rc;

	*managed = (struct managed){ .row.created = clock_now_s(),
		.definition = definition->json,
		.state = managed_state_new() };
	definition->json = NULL;
	snprintf(managed->row.name, sizeof(managed->row.name), "%s", definition->name);
	if (first_revision(&managed->row.revision, err) != 0)
		return -1;
	if ((rc = write_documents(managed, &row, &documents, err)) == 0) {
		event.detail = row.definition;
		rc = store_managed_add(x->api->store, &row, &event, err);
	}
	free_documents(&documents);
	return rc;
}

static int
check_free(struct exchange *x, const char *name, struct error *err)
{
	struct managed managed;
	int rc = managed_load(x->api, name, &managed, err);

	managed_clear(&managed);
	if (rc == 0)
		return error_set(err, ERROR_CONFLICT,
		    "there is a managed certificate %s already", name);
	return err->code == ERROR_NOT_FOUND ? 0 : -1;
}

/* Of POST and PUT: read, tried, and answered if that was all. */
struct proposal {
	struct managed_definition definition;
	bool dry_run;
};

static int
propose(struct exchange *x, const char *name, struct proposal *p, struct error *err)
{
	struct json_t *certificate;

	*p = (struct proposal){ .dry_run = false };
	if (!request_has_type(x->req, JSON_TYPE))
		return error_set(err, ERROR_UNSUPPORTED, "send " JSON_TYPE);
	if (issuing_read_dry_run(x->req->query, &p->dry_run, err) != 0 ||
	    managed_definition_read(
		&x->req->body, name, &p->definition, &x->violations, err) != 0 ||
	    (name == NULL && check_free(x, p->definition.name, err) != 0) ||
	    managed_try(x, &p->definition, &certificate, err) != 0)
		return -1;
	if (p->dry_run)
		return managed_answer_trial(x, &p->definition, certificate, err);
	json_free(certificate);
	return 0;
}

int
post_managed(struct exchange *x, struct error *err)
{
	struct managed managed = { .definition = NULL };
	struct proposal p;
	int rc;

	if ((rc = propose(x, NULL, &p, err)) == 0 && !p.dry_run &&
	    (rc = add(x, &p.definition, &managed, err)) == 0) {
		snprintf(x->res->location, sizeof(x->res->location), "/v1/managed/%s",
		    managed.row.name);
		rc = managed_respond(x, 201, &managed, err);
	}
	managed_clear(&managed);
	managed_definition_clear(&p.definition);
	return rc;
}

static bool
differ(
    const struct json_t *before, const struct json_t *after, const char *const *members)
{
	for (; *members != NULL; members++)
		if (!json_same(before, after, *members))
			return true;
	return false;
}

/* What is on the agent's disk, or in the certificate, would be another. How an ACME
 * server is reached and shown that the names are ours makes no other certificate. */
static bool
takes_renewal(const struct json_t *before, const struct json_t *after)
{
	static const char *const members[] = { "names", "key_type", "days", "directory",
		"owner", "group", "mode", NULL };
	static const char *const origin[] = { "issuer", "profile", "acme", "account",
		NULL };
	const struct json_t *source, *other;
	struct error none;

	if (json_member(before, "source", NULL, &source, &none) != 0 ||
	    json_member(after, "source", NULL, &other, &none) != 0)
		return true;
	return differ(before, after, members) || differ(source, other, origin);
}

/* Whether files have changed, and no server is known to have taken them up. */
static bool
is_unverified(const struct json_t *state)
{
	static const char *const steps[] = { "reload", "verify", "rollback", NULL };
	const char *step;
	struct error none;

	return json_text(state, "step", true, &step, &none) == 0 &&
	       text_in_list(steps, step);
}

/*
 * From the beginning, and now: what was under way was of another definition. Files that
 * it has brought go back first, or they would be those to go back to.
 */
static int
start_over(struct managed *managed, struct error *err)
{
	struct json_t *state = managed->state;
	const bool goes_back = is_unverified(state);

	if (json_set(state, "step", json_make("s", goes_back ? "rollback" : "idle")) !=
		0 ||
	    (goes_back && json_set(state, "last_error",
			      json_make("s", "the definition has changed")) != 0) ||
	    json_set(state, "attempts", json_make("I", 0LL)) != 0 ||
	    managed_state_set_due(state, clock_now_s()) != 0)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

static int
store_change(struct exchange *x, struct managed *managed, struct audit_event *event,
    struct error *err)
{
	struct documents documents;
	struct managed_row row;
	int rc;

	if ((rc = write_documents(managed, &row, &documents, err)) == 0) {
		if (event != NULL && event->detail == NULL)
			event->detail = row.definition;
		rc = store_managed_change(x->api->store, &row, event, err);
	}
	free_documents(&documents);
	managed->row.revision++;
	return rc;
}

static int
check_match(struct exchange *x, const struct managed *managed, struct error *err)
{
	char etag[MANAGED_ETAG_SIZE];

	managed_etag(managed, etag);
	return conditional_check(x->req, etag, err);
}

/* Takes over the definition. */
static int
change(struct exchange *x, struct managed *managed, struct json_t *definition,
    struct error *err)
{
	struct audit_event event = event_of(x, "managed.changed", managed->row.name);
	bool anew = takes_renewal(managed->definition, definition);

	json_free(managed->definition);
	managed->definition = definition;
	/* What failed may well be what was put right. */
	json_drop(managed->state, "next_attempt");
	if (anew && start_over(managed, err) != 0)
		return -1;
	return store_change(x, managed, &event, err);
}

int
put_managed(struct exchange *x, struct error *err)
{
	struct managed managed;
	struct proposal p = { .dry_run = false };
	int rc;

	if ((rc = managed_load(x->api, x->req->params[0], &managed, err)) == 0 &&
	    (rc = check_match(x, &managed, err)) == 0 &&
	    (rc = propose(x, managed.row.name, &p, err)) == 0 && !p.dry_run) {
		rc = change(x, &managed, p.definition.json, err);
		p.definition.json = NULL;
		if (rc == 0)
			rc = managed_respond(x, 200, &managed, err);
	}
	managed_clear(&managed);
	managed_definition_clear(&p.definition);
	return rc;
}

int
delete_managed(struct exchange *x, struct error *err)
{
	struct audit_event event = event_of(x, "managed.removed", x->req->params[0]);
	struct managed managed;
	int rc;

	if ((rc = managed_load(x->api, x->req->params[0], &managed, err)) == 0 &&
	    (rc = check_match(x, &managed, err)) == 0)
		rc = store_managed_remove(x->api->store, managed.row.name,
		    x->req->if_match != NULL ? managed.row.revision : 0, &event, err);
	managed_clear(&managed);
	if (rc == 0)
		x->res->status = 204;
	return rc;
}

/* The definition beside the report is the one that was loaded: no report of a later one.
 */
static int
check_revision(
    const struct managed *managed, const struct managed_report *report, struct error *err)
{
	if (report->revision == managed->row.revision)
		return 0;
	return error_set(err, ERROR_CONFLICT,
	    "managed certificate %s was changed meanwhile: read it again",
	    managed->row.name);
}

/* What somebody asked for holds until there is another certificate. */
static int
keep_due(const struct managed *managed, struct managed_report *report, struct error *err)
{
	const char *due;

	if (report->sets_due ||
	    (report->outcome != NULL && strcmp(report->outcome, "renewed") == 0))
		return 0;
	if (json_text(managed->state, "due", false, &due, err) != 0)
		return -1;
	if (due != NULL && json_set(report->json, "due", json_make("s", due)) != 0)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

/* How an attempt ended, for the record, and for who watches the log. */
static const struct ending {
	const char *outcome, *action;
	enum outcome recorded;
} endings[] = {
	{ "renewed", "managed.renewed", OUTCOME_OK },
	{ "failed", "managed.failed", OUTCOME_FAILED },
	{ "rolled-back", "managed.rolled-back", OUTCOME_FAILED },
};

static const struct ending *
find_ending(const char *outcome)
{
	for (size_t i = 0; outcome != NULL && i < sizeof(endings) / sizeof(endings[0]);
	     i++)
		if (strcmp(endings[i].outcome, outcome) == 0)
			return &endings[i];
	return NULL;
}

static void
log_ending(const struct exchange *x, const char *name, const struct ending *ending,
    const struct managed_report *report)
{
	char why[LOG_QUOTED_MAX];

	if (ending->recorded == OUTCOME_OK)
		log_info("managed.renewed", "request=%s managed=%s serial=%s until=%s",
		    x->req->id, name, report->serial, report->not_after);
	else
		log_error("managed.failed", "request=%s managed=%s outcome=%s why=\"%s\"",
		    x->req->id, name, ending->outcome,
		    log_quoted(why, report->last_error));
}

static int
move_on(struct exchange *x, struct managed *managed, struct managed_report *report,
    struct error *err)
{
	const struct ending *ending = find_ending(report->outcome);
	struct audit_event event = event_of(x, NULL, managed->row.name);
	char detail[128];

	managed->row.revision = report->revision;
	json_free(managed->state);
	managed->state = report->json;
	report->json = NULL;
	if (ending == NULL)
		return store_change(x, managed, NULL, err);
	event.action = ending->action;
	event.outcome = ending->recorded;
	event.detail = report->last_error;
	if (ending->recorded == OUTCOME_OK) {
		snprintf(detail, sizeof(detail), "serial=%s until=%s", report->serial,
		    report->not_after);
		event.detail = detail;
	}
	if (store_change(x, managed, &event, err) != 0)
		return -1;
	log_ending(x, managed->row.name, ending, report);
	return 0;
}

/* Whether what is installed now is revoked, only the store knows. */
static int
respond_anew(struct exchange *x, struct managed *managed, struct error *err)
{
	managed_clear(managed);
	if (managed_load(x->api, x->req->params[0], managed, err) != 0)
		return -1;
	return managed_respond(x, 200, managed, err);
}

int
put_managed_state(struct exchange *x, struct error *err)
{
	struct managed_report report = { .json = NULL };
	struct managed managed;
	int rc;

	if ((rc = managed_load(x->api, x->req->params[0], &managed, err)) == 0 &&
	    (rc = managed_report_read(&x->req->body, &report, err)) == 0 &&
	    (rc = check_revision(&managed, &report, err)) == 0 &&
	    (rc = keep_due(&managed, &report, err)) == 0 &&
	    (rc = move_on(x, &managed, &report, err)) == 0)
		rc = respond_anew(x, &managed, err);
	managed_report_clear(&report);
	managed_clear(&managed);
	return rc;
}

static int
make_due(struct exchange *x, struct managed *managed, struct error *err)
{
	struct audit_event event = event_of(x, "managed.hastened", managed->row.name);

	event.detail = "";
	json_drop(managed->state, "next_attempt");
	if (managed_state_set_due(managed->state, clock_now_s()) != 0)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return store_change(x, managed, &event, err);
}

int
post_managed_renew(struct exchange *x, struct error *err)
{
	struct managed managed;
	int rc;

	if ((rc = managed_load(x->api, x->req->params[0], &managed, err)) == 0 &&
	    (rc = make_due(x, &managed, err)) == 0)
		rc = managed_respond(x, 200, &managed, err);
	managed_clear(&managed);
	return rc;
}
