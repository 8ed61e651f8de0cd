/* alert.c - what happened, as the arguments of a program. */
#include "agent/alert.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/program.h"

#define TIMEOUT_MS 30000
#define OUTPUT_MAX 4096

static void
run(const struct program *program, const char *name)
{
	char quoted[LOG_QUOTED_MAX];
	struct buffer said;
	struct error err;

	buf_init(&said, OUTPUT_MAX);
	if (program_run(program, &said, &err) != 0)
		log_error("alert.failed", "managed=%s why=\"%s\"", name,
		    log_quoted(quoted, err.text));
	if (said.len > 0)
		log_info("alert.spoke", "managed=%s said=\"%s\"", name,
		    log_quoted(quoted, buf_string(&said)));
	buf_free(&said);
}

void
alert_run(const struct agent *agent, const struct entry *entry, const char *outcome)
{
	const struct state *state = &entry->state;
	const char *why = state->last_error != NULL ? state->last_error : "";
	char attempts[24], until[CLOCK_TEXT_SIZE] = "";
	const char *const argv[] = { agent->alert, entry->name, outcome, attempts, until,
		why, NULL };
	const struct program program = { .argv = argv, .timeout_ms = TIMEOUT_MS };

	if (agent->alert == NULL)
		return;
	snprintf(attempts, sizeof(attempts), "%lld", (long long)state->attempts);
	if (state->not_after != 0)
		clock_format(until, state->not_after);
	run(&program, entry->name);
}
