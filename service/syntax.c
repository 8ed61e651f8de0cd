/* syntax.c - walks YAML events for the sake of their line numbers. */
#include "service/syntax.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

/* A parser and the event that it stands at. */
struct walk {
	yaml_parser_t parser;
	yaml_event_t event;
};

static int
walk_open(struct walk *walk, struct bytes text)
{
	*walk = (struct walk){ 0 };
	if (yaml_parser_initialize(&walk->parser) == 0)
		return -1;
	yaml_parser_set_input_string(&walk->parser, text.data, text.len);
	return 0;
}

static int
walk_next(struct walk *walk)
{
	yaml_event_delete(&walk->event);
	return yaml_parser_parse(&walk->parser, &walk->event) != 0 ? 0 : -1;
}

static void
walk_close(struct walk *walk)
{
	yaml_event_delete(&walk->event);
	yaml_parser_delete(&walk->parser);
}

static int
check_events(struct walk *walk, const char *path, struct error *err)
{
	int documents = 0;

	do {
		if (walk_next(walk) != 0)
			return error_set(err, ERROR_CONFIG, "%s:%zu: %s", path,
			    walk->parser.problem_mark.line + 1, walk->parser.problem);
		if (walk->event.type == YAML_DOCUMENT_START_EVENT && ++documents == 2)
			return error_set(err, ERROR_CONFIG, "%s:%zu: a second document",
			    path, walk->event.start_mark.line + 1);
		if (walk->event.type == YAML_ALIAS_EVENT)
			return error_set(err, ERROR_CONFIG, "%s:%zu: an alias (*name)",
			    path, walk->event.start_mark.line + 1);
	} while (walk->event.type != YAML_STREAM_END_EVENT);
	if (documents == 0)
		return error_set(err, ERROR_CONFIG, "%s:1: no settings", path);
	return 0;
}

int
syntax_check(struct bytes text, const char *path, struct error *err)
{
	struct walk walk;
	int rc;

	if (text.len == 0)
		return error_set(err, ERROR_CONFIG, "%s:1: no settings", path);
	if (walk_open(&walk, text) != 0)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	rc = check_events(&walk, path, err);
	walk_close(&walk);
	return rc;
}

/* From the first event of a node to its last. */
static int
skip_node(struct walk *walk)
{
	int depth = 0;

	for (;;) {
		switch (walk->event.type) {
		case YAML_MAPPING_START_EVENT:
		case YAML_SEQUENCE_START_EVENT:
			depth++;
			break;
		case YAML_MAPPING_END_EVENT:
		case YAML_SEQUENCE_END_EVENT:
			depth--;
			break;
		default:
			break;
		}
		if (depth == 0)
			return 0;
		if (walk_next(walk) != 0)
			return -1;
	}
}

static bool
is_key(const yaml_event_t *event, const char *key, size_t len)
{
	return event->type == YAML_SCALAR_EVENT && event->data.scalar.length == len &&
	       memcmp(event->data.scalar.value, key, len) == 0;
}

/* Leaves the walk at the value of the key. */
static int
enter_key(struct walk *walk, const char *key, size_t len, size_t *line)
{
	if (walk->event.type != YAML_MAPPING_START_EVENT || walk_next(walk) != 0)
		return -1;
	while (walk->event.type != YAML_MAPPING_END_EVENT) {
		bool found = is_key(&walk->event, key, len);

		if (found)
			*line = walk->event.start_mark.line + 1;
		if (skip_node(walk) != 0 || walk_next(walk) != 0)
			return -1;
		if (found)
			return 0;
		if (skip_node(walk) != 0 || walk_next(walk) != 0)
			return -1;
	}
	return -1;
}

static int
enter_entry(struct walk *walk, unsigned long index, size_t *line)
{
	if (walk->event.type != YAML_SEQUENCE_START_EVENT || walk_next(walk) != 0)
		return -1;
	while (index-- > 0 && walk->event.type != YAML_SEQUENCE_END_EVENT)
		if (skip_node(walk) != 0 || walk_next(walk) != 0)
			return -1;
	if (walk->event.type == YAML_SEQUENCE_END_EVENT)
		return -1;
	*line = walk->event.start_mark.line + 1;
	return 0;
}

/* As far as the setting can be followed; line keeps the last step that succeeded. */
static void
follow(struct walk *walk, const char *setting, size_t *line)
{
	do {
		if (walk_next(walk) != 0)
			return;
	} while (walk->event.type == YAML_STREAM_START_EVENT ||
		 walk->event.type == YAML_DOCUMENT_START_EVENT);
	while (*setting != '\0') {
		size_t len = strcspn(setting, ".[");
		int rc;

		if (*setting == '[')
			rc = enter_entry(walk, strtoul(setting + 1, NULL, 10), line);
		else
			rc = enter_key(walk, setting, len, line);
		if (rc != 0)
			return;
		setting += *setting == '[' ? strcspn(setting, "]") + 1 : len;
		setting += *setting == '.';
	}
}

size_t
syntax_line(struct bytes text, const char *setting)
{
	struct walk walk;
	size_t line = 1;

	if (walk_open(&walk, text) != 0)
		return line;
	follow(&walk, setting, &line);
	walk_close(&walk);
	return line;
}
