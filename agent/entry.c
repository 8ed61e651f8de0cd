/* entry.c - reads an entry, and writes its state. */
#include "agent/entry.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define DAY_S 86400

static const char *const step_names[] = {
	[STEP_IDLE] = "idle",
	[STEP_KEY] = "key",
	[STEP_ISSUE] = "issue",
	[STEP_INSTALL] = "install",
	[STEP_RELOAD] = "reload",
	[STEP_VERIFY] = "verify",
	[STEP_ROLLBACK] = "rollback",
};

#define STEP_COUNT (sizeof(step_names) / sizeof(step_names[0]))

const char *
step_name(enum step step)
{
	return step_names[step];
}

static const char *
text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static int64_t
number_of(const json_t *object, const char *member)
{
	return (int64_t)json_integer_value(json_object_get(object, member));
}

/* 0 when absent. */
static int64_t
time_of(const json_t *object, const char *member)
{
	const char *text = text_of(object, member);
	int64_t seconds;

	return text != NULL && clock_parse(text, &seconds) == 0 ? seconds : 0;
}

static int
misread(const char *what, struct error *err)
{
	return error_set(err, ERROR_INTERNAL,
	    "keyholdd's record has no %s that this version, " KEYHOLD_VERSION
	    ", understands",
	    what);
}

static int
copy(char *out, size_t size, const json_t *object, const char *member, struct error *err)
{
	const char *text = text_of(object, member);

	out[0] = '\0';
	return text == NULL || text_copy(out, size, text) == 0 ? 0 : misread(member, err);
}

static int
read_step(const json_t *json, enum step *step, struct error *err)
{
	const char *name = text_of(json, "step");

	for (size_t i = 0; name != NULL && i < STEP_COUNT; i++)
		if (strcmp(step_names[i], name) == 0) {
			*step = (enum step)i;
			return 0;
		}
	return misread("step", err);
}

static int
read_state(const json_t *json, struct state *state, struct error *err)
{
	const char *last_error = text_of(json, "last_error");

	if (read_step(json, &state->step, err) != 0 ||
	    copy(state->spki_sha256, sizeof(state->spki_sha256), json, "spki_sha256",
		err) != 0 ||
	    copy(state->serial, sizeof(state->serial), json, "serial", err) != 0)
		return -1;
	state->revision = number_of(json, "revision");
	state->not_before = time_of(json, "not_before");
	state->not_after = time_of(json, "not_after");
	state->installed = time_of(json, "installed");
	state->attempts = number_of(json, "attempts");
	state->next_attempt = time_of(json, "next_attempt");
	state->due = time_of(json, "due");
	state->ask_window = time_of(json, "ask_window");
	state->last_error = last_error != NULL ? strdup(last_error) : NULL;
	return 0;
}

static int
read_place(const json_t *json, struct place_options *place, struct error *err)
{
	const char *mode = text_of(json, "mode");
	char *end;

	if (mode == NULL)
		return misread("mode", err);
	place->mode = (mode_t)strtoul(mode, &end, 8);
	if (*end != '\0' || (place->mode & ~(mode_t)0777) != 0)
		return misread("mode", err);
	place->name = text_of(json, "name");
	place->directory = text_of(json, "directory");
	place->owner = text_of(json, "owner");
	place->group = text_of(json, "group");
	return place->directory != NULL ? 0 : misread("directory", err);
}

static int
read_hook(const json_t *json, struct hook *hook, struct error *err)
{
	const json_t *object = json_object_get(json, "hook");
	int64_t timeout_s = number_of(object, "timeout_s");

	if (object == NULL)
		return 0;
	hook->argv = json_object_get(object, "argv");
	hook->shell = text_of(object, "shell");
	hook->user = text_of(object, "user");
	if ((json_array_size(hook->argv) > 0) == (hook->shell != NULL) ||
	    timeout_s <= 0 || timeout_s > DAY_S)
		return misread("hook", err);
	hook->timeout_s = (int)timeout_s;
	return 0;
}

int
entry_read(const json_t *json, struct entry *entry, struct error *err)
{
	*entry = (struct entry){ .name = text_of(json, "name"),
		.names = json_object_get(json, "names"),
		.source = json_object_get(json, "source"),
		.key_type = text_of(json, "key_type"),
		.new_key = text_of(json, "new_key"),
		.days = number_of(json, "days"),
		.renew_before_s = number_of(json, "renew_before_s"),
		.verify = text_of(json, "verify"),
		.verify_name = text_of(json, "verify_name"),
		.grace_s = number_of(json, "grace_s"),
		.destroy_old_keys =
		    json_is_true(json_object_get(json, "destroy_old_keys")) };
	entry->issuer = text_of(entry->source, "issuer");
	entry->profile = text_of(entry->source, "profile");
	if (entry->name == NULL || !name_is_valid(entry->name))
		return misread("name", err);
	if (json_array_size(entry->names) == 0 || entry->key_type == NULL ||
	    entry->new_key == NULL || !json_is_object(entry->source))
		return misread("definition", err);
	if (read_place(json, &entry->place, err) != 0 ||
	    read_hook(json, &entry->hook, err) != 0)
		return -1;
	return read_state(json_object_get(json, "state"), &entry->state, err);
}

void
entry_clear(struct entry *entry)
{
	entry_set_error(entry, NULL);
}

void
entry_set_leaf(struct entry *entry, const struct leaf *leaf)
{
	struct state *state = &entry->state;

	memcpy(state->serial, leaf->serial, sizeof(state->serial));
	memcpy(state->spki_sha256, leaf->spki_sha256, sizeof(state->spki_sha256));
	state->not_before = leaf->not_before;
	state->not_after = leaf->not_after;
}

/* A hook may write anything, and what is cut is cut anywhere; JSON takes text only. */
void
entry_set_error(struct entry *entry, const char *text)
{
	struct buffer clean;

	free(entry->state.last_error);
	entry->state.last_error = NULL;
	if (text == NULL)
		return;
	buf_init(&clean, 0);
	text_clean(&clean, text, SIZE_MAX, "\n\t");
	entry->state.last_error = strdup(buf_string(&clean));
	buf_free(&clean);
}

/* A pause is never as long as a day: what says so was written by another clock. */
static bool
is_pausing(const struct state *state, int64_t now)
{
	return state->next_attempt > now && state->next_attempt - now < DAY_S;
}

/* Before its beginning a certificate is as useless as after its end. */
static bool
is_wanted(const struct state *state, int64_t now)
{
	return state->step != STEP_IDLE || now >= state->due || now < state->not_before;
}

bool
entry_is_due(const struct entry *entry, int64_t now)
{
	return !is_pausing(&entry->state, now) && is_wanted(&entry->state, now);
}

bool
entry_is_waiting(const struct entry *entry, int64_t now)
{
	return is_pausing(&entry->state, now) && is_wanted(&entry->state, now);
}

static int
set_text(json_t *json, const char *member, const char *text)
{
	return text == NULL || text[0] == '\0'
		   ? 0
		   : json_object_set_new(json, member, json_string(text));
}

static int
set_time(json_t *json, const char *member, int64_t seconds)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(text, seconds);
	return seconds == 0 ? 0 : json_object_set_new(json, member, json_string(text));
}

json_t *
entry_report(const struct entry *entry, const char *outcome)
{
	const struct state *state = &entry->state;
	json_t *json =
	    json_pack("{s:I, s:s, s:I}", "revision", (json_int_t)state->revision, "step",
		step_name(state->step), "attempts", (json_int_t)state->attempts);

	if (json != NULL && set_text(json, "spki_sha256", state->spki_sha256) == 0 &&
	    set_text(json, "serial", state->serial) == 0 &&
	    set_time(json, "not_before", state->not_before) == 0 &&
	    set_time(json, "not_after", state->not_after) == 0 &&
	    set_time(json, "installed", state->installed) == 0 &&
	    set_time(json, "next_attempt", state->next_attempt) == 0 &&
	    set_time(json, "due", state->sets_due ? state->due : 0) == 0 &&
	    set_time(json, "ask_window", state->ask_window) == 0 &&
	    set_text(json, "last_error", state->last_error) == 0 &&
	    set_text(json, "outcome", outcome) == 0)
		return json;
	json_decref(json);
	return NULL;
}
