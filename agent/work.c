/*
 * work.c - the steps of a renewal, one after another, each put on record before the next.
 *
 * A step that fails is tried again after a pause, from where it stands. From the moment
 * that files have changed, a failure brings back what was there before, if anything was:
 * then the next attempt begins at the beginning, with the key that was made already.
 */
#include "agent/work.h"

#include "agent/alert.h"
#include "agent/ask.h"
#include "agent/pause.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "rest/rest.h"
#include "rest/url.h"

/* Between two renewals: no mistake in a definition, or in an answer, is to make more. */
#define LEAST_S 600

/* As a server asks; a pause of a day would be taken for one of a wrong clock. */
#define WAIT_MAX_S (23 * 3600)

static int
begin_step(struct work *work, struct error *err)
{
	(void)err;
	work->entry->state.step = STEP_KEY;
	return 0;
}

static int (*const steps[])(struct work *work, struct error *err) = {
	[STEP_IDLE] = begin_step,
	[STEP_KEY] = key_step,
	[STEP_ISSUE] = issue_step,
	[STEP_INSTALL] = install_step,
	[STEP_RELOAD] = reload_step,
	[STEP_VERIFY] = verify_step,
	[STEP_ROLLBACK] = rollback_step,
};

int
work_report(struct work *work, const char *outcome, struct error *err)
{
	struct entry *entry = work->entry;
	const struct ask_request request = { .method = "PUT", .path = NULL };
	struct ask_request put = request;
	char url[URL_MAX];
	json_t *answer = NULL;

	put.path = url;
	if (url_managed(url, entry->name, "/state", err) != 0 ||
	    ask_send(work->agent, &put, entry_report(entry, outcome), err) != 0 ||
	    rest_answer(work->agent->rest, &answer, err) != 0)
		return -1;
	entry->state.revision = (int64_t)json_integer_value(
	    json_object_get(json_object_get(answer, "state"), "revision"));
	entry->state.sets_due = false;
	json_decref(answer);
	return 0;
}

/* For a person, and for a program that only looks at the first line. */
static void
keep_reason(struct work *work, const struct error *why)
{
	const struct buffer *detail = &work->agent->detail;
	struct buffer text;

	buf_init(&text, 0);
	buf_text(&text, why->text);
	if (detail->len > 0)
		buf_printf(&text, "\n%s", buf_string(detail));
	entry_set_error(work->entry, buf_string(&text));
	buf_free(&text);
}

static int
report_trouble(struct work *work, const char *outcome, struct error *err)
{
	if (work_report(work, outcome, err) != 0)
		return -1;
	alert_run(work->agent, work->entry, outcome);
	return 0;
}

static void
pause_work(struct work *work)
{
	struct state *state = &work->entry->state;
	int64_t now = clock_now_s(), pause;
	const int64_t wanted =
	    work->retry_after_s < WAIT_MAX_S ? work->retry_after_s : WAIT_MAX_S;

	state->attempts++;
	pause = pause_after(state->attempts, state->not_after - now);
	state->next_attempt = now + (pause > wanted ? pause : wanted);
}

static int
fail(struct work *work, const struct error *why, struct error *err)
{
	struct entry *entry = work->entry;
	char quoted[LOG_QUOTED_MAX];

	pause_work(work);
	log_error("managed.failed", "managed=%s step=%s attempts=%lld why=\"%s\"",
	    entry->name, step_name(entry->state.step), (long long)entry->state.attempts,
	    log_quoted(quoted, why->text));
	/* The key may be what is refused, or gone: step key takes what there is then. And
	 * a server that does not show what is there may not have heard of it. */
	if (entry->state.step == STEP_ISSUE)
		entry->state.step = STEP_KEY;
	else if (entry->state.step == STEP_VERIFY)
		entry->state.step = STEP_RELOAD;
	return report_trouble(work, "failed", err);
}

int
work_refuse(struct work *work, const struct error *why, struct error *err)
{
	buf_reset(&work->agent->detail);
	keep_reason(work, why);
	return fail(work, why, err);
}

static bool
waits_for_server(const struct state *state)
{
	return state->step == STEP_RELOAD || state->step == STEP_VERIFY;
}

/* What is installed, and no server has taken up so far: is it to be renewed itself? */
static bool
is_outdated(const struct state *state)
{
	const int64_t now = clock_now_s();
	const int64_t lives = state->not_after - state->not_before;

	return now >= state->not_after - lives / 3 ||
	       (state->due > state->installed && now >= state->due);
}

static int
end_rollback(struct work *work, struct error *err)
{
	const struct entry *entry = work->entry;
	char quoted[LOG_QUOTED_MAX];

	pause_work(work);
	log_error("managed.rolled-back", "managed=%s serial=%s why=\"%s\"", entry->name,
	    entry->state.serial,
	    log_quoted(
		quoted, entry->state.last_error != NULL ? entry->state.last_error : ""));
	return report_trouble(work, "rolled-back", err);
}

static int
end_renewal(struct work *work, struct error *err)
{
	struct state *state = &work->entry->state;
	char until[CLOCK_TEXT_SIZE];

	state->attempts = 0;
	state->ask_window = 0;
	state->next_attempt = clock_now_s() + LEAST_S;
	entry_set_error(work->entry, NULL);
	clock_format(until, state->not_after);
	log_info("managed.renewed", "managed=%s serial=%s until=%s", work->entry->name,
	    state->serial, until);
	return work_report(work, "renewed", err);
}

/* After a step that failed: back, if there is something to go back to; else a pause. */
static int
give_up(struct work *work, const struct error *why, bool *ended, struct error *err)
{
	struct state *state = &work->entry->state;

	keep_reason(work, why);
	*ended = !waits_for_server(state) || !work_has_way_back(work);
	if (*ended)
		return fail(work, why, err);
	state->step = STEP_ROLLBACK;
	return work_report(work, NULL, err);
}

/* One step; *ended when it was the last for now. */
static int
take_step(struct work *work, bool *ended, struct error *err)
{
	struct state *state = &work->entry->state;
	enum step step = state->step;
	struct error why = { .code = ERROR_NONE };

	buf_reset(&work->agent->detail);
	work->retry_after_s = 0;
	if (steps[step](work, &why) != 0) {
		/* An order that was broken off is no failure. */
		*ended = step == STEP_ISSUE && agent_is_stopped();
		return *ended ? 0 : give_up(work, &why, ended, err);
	}
	*ended = state->step == STEP_IDLE;
	if (!*ended)
		return work_report(work, NULL, err);
	return step == STEP_ROLLBACK ? end_rollback(work, err) : end_renewal(work, err);
}

int
work_go_on(struct work *work, struct error *err)
{
	struct state *state = &work->entry->state;
	bool ended = false;

	if (waits_for_server(state) && is_outdated(state) && !work_has_way_back(work))
		state->step = STEP_KEY;
	while (!ended && !agent_is_stopped())
		if (take_step(work, &ended, err) != 0)
			return -1;
	place_tidy(&work->place);
	return 0;
}
