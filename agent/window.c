/* window.c - asks, takes a time by chance, and asks again. */
#include "agent/window.h"

#include <string.h>

#include <openssl/rand.h>

#include "agent/outside.h"
#include "base/clock.h"
#include "base/log.h"

#define DAY_S    86400
#define FAILED_S 21600 /* RFC 9773 section 4.3.3 */
#define PART     10

bool
window_is_wanted(const struct entry *entry, int64_t now)
{
	const struct state *state = &entry->state;

	if (entry->issuer != NULL || state->step != STEP_IDLE ||
	    state->serial[0] == '\0' || now >= state->due)
		return false;
	/* Never more than a day ahead: what says so was written by another clock. */
	return now >= state->ask_window || state->ask_window - now > DAY_S;
}

/* RFC 9773 section 4.2: evenly, so that not all who are to renew do so at once. */
static int64_t
take_one(int64_t start, int64_t end)
{
	uint64_t number = 0;

	/* Without chance it is only the first. */
	if (RAND_bytes((unsigned char *)&number, sizeof(number)) != 1)
		number = 0;
	return start + (int64_t)(number % (uint64_t)(end - start + 1));
}

int
window_choose(const struct state *state, const struct acme_window *window, int64_t *due,
    struct error *err)
{
	const int64_t part = (state->not_after - state->not_before) / PART;
	const int64_t first = state->installed + (part < DAY_S ? part : DAY_S);
	const int64_t last = state->not_after - part;
	int64_t end = window->end < last ? window->end : last;

	if (window->start > last)
		return error_set(err, ERROR_INTERNAL,
		    "the server's window begins when the certificate is nearly over");
	if (state->due >= window->start && state->due <= end) {
		*due = state->due;
		return 0;
	}
	*due = take_one(window->start, end);
	if (*due < first)
		*due = first < last ? first : last;
	return 0;
}

static int
fetch(struct work *work, struct acme_window *window, struct error *err)
{
	struct buffer chain, der;
	int rc = -1;

	buf_init(&chain, 0);
	buf_init(&der, 0);
	if (place_read(&work->place, &chain, err) == 0 &&
	    leaf_write(buf_bytes(&chain), &der, err) == 0)
		rc = outside_window(work, buf_bytes(&der), window, err);
	buf_free(&chain);
	buf_free(&der);
	return rc;
}

/* What is here, and what is on record, may be another agent's matter. */
static bool
is_installed(const struct work *work)
{
	struct leaf leaf;
	struct error none;
	bool found;

	return work_installed(work, &leaf, &found, &none) == 0 && found &&
	       strcmp(leaf.serial, work->entry->state.serial) == 0;
}

static int
ask(struct work *work, int64_t *again_s, struct error *err)
{
	struct state *state = &work->entry->state;
	struct acme_window window;
	int64_t due;

	if (fetch(work, &window, err) != 0 ||
	    window_choose(state, &window, &due, err) != 0)
		return -1;
	*again_s = window.retry_after_s;
	state->sets_due = due != state->due;
	state->due = due;
	return 0;
}

int
window_ask(struct work *work, struct error *err)
{
	struct error why = { .code = ERROR_NONE };
	char quoted[LOG_QUOTED_MAX];
	int64_t again_s = FAILED_S;

	if (!is_installed(work))
		return 0;
	if (ask(work, &again_s, &why) != 0) {
		/* What was broken off says nothing. */
		if (agent_is_stopped())
			return 0;
		if (why.code == ERROR_UNSUPPORTED)
			again_s = DAY_S;
		else
			log_error("window.unknown", "managed=%s why=\"%s\"",
			    work->entry->name, log_quoted(quoted, why.text));
	}
	work->entry->state.ask_window = clock_now_s() + again_s;
	return work_report(work, NULL, err);
}
