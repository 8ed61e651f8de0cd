/* recorder.c - counts and entries. */
#include "api/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "api/peerhash.h"
#include "api/problem.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/audit.h"

#define MINUTE_MS 60000
#define TEXT_SIZE 320 /* of a detail, and of a target */
/* A batch has room for all that there is: nobody's counts keep out another's. */
#define TALLIES   3
#define LINES_MAX ((size_t)TALLIES * (TALLY_ENTRIES_MAX + OUTCOMES))

int
recorder_new(
    struct store *store, bool each, struct recorder **recorder, struct error *err)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	r->store = store;
	r->each = each;
	if (RAND_bytes((unsigned char *)&r->seed, sizeof(r->seed)) != 1) {
		error_set_openssl(err, ERROR_INTERNAL, "random bytes");
		goto fail;
	}
	if (tally_new(&r->signatures, err) != 0 ||
	    tally_new(&r->known.counts, err) != 0 ||
	    tally_new(&r->strangers.counts, err) != 0)
		goto fail;
	*recorder = r;
	return 0;
fail:
	recorder_free(r);
	return -1;
}

void
recorder_free(struct recorder *recorder)
{
	if (recorder == NULL)
		return;
	tally_free(recorder->signatures);
	tally_free(recorder->known.counts);
	tally_free(recorder->strangers.counts);
	free(recorder);
}

int
recorder_admit(const struct recorder *recorder, struct error *err)
{
	if (recorder->each ||
	    !atomic_load_explicit(&recorder->behind, memory_order_relaxed))
		return 0;
	return error_set(err, ERROR_UNRECORDED,
	    "the signatures of the last minutes could not be recorded");
}

static void
log_unrecorded(const char *request, const char *action, const struct error *why)
{
	char quoted[LOG_QUOTED_MAX];

	log_error("audit.failed", "request=%s action=%s why=\"%s\"", request, action,
	    log_quoted(quoted, why->text));
}

static int
enter_use(struct recorder *recorder, const struct recorder_use *use, enum outcome outcome,
    struct error *err)
{
	char detail[96];
	const struct audit_event event = {
		.actor = use->actor,
		.request = use->request,
		.action = use->action,
		.object = use->key,
		.detail = detail,
		.outcome = outcome,
	};
	int rc;

	snprintf(detail, sizeof(detail), "scheme=%s", use->scheme);
	rc = store_audit_append(recorder->store, &event, err);
	atomic_store(&recorder->behind, rc != 0);
	if (rc != 0)
		log_unrecorded(use->request, use->action, err);
	return rc;
}

int
recorder_note(
    struct recorder *recorder, const struct recorder_use *use, int rc, struct error *err)
{
	enum outcome outcome = OUTCOME_OK;
	struct error why;

	if (rc != 0)
		outcome =
		    problem_status(err->code) < 500 ? OUTCOME_REFUSED : OUTCOME_FAILED;
	/* Who may not is in the record by the answer that it gets. */
	if (recorder->each && (rc == 0 || err->code != ERROR_FORBIDDEN) &&
	    enter_use(recorder, use, outcome, &why) != 0 && rc == 0) {
		/* It is made, and does not leave without its entry. */
		rc = error_set(
		    err, ERROR_UNRECORDED, "the signature could not be recorded");
		outcome = OUTCOME_FAILED;
	}
	tally_add(recorder->signatures, use->actor, use->key, use->scheme, outcome);
	return rc;
}

static bool
may_enter(struct recorder_refusals *refusals, uint64_t peer)
{
	atomic_ullong *place = &refusals->entered[peer % RECORDER_PEERS];
	unsigned long long minute = (unsigned long long)(clock_mono_ms() / MINUTE_MS);
	unsigned long long was = atomic_load(place), is;

	do {
		is = was / 256 == minute ? was + 1 : minute * 256 + 1;
		if (is % 256 > RECORDER_REFUSALS)
			return false;
	} while (!atomic_compare_exchange_weak(place, &was, is));
	return true;
}

/* What a client wrote, as JSON and a terminal can show it. */
static void
copy_visible(char out[static TEXT_SIZE], const char *text)
{
	size_t i;

	for (i = 0; i + 1 < TEXT_SIZE && text[i] != '\0'; i++)
		out[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	out[i] = '\0';
}

void
recorder_refuse(struct recorder *recorder, const struct recorder_refusal *refusal)
{
	char target[TEXT_SIZE], why[TEXT_SIZE], detail[2 * TEXT_SIZE];
	const struct audit_event event = {
		.actor = refusal->actor,
		.request = refusal->request,
		.action = refusal->outcome == OUTCOME_REFUSED ? "request.refused"
							      : "request.failed",
		.object = target,
		.detail = detail,
		.outcome = refusal->outcome,
	};
	struct recorder_refusals *kin =
	    refusal->stranger ? &recorder->strangers : &recorder->known;
	struct error err;

	if (!may_enter(kin, peerhash_of_actor(recorder->seed, refusal->actor))) {
		tally_add(kin->counts, refusal->actor, refusal->path, refusal->method,
		    refusal->outcome);
		return;
	}
	copy_visible(target, refusal->target);
	copy_visible(why, refusal->why);
	snprintf(detail, sizeof(detail), "method=%s why=%s", refusal->method, why);
	if (store_audit_append(recorder->store, &event, &err) != 0)
		log_unrecorded(refusal->request, event.action, &err);
}

/* A minute's worth. */
struct batch {
	struct audit_event *events;
	struct line {
		char detail[96];
		struct tally_entry *entry;
		unsigned long long count;
	} * lines;
	const char *action, *label;
	size_t count, max;
};

static int
add_line(void *ctx, struct tally_entry *entry)
{
	struct batch *batch = ctx;
	unsigned long long count = atomic_load(&entry->count);
	struct line *line = &batch->lines[batch->count];

	if (count == entry->entered)
		return 0;
	if (batch->count == batch->max)
		return 1;
	line->entry = entry;
	line->count = count;
	snprintf(line->detail, sizeof(line->detail), "%s=%s count=%llu", batch->label,
	    entry->scheme, count - entry->entered);
	batch->events[batch->count++] = (struct audit_event){
		.actor = entry->actor,
		.action = batch->action,
		.object = entry->key,
		.detail = line->detail,
		.outcome = entry->outcome,
	};
	return 0;
}

static int
enter_batch(struct recorder *recorder, struct batch *batch, struct error *err)
{
	if (!recorder->each) {
		batch->action = "signatures.counted";
		batch->label = "scheme";
		tally_each(recorder->signatures, add_line, batch);
	}
	batch->action = "requests.counted";
	batch->label = "method";
	tally_each(recorder->known.counts, add_line, batch);
	tally_each(recorder->strangers.counts, add_line, batch);
	if (batch->count > 0 && store_audit_append_all(recorder->store, batch->events,
				    batch->count, err) != 0)
		return -1;
	for (size_t i = 0; i < batch->count; i++)
		batch->lines[i].entry->entered = batch->lines[i].count;
	return 0;
}

int
recorder_enter(struct recorder *recorder, struct error *err)
{
	struct batch batch = { .max = LINES_MAX };
	int rc = -1;

	batch.events = calloc(batch.max, sizeof(*batch.events));
	batch.lines = calloc(batch.max, sizeof(*batch.lines));
	if (batch.events == NULL || batch.lines == NULL)
		error_set(err, ERROR_INTERNAL, "out of memory");
	else
		rc = enter_batch(recorder, &batch, err);
	free(batch.events);
	free(batch.lines);
	/* That there was nothing to enter does not say that it could be. */
	if (rc != 0 || batch.count > 0 || !recorder->each)
		atomic_store(&recorder->behind, rc != 0);
	return rc;
}
