/* round.c - looks at everything that is managed, and works on what is due. */
#include <signal.h>
#include <time.h>

#include "agent/ask.h"
#include "agent/window.h"
#include "agent/work.h"
#include "base/clock.h"
#include "base/log.h"

#define DETAIL_MAX  8192
#define SHORTEST_MS 100 /* between two rounds, of the world's clock */

static sigset_t
stopping(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	return signals;
}

void
agent_init(struct agent *agent, struct rest *rest)
{
	const sigset_t signals = stopping();

	*agent = (struct agent){ .rest = rest };
	buf_init(&agent->detail, DETAIL_MAX);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

bool
agent_is_stopped(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) == 1 ||
						sigismember(&pending, SIGINT) == 1);
}

void
agent_clear(struct agent *agent)
{
	buf_free(&agent->detail);
}

/* What is asked of the daemon once in a pass, if at all, and what became of each. */
struct round {
	struct agent *agent;
	json_t *keys;     /* NULL: not yet */
	json_t *verdicts; /* by name: whether it failed */
	bool works;       /* the last one took its time: it was due, or a server asked */
};

/* All times are of the daemon's clock, whatever this machine's says. */
static int
set_clock(struct agent *agent, struct error *err)
{
	json_t *answer = NULL;
	const char *now;
	int64_t seconds, rate;
	int rc = -1;

	if (ask_json(agent, "/v1/clock", &answer, err) != 0)
		return -1;
	now = json_string_value(json_object_get(answer, "now"));
	rate = (int64_t)json_integer_value(json_object_get(answer, "rate"));
	if (now == NULL || clock_parse(now, &seconds) != 0 || rate < 1 ||
	    rate > CLOCK_RATE_MAX)
		error_set(err, ERROR_INTERNAL, "keyholdd does not say what time it is");
	else
		rc = 0;
	if (rc == 0)
		clock_rehearse(rate, seconds);
	json_decref(answer);
	return rc;
}

static bool
has_old_keys(const struct entry *entry)
{
	const struct state *state = &entry->state;

	return entry->destroy_old_keys && state->step == STEP_IDLE &&
	       state->installed != 0 &&
	       state->installed + entry->grace_s <= clock_now_s();
}

static int
destroy_old(struct round *round, struct work *work, struct error *err)
{
	if (round->keys == NULL &&
	    ask_json(round->agent, "/v1/keys", &round->keys, err) != 0)
		return -1;
	return key_destroy_old(work, json_object_get(round->keys, "keys"), err);
}

/* Nothing to begin is no failure for who has only a question. */
static int
refuse_place(struct work *work, const struct error *why, struct error *err)
{
	const struct entry *entry = work->entry;

	*err = *why;
	if (!entry_is_due(entry, clock_now_s()))
		return has_old_keys(entry) ? -1 : 0;
	/* Whoever is at work there reports. */
	return why->code != ERROR_BUSY ? work_refuse(work, why, err) : -1;
}

static int
work_on(struct round *round, struct entry *entry, struct error *err)
{
	struct work work = { .agent = round->agent, .entry = entry };
	const int64_t asked = entry->state.ask_window;
	struct error why;
	bool due;
	int rc = 0;

	if (place_open(&work.place, &entry->place, &why) != 0)
		return refuse_place(&work, &why, err);
	if (window_is_wanted(entry, clock_now_s()))
		rc = window_ask(&work, err);
	/* By the window, perhaps. */
	due = rc == 0 && entry_is_due(entry, clock_now_s());
	round->works = due || entry->state.ask_window != asked;
	if (due)
		rc = work_go_on(&work, err);
	else if (rc == 0 && has_old_keys(entry))
		rc = destroy_old(round, &work, err);
	place_close(&work.place);
	return rc;
}

static bool
is_wanted(const struct entry *entry)
{
	int64_t now = clock_now_s();

	return entry_is_due(entry, now) || window_is_wanted(entry, now) ||
	       has_old_keys(entry);
}

static void
tell_waiting(const struct entry *entry)
{
	const struct state *state = &entry->state;
	char until[CLOCK_TEXT_SIZE], quoted[LOG_QUOTED_MAX];

	if (!entry_is_waiting(entry, clock_now_s()))
		return;
	clock_format(until, state->next_attempt);
	log_info("managed.waits", "managed=%s until=%s why=\"%s\"", entry->name, until,
	    log_quoted(quoted, state->last_error != NULL ? state->last_error : ""));
}

static void
visit(struct round *round, const char *name, const json_t *json)
{
	struct error err = { .code = ERROR_NONE };
	char quoted[LOG_QUOTED_MAX];
	struct entry entry;
	int rc = entry_read(json, &entry, &err);

	round->works = false;
	if (rc == 0 && round->agent->tells_waiting &&
	    json_object_get(round->verdicts, name) == NULL)
		tell_waiting(&entry);
	if (rc == 0 && is_wanted(&entry))
		rc = work_on(round, &entry, &err);
	if (rc != 0)
		log_error("managed.left", "managed=%s why=\"%s\"",
		    entry.name != NULL ? entry.name : "?", log_quoted(quoted, err.text));
	json_object_set_new(
	    round->verdicts, name, json_boolean(rc != 0 || entry.state.attempts > 0));
	entry_clear(&entry);
}

static const char *
name_of(const json_t *entry)
{
	const char *name = json_string_value(json_object_get(entry, "name"));

	return name != NULL ? name : "?";
}

static bool
is_outside(const json_t *entry)
{
	return json_object_get(json_object_get(entry, "source"), "acme") != NULL;
}

/*
 * All of this daemon's own, and then those of outside servers, as far as the first that
 * is due or has its server asked: an order may take a quarter of an hour, and a server
 * that hangs a minute and more, and whatever has come due meanwhile does not wait for the
 * next one. *more tells of that.
 */
static void
visit_all(struct round *round, const json_t *list, bool *more)
{
	const json_t *entry;
	size_t i;

	*more = false;
	json_array_foreach (list, i, entry) {
		if (agent_is_stopped())
			return;
		if (!is_outside(entry))
			visit(round, name_of(entry), entry);
	}
	json_array_foreach (list, i, entry) {
		if (*more || agent_is_stopped())
			return;
		if (!is_outside(entry) ||
		    json_object_get(round->verdicts, name_of(entry)) != NULL)
			continue;
		visit(round, name_of(entry), entry);
		*more = round->works;
	}
}

static int
pass(struct round *round, bool *more, struct error *err)
{
	json_t *answer = NULL;

	if (set_clock(round->agent, err) != 0 ||
	    ask_json(round->agent, "/v1/managed", &answer, err) != 0)
		return -1;
	visit_all(round, json_object_get(answer, "managed"), more);
	json_decref(answer);
	json_decref(round->keys);
	round->keys = NULL;
	return 0;
}

int
agent_round(struct agent *agent, unsigned *failures, struct error *err)
{
	struct round round = { .agent = agent, .verdicts = json_object() };
	bool more;
	const char *name;
	json_t *failed;
	int rc;

	if (round.verdicts == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	do {
		rc = pass(&round, &more, err);
	} while (rc == 0 && more && !agent_is_stopped());
	*failures = 0;
	json_object_foreach (round.verdicts, name, failed) {
		if (json_is_true(failed))
			++*failures;
	}
	json_decref(round.verdicts);
	return rc;
}

/* Whether a signal ended it. */
static bool
rest_for(int64_t interval_s)
{
	int64_t ms = interval_s * 1000 / clock_rate();
	const sigset_t signals = stopping();
	struct timespec time;

	if (ms < SHORTEST_MS)
		ms = SHORTEST_MS;
	time = (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
	/* Taken here, and so not pending any more. */
	return sigtimedwait(&signals, NULL, &time) > 0;
}

void
agent_run(struct agent *agent, int64_t interval_s)
{
	char quoted[LOG_QUOTED_MAX];
	struct error err;
	unsigned failures;

	log_info("agent.started", "version=%s interval_s=%lld", KEYHOLD_VERSION,
	    (long long)interval_s);
	do {
		if (agent_round(agent, &failures, &err) != 0)
			log_error(
			    "round.failed", "why=\"%s\"", log_quoted(quoted, err.text));
	} while (!rest_for(interval_s));
	log_info("agent.stopped", "version=%s", KEYHOLD_VERSION);
}
