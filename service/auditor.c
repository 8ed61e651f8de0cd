/*
 * auditor.c - a chore that enters counts, and one that signs heads.
 *
 * What could not be entered is tried again soon: nothing is signed meanwhile. A head that
 * could not be signed is a matter of the token, and for the next time; counts never wait
 * for the token, which may hang.
 */
#include "service/auditor.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/audit_head.h"
#include "base/log.h"
#include "service/chore.h"

#define MINUTE_S 60
#define RETRY_S  2

struct auditor {
	struct api *api;
	int64_t interval_s; /* of heads; 0: none are signed */
	struct chore *counts, *heads;
	bool behind; /* of who counts: said so in the log */
	/* Of who signs heads. */
	bool started;
	bool tampered;
	struct audit_mark last;
};

/* What is not written anywhere else, then. */
static void
log_unrecorded(const char *action, const struct error *err)
{
	char quoted[LOG_QUOTED_MAX];

	log_error("audit.failed", "action=%s why=\"%s\"", action,
	    log_quoted(quoted, err->text));
}

int
auditor_note_login(struct store *store, const char *token, int rc, struct error *err)
{
	struct audit_event event = {
		.actor = AUDIT_SELF,
		.action = "token.login",
		.object = token,
	};
	struct error why;

	if (rc != 0) {
		event.detail = err->text;
		event.outcome = err->code == ERROR_PIN ? OUTCOME_REFUSED : OUTCOME_FAILED;
	}
	if (store_audit_append(store, &event, &why) == 0)
		return rc;
	if (rc == 0)
		return error_set(err, why.code, "%s", why.text);
	log_unrecorded(event.action, &why);
	return rc;
}

static int
enter_start(struct api *api, const struct config *config, struct error *err)
{
	char detail[160];
	const struct audit_event event = {
		.actor = AUDIT_SELF,
		.action = "daemon.started",
		.object = AUDIT_SELF,
		.detail = detail,
	};

	snprintf(detail, sizeof(detail), "version=%s config_sha256=%s", KEYHOLD_VERSION,
	    config->sha256);
	return store_audit_append(api->store, &event, err);
}

/* It goes on: what was signed stays, to show what was changed. */
static void
check_head(struct api *api)
{
	char quoted[LOG_QUOTED_MAX];
	struct error err;

	if (audit_head_check(api, &err) != 0)
		log_error("audit.tampered", "why=\"%s\"", log_quoted(quoted, err.text));
}

/* Nothing that comes after is vouched for. */
static void
note_tampering(struct auditor *a, const struct error *err)
{
	char quoted[LOG_QUOTED_MAX];
	const struct audit_event event = {
		.actor = AUDIT_SELF,
		.action = "audit.tampered",
		.object = "audit",
		.detail = err->text,
		.outcome = OUTCOME_FAILED,
	};
	struct error why;

	a->tampered = true;
	log_error("audit.tampered", "why=\"%s\"", log_quoted(quoted, err->text));
	if (store_audit_append(a->api->store, &event, &why) != 0)
		log_unrecorded(event.action, &why);
}

static void
sign_head(struct auditor *a)
{
	char quoted[LOG_QUOTED_MAX];
	struct error err;

	if (a->interval_s == 0 || a->tampered ||
	    audit_head_sign(a->api, &a->last, &err) == 0)
		return;
	if (err.code == ERROR_TAMPERED)
		note_tampering(a, &err);
	else
		log_error(
		    "audit.head-not-signed", "why=\"%s\"", log_quoted(quoted, err.text));
}

/* Said once, and once when it is over. */
static void
enter_counts(struct auditor *a)
{
	char quoted[LOG_QUOTED_MAX];
	struct error err;
	bool failed = recorder_enter(a->api->recorder, &err) != 0;

	if (failed && !a->behind)
		log_error("audit.behind", "why=\"%s\"", log_quoted(quoted, err.text));
	else if (!failed && a->behind)
		log_info("audit.caught-up", "why=\"%s\"",
		    "what was counted meanwhile is recorded");
	a->behind = failed;
}

static int64_t
count(void *ctx, int64_t now)
{
	struct auditor *a = ctx;

	enter_counts(a);
	return now + (a->behind ? RETRY_S : MINUTE_S);
}

static int64_t
sign(void *ctx, int64_t now)
{
	struct auditor *a = ctx;

	/* That of the start is signed. */
	if (a->started)
		sign_head(a);
	a->started = true;
	return now + a->interval_s;
}

static int
start_chores(struct auditor *a, struct error *err)
{
	if (chore_start(count, a, "auditor", &a->counts, err) != 0)
		return -1;
	if (a->interval_s == 0 ||
	    chore_start(sign, a, "signer of heads", &a->heads, err) == 0)
		return 0;
	chore_stop(a->counts);
	return -1;
}

int
auditor_start(struct api *api, const struct config *config, struct auditor **auditor,
    struct error *err)
{
	struct auditor *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	a->api = api;
	a->interval_s = config->audit_head_interval_s;
	check_head(api);
	if (enter_start(api, config, err) != 0) {
		free(a);
		return -1;
	}
	sign_head(a);
	if (start_chores(a, err) != 0) {
		free(a);
		return -1;
	}
	*auditor = a;
	return 0;
}

static void
enter_stop(struct auditor *a, bool drained)
{
	const struct audit_event event = {
		.actor = AUDIT_SELF,
		.action = "daemon.stopped",
		.object = AUDIT_SELF,
		.detail = drained ? "requests_finished=yes" : "requests_finished=no",
	};
	struct error err;

	if (store_audit_append(a->api->store, &event, &err) != 0)
		log_unrecorded(event.action, &err);
}

void
auditor_stop(struct auditor *auditor, bool drained)
{
	if (auditor == NULL)
		return;
	chore_stop(auditor->counts);
	enter_counts(auditor);
	enter_stop(auditor, drained);
	chore_stop(auditor->heads);
	sign_head(auditor);
	free(auditor);
}
