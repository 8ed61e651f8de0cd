/*
 * managed_state.c - reads what an agent reports, and says when more is to be done.
 *
 * "due" stands in a state only where somebody set it: an operator who wants a renewal
 * now, or an ACME server that suggests a time. Else it follows from the certificate.
 */
#include "api/managed_state.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "api/json.h"
#include "api/managed_field.h"
#include "base/clock.h"
#include "base/text.h"

#define ATTEMPTS_MAX 1000000
#define ERROR_MAX    12288
#define SERIAL_MAX   40
#define JITTER_PART  10 /* of the time before the end */

static int
read_hex(const struct json_t *body, const char *member, size_t min, size_t max,
    const char **text, struct error *err)
{
	size_t len;

	if (json_text(body, member, false, text, err) != 0)
		return -1;
	if (*text == NULL)
		return 0;
	len = strlen(*text);
	if (len < min || len > max || strspn(*text, "0123456789abcdef") != len)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" is not %zu to %zu hex digits in lower case", member,
		    min, max);
	return 0;
}

/* *seconds is 0 when absent. */
static int
read_time(const struct json_t *body, const char *member, const char **text,
    int64_t *seconds, struct error *err)
{
	*seconds = 0;
	if (json_text(body, member, false, text, err) != 0)
		return -1;
	if (*text != NULL && clock_parse(*text, seconds) != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" is not like 2026-01-31T23:59:59Z", member);
	return 0;
}

/* The members of a state; what is NULL is not there. */
struct members {
	const char *step, *spki_sha256, *serial, *not_before, *not_after;
	const char *installed, *next_attempt, *last_error, *due, *ask_window, *outcome;
	int64_t attempts;
};

static int
read_certificate(const struct json_t *body, struct members *m, struct error *err)
{
	int64_t from, until;

	if (read_hex(body, "spki_sha256", 64, 64, &m->spki_sha256, err) != 0 ||
	    read_hex(body, "serial", 1, SERIAL_MAX, &m->serial, err) != 0 ||
	    read_time(body, "not_before", &m->not_before, &from, err) != 0 ||
	    read_time(body, "not_after", &m->not_after, &until, err) != 0)
		return -1;
	if ((m->not_before == NULL) != (m->not_after == NULL) ||
	    (m->serial == NULL) != (m->not_after == NULL))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"serial\", \"not_before\" and \"not_after\" go together");
	if (m->not_after != NULL && until <= from)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"not_after\" is not later than \"not_before\"");
	return 0;
}

static int
read_progress(const struct json_t *body, struct members *m, struct error *err)
{
	static const char *const steps[] = { "idle", "key", "issue", "install", "reload",
		"verify", "rollback", NULL };
	int64_t ignored;

	if (!json_has(body, "step"))
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: member \"step\" is missing");
	if (managed_choice(body, "step", steps, &m->step, err) != 0 ||
	    json_number(body, "attempts", 0, ATTEMPTS_MAX, 0, &m->attempts, err) != 0 ||
	    read_time(body, "installed", &m->installed, &ignored, err) != 0 ||
	    read_time(body, "next_attempt", &m->next_attempt, &ignored, err) != 0 ||
	    read_time(body, "due", &m->due, &ignored, err) != 0 ||
	    read_time(body, "ask_window", &m->ask_window, &ignored, err) != 0 ||
	    json_text(body, "last_error", false, &m->last_error, err) != 0)
		return -1;
	if (m->last_error != NULL && strlen(m->last_error) > ERROR_MAX)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"last_error\" is longer than %d bytes", ERROR_MAX);
	return 0;
}

static int
read_outcome(const struct json_t *body, struct members *m, struct error *err)
{
	static const char *const outcomes[] = { "renewed", "failed", "rolled-back",
		NULL };

	if (!json_has(body, "outcome"))
		return 0;
	if (managed_choice(body, "outcome", outcomes, &m->outcome, err) != 0)
		return -1;
	if (strcmp(m->outcome, "renewed") == 0 && m->serial == NULL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: outcome renewed goes with \"serial\" and the times");
	if (strcmp(m->outcome, "renewed") != 0 && m->last_error == NULL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: outcome %s goes with \"last_error\"", m->outcome);
	return 0;
}

static struct json_t *
compose(const struct members *m)
{
	return json_make("{s:s,s:s*,s:s*,s:s*,s:s*,s:s*,s:I,s:s*,s:s*,s:s*,s:s*}", "step",
	    m->step, "spki_sha256", m->spki_sha256, "serial", m->serial, "not_before",
	    m->not_before, "not_after", m->not_after, "installed", m->installed,
	    "attempts", (long long)m->attempts, "next_attempt", m->next_attempt,
	    "last_error", m->last_error, "due", m->due, "ask_window", m->ask_window);
}

int
managed_report_read(
    const struct bytes *body, struct managed_report *report, struct error *err)
{
	static const char *const known[] = { "revision", "step", "spki_sha256", "serial",
		"not_before", "not_after", "installed", "attempts", "next_attempt",
		"last_error", "due", "ask_window", "outcome", NULL };
	struct members m = { 0 };

	*report = (struct managed_report){ 0 };
	if (json_read(body, known, &report->body, err) != 0)
		return -1;
	if (!json_has(report->body, "revision"))
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: member \"revision\" is missing");
	if (json_number(
		report->body, "revision", 1, INT64_MAX, 0, &report->revision, err) != 0 ||
	    read_certificate(report->body, &m, err) != 0 ||
	    read_progress(report->body, &m, err) != 0 ||
	    read_outcome(report->body, &m, err) != 0)
		return -1;
	if ((report->json = compose(&m)) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	report->outcome = m.outcome;
	report->serial = m.serial;
	report->not_after = m.not_after;
	report->last_error = m.last_error;
	report->sets_due = m.due != NULL;
	return 0;
}

void
managed_report_clear(struct managed_report *report)
{
	json_free(report->json);
	json_free(report->body);
	*report = (struct managed_report){ 0 };
}

struct json_t *
managed_state_new(void)
{
	return json_make("{s:s,s:I}", "step", "idle", "attempts", 0LL);
}

int
managed_state_set_due(struct json_t *state, int64_t due)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(text, due);
	return json_set(state, "due", json_make("s", text));
}

/* 0 to most, evenly, and always the same of the same certificate. */
static int64_t
jitter(const char *name, const char *serial, int64_t most)
{
	char text[NAME_MAX_CHARS + SERIAL_MAX + sizeof(" ")];
	unsigned char hash[EVP_MAX_MD_SIZE];
	uint64_t number = 0;
	size_t len = 0;

	snprintf(text, sizeof(text), "%s %s", name, serial);
	if (EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), hash, &len) != 1)
		len = 0;
	for (size_t i = 0; i < len && i < sizeof(number); i++)
		number = number << 8 | hash[i];
	return (int64_t)(number % ((uint64_t)most + 1));
}

int64_t
managed_due(const char *name, const char *serial, const struct managed_life *life)
{
	int64_t lives = life->not_after - life->not_before;
	int64_t before = life->renew_before_s < lives ? life->renew_before_s : lives / 3;

	return life->not_after - before + jitter(name, serial, before / JITTER_PART);
}

/* 0 when absent. What the store has was checked. */
static int64_t
time_of(const struct json_t *state, const char *member)
{
	const char *text;
	int64_t seconds;
	struct error none;

	return read_time(state, member, &text, &seconds, &none) == 0 ? seconds : 0;
}

int64_t
managed_state_due(
    const struct json_t *definition, const struct json_t *state, int64_t created)
{
	struct managed_life life = { .not_before = time_of(state, "not_before"),
		.not_after = time_of(state, "not_after") };
	const char *name, *serial;
	int64_t due = time_of(state, "due");
	struct error none;

	if (due != 0)
		return due;
	if (life.not_after == 0 ||
	    json_text(definition, "name", true, &name, &none) != 0 ||
	    json_text(state, "serial", true, &serial, &none) != 0 ||
	    json_number(definition, "renew_before_s", 0, INT64_MAX, 0,
		&life.renew_before_s, &none) != 0)
		return created;
	/* Whoever decided how long it lives had no regard for when it is renewed. */
	if (!json_has(definition, "days") &&
	    life.renew_before_s > (life.not_after - life.not_before) / 3 * 2)
		life.renew_before_s = life.not_after - life.not_before;
	return managed_due(name, serial, &life);
}

int64_t
managed_state_not_after(const struct json_t *state)
{
	return time_of(state, "not_after");
}

int64_t
managed_state_attempts(const struct json_t *state)
{
	struct error none;
	int64_t attempts;

	if (json_number(state, "attempts", 0, ATTEMPTS_MAX, 0, &attempts, &none) != 0)
		return 0;
	return attempts;
}
