/* reload.c - reads the file again, and tells what of it takes a restart. */
#include "service/reload.h"

#include <stdlib.h>
#include <string.h>

/* What config_print writes; the caller frees. NULL when out of memory. */
static char *
print(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return NULL;
	config_print(config, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* A setting of the top level, with what is below it: it begins at a line's beginning, and
 * ends where the next does. */
struct section {
	const char *text;
	size_t len, name_len;
};

static bool
begins_section(const char *line)
{
	return strchr(" #\n", *line) == NULL;
}

static const char *
next_line(const char *line)
{
	line = strchrnul(line, '\n');
	return *line == '\0' ? line : line + 1;
}

/* From at on; false at the end. */
static bool
next_section(const char **at, struct section *section)
{
	while (**at != '\0' && !begins_section(*at))
		*at = next_line(*at);
	if (**at == '\0')
		return false;
	section->text = *at;
	section->name_len = strcspn(*at, ":");
	do
		*at = next_line(*at);
	while (**at == ' ');
	section->len = (size_t)(*at - section->text);
	return true;
}

static bool
same_name(const struct section *a, const struct section *b)
{
	return a->name_len == b->name_len && memcmp(a->text, b->text, a->name_len) == 0;
}

static bool
find_section(const char *text, const struct section *wanted, struct section *found)
{
	while (next_section(&text, found))
		if (same_name(found, wanted))
			return true;
	return false;
}

/* A new one, or one that says something else than before. */
static bool
is_changed(const struct section *section, const char *before)
{
	struct section found;

	return !find_section(before, section, &found) || found.len != section->len ||
	       memcmp(found.text, section->text, found.len) != 0;
}

static bool
is_reloaded(const struct section *section)
{
	static const struct section reloaded[] = {
		{ .text = "access", .name_len = 6 },
		{ .text = "log_level", .name_len = 9 },
	};

	return same_name(section, &reloaded[0]) || same_name(section, &reloaded[1]);
}

static void
log_kept(const struct section *section)
{
	if (!is_reloaded(section))
		log_info("config.kept", "setting=%.*s why=\"a change takes a restart\"",
		    (int)section->name_len, section->text);
}

/* Both as they are printed, so that what is written differently and means the same is no
 * change, and every setting that is printed is compared. */
static void
log_changes(const struct config *running, const struct config *next)
{
	char *before = print(running), *after = print(next);
	struct section section, found;
	const char *at;

	if (before != NULL && after != NULL) {
		for (at = after; next_section(&at, &section);)
			if (is_changed(&section, before))
				log_kept(&section);
		/* What is no longer there. */
		for (at = before; next_section(&at, &section);)
			if (!find_section(after, &section, &found))
				log_kept(&section);
	}
	free(before);
	free(after);
}

static void
release(void *owner)
{
	config_free(owner);
}

static void
log_refusal(const struct error *err)
{
	char why[LOG_QUOTED_MAX];

	log_error("config.refused", "why=\"%s\"", log_quoted(why, err->text));
}

void
reload_config(struct api *api, const struct config *running, const char *path)
{
	struct config *next;
	struct ruleset set;
	struct error err = { 0 };
	enum log_level level;
	size_t count;

	if (config_read(path, &next, &err) != 0) {
		log_refusal(&err);
		return;
	}
	log_changes(running, next);
	set = config_ruleset(next);
	set.owner = next;
	set.release = release;
	count = set.rules.count;
	level = next->log_level;
	if (api_use_rules(api, &set, "access.reloaded", &err) != 0) {
		log_refusal(&err);
		config_free(next);
		return;
	}
	log_set_level(level);
	log_info("access.reloaded", "rules=%zu sha256=%s", count, set.sha256);
}
