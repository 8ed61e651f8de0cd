/*
 * auditor.c - sleeps until counts are to be entered or a head is to be signed.
 *
 * What could not be entered is tried again soon: nothing is signed meanwhile. A head that
 * could not be signed is a matter of the token, and for the next time.
 */
#include "service/auditor.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "api/audit_head.h"
#include "base/clock.h"
#include "base/log.h"

#define MINUTE_MS 60000
#define RETRY_MS  2000

struct auditor {
	struct api *api;
	int64_t interval_ms; /* of heads; 0: none are signed */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* waits by CLOCK_MONOTONIC */
	bool stopping;          /* guarded by lock */
	bool behind;            /* the thread's: said so in the log */
	int64_t counts_at_ms, head_at_ms;
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
auditor_note_login(
    struct store *store, const struct config *config, int rc, struct error *err)
{
	struct audit_event event = {
		.actor = AUDITOR_ACTOR,
		.action = "token.login",
		.object = config->label != NULL ? config->label : config->serial,
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
		.actor = AUDITOR_ACTOR,
		.action = "daemon.started",
		.object = AUDITOR_ACTOR,
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

static void
sign_head(struct auditor *a)
{
	char quoted[LOG_QUOTED_MAX];
	struct error err;

	if (a->interval_ms > 0 && audit_head_sign(a->api, &err) != 0)
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

static void
do_what_is_due(struct auditor *a)
{
	int64_t now = clock_mono_ms();

	if (now >= a->counts_at_ms) {
		enter_counts(a);
		a->counts_at_ms = now + (a->behind ? RETRY_MS : MINUTE_MS);
	}
	if (a->interval_ms > 0 && now >= a->head_at_ms) {
		sign_head(a);
		a->head_at_ms = now + a->interval_ms;
	}
}

/* With the lock held. */
static void
wait_for_next(struct auditor *a)
{
	int64_t next = a->counts_at_ms;
	struct timespec deadline;
	int rc = 0;

	if (a->interval_ms > 0 && a->head_at_ms < next)
		next = a->head_at_ms;
	deadline = (struct timespec){ .tv_sec = (time_t)(next / 1000),
		.tv_nsec = (long)(next % 1000) * 1000000 };
	while (!a->stopping && rc == 0)
		rc = pthread_cond_timedwait(&a->changed, &a->lock, &deadline);
}

static void
lock(struct auditor *a)
{
	if (pthread_mutex_lock(&a->lock) != 0)
		abort();
}

static void
unlock(struct auditor *a)
{
	if (pthread_mutex_unlock(&a->lock) != 0)
		abort();
}

static void *
run(void *ctx)
{
	struct auditor *a = ctx;

	lock(a);
	while (!a->stopping) {
		wait_for_next(a);
		unlock(a);
		do_what_is_due(a);
		lock(a);
	}
	unlock(a);
	return NULL;
}

static int
start_thread(struct auditor *a, struct error *err)
{
	pthread_condattr_t attributes;

	a->counts_at_ms = clock_mono_ms() + MINUTE_MS;
	a->head_at_ms = clock_mono_ms() + a->interval_ms;
	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&a->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&a->thread, NULL, run, a) == 0)
		return 0;
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	return error_set(err, ERROR_INTERNAL, "no thread for the auditor");
}

int
auditor_start(struct api *api, const struct config *config, struct auditor **auditor,
    struct error *err)
{
	struct auditor *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	a->api = api;
	a->interval_ms = (int64_t)config->audit_head_interval_s * 1000;
	check_head(api);
	if (enter_start(api, config, err) != 0) {
		free(a);
		return -1;
	}
	sign_head(a);
	if (start_thread(a, err) != 0) {
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
		.actor = AUDITOR_ACTOR,
		.action = "daemon.stopped",
		.object = AUDITOR_ACTOR,
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
	lock(auditor);
	auditor->stopping = true;
	pthread_cond_signal(&auditor->changed);
	unlock(auditor);
	pthread_join(auditor->thread, NULL);
	enter_counts(auditor);
	enter_stop(auditor, drained);
	sign_head(auditor);
	pthread_cond_destroy(&auditor->changed);
	pthread_mutex_destroy(&auditor->lock);
	free(auditor);
}
