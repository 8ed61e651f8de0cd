/* yamldoc.c - libyaml's events into JSON. */
#include "cli/yamldoc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/text.h"

#define NESTED "a word, a number, true, false or a list of words is expected here"

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	const char *path;
	struct yamldoc *doc;
};

static size_t
line_of(const struct reader *r)
{
	return r->event.start_mark.line + 1;
}

static int
refuse(const struct reader *r, const char *why, struct error *err)
{
	return error_set(err, ERROR_CONFIG, "%s:%zu: %s", r->path, line_of(r), why);
}

/* A name such as *.svc.example is an alias to YAML unless it is quoted. */
static int
next(struct reader *r, struct error *err)
{
	const yaml_parser_t *p = &r->parser;

	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event) != 0) {
		if (r->event.type == YAML_ALIAS_EVENT)
			return refuse(r, "put what begins with * or & into quotes", err);
		return 0;
	}
	if (p->context != NULL &&
	    (strstr(p->context, "alias") != NULL || strstr(p->context, "anchor") != NULL))
		return error_set(err, ERROR_CONFIG,
		    "%s:%zu: put what begins with * or & into quotes", r->path,
		    p->problem_mark.line + 1);
	return error_set(err, ERROR_CONFIG, "%s:%zu: %s", r->path,
	    p->problem_mark.line + 1, p->problem != NULL ? p->problem : "out of memory");
}

/* Up to 18 digits, with a sign or without: what JSON and the daemon take. */
static bool
is_number(const char *text)
{
	size_t digits;

	text += *text == '-';
	digits = strspn(text, "0123456789");
	return digits > 0 && digits <= 18 && text[digits] == '\0' &&
	       (text[0] != '0' || digits == 1);
}

/* NULL when out of memory, or for bytes that JSON cannot hold. */
static json_t *
scalar_value(const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
			return json_boolean(strcmp(text, "true") == 0);
		if (is_number(text))
			return json_integer(strtoll(text, NULL, 10));
	}
	return json_stringn(text, len);
}

static int
read_scalar(struct reader *r, json_t **value, struct error *err)
{
	const yaml_event_t *event = &r->event;

	if (event->type != YAML_SCALAR_EVENT)
		return refuse(r, NESTED, err);
	if (event->data.scalar.tag != NULL || event->data.scalar.anchor != NULL)
		return refuse(r, "no tags and anchors here", err);
	if (event->data.scalar.length == 0 &&
	    event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return refuse(r, "a value is missing; an empty one is \"\" or []", err);
	if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length)
		return refuse(r, "a NUL in a text", err);
	if ((*value = scalar_value(event)) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

static int
read_list(struct reader *r, json_t *list, json_t *lines, struct error *err)
{
	json_t *item;

	for (;;) {
		if (next(r, err) != 0)
			return -1;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		json_array_append_new(lines, json_integer((json_int_t)line_of(r)));
		if (read_scalar(r, &item, err) != 0)
			return -1;
		if (json_array_append_new(list, item) != 0)
			return error_set(err, ERROR_INTERNAL, "out of memory");
	}
}

/* The walk stands at the value. */
static int
read_value(struct reader *r, const char *name, struct error *err)
{
	json_t *lines = json_object_get(r->doc->lines, name), *value = NULL;
	int rc;

	if (r->event.type != YAML_SEQUENCE_START_EVENT) {
		rc = read_scalar(r, &value, err);
	} else {
		value = json_array();
		rc = read_list(r, value, lines, err);
	}
	if (rc != 0) {
		json_decref(value);
		return -1;
	}
	return json_object_set_new(r->doc->members, name, value) == 0
		   ? 0
		   : error_set(err, ERROR_INTERNAL, "out of memory");
}

static int
read_member(struct reader *r, struct error *err)
{
	const json_int_t line = (json_int_t)line_of(r);
	char name[64];

	if (r->event.type != YAML_SCALAR_EVENT ||
	    r->event.data.scalar.length >= sizeof(name) ||
	    strlen((const char *)r->event.data.scalar.value) !=
		r->event.data.scalar.length)
		return refuse(r, "the name of a member is expected here", err);
	text_copy(name, sizeof(name), (const char *)r->event.data.scalar.value);
	if (json_object_get(r->doc->lines, name) != NULL)
		return refuse(r, "this member is there twice", err);
	if (json_object_set_new(r->doc->lines, name, json_pack("[I]", line)) != 0)
		return refuse(r, "a name that is not UTF-8", err);
	if (next(r, err) != 0)
		return -1;
	return read_value(r, name, err);
}

static int
read_mapping(struct reader *r, struct error *err)
{
	do {
		if (next(r, err) != 0)
			return -1;
	} while (r->event.type == YAML_STREAM_START_EVENT ||
		 r->event.type == YAML_DOCUMENT_START_EVENT);
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return refuse(r, "\"member: value\" lines are expected here", err);
	for (;;) {
		if (next(r, err) != 0)
			return -1;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return 0;
		if (read_member(r, err) != 0)
			return -1;
	}
}

static int
read_document(struct reader *r, struct error *err)
{
	if (read_mapping(r, err) != 0)
		return -1;
	do {
		if (next(r, err) != 0)
			return -1;
		if (r->event.type == YAML_DOCUMENT_START_EVENT)
			return refuse(r, "a second document", err);
	} while (r->event.type != YAML_STREAM_END_EVENT);
	return 0;
}

int
yamldoc_read(struct bytes text, const char *path, struct yamldoc *doc, struct error *err)
{
	struct reader r = { .path = path, .doc = doc };
	int rc = -1;

	doc->members = json_object();
	doc->lines = json_object();
	if (doc->members == NULL || doc->lines == NULL ||
	    yaml_parser_initialize(&r.parser) == 0)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	/* libyaml takes no NULL, not even for nothing. */
	yaml_parser_set_input_string(
	    &r.parser, text.len > 0 ? text.data : (const unsigned char *)"", text.len);
	rc = read_document(&r, err);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return rc;
}

void
yamldoc_clear(struct yamldoc *doc)
{
	json_decref(doc->members);
	json_decref(doc->lines);
	*doc = (struct yamldoc){ 0 };
}

size_t
yamldoc_line(const struct yamldoc *doc, const char *member)
{
	size_t len = strcspn(member, "["), entry = 0;
	const json_t *lines = NULL, *line;
	char name[64];

	if (len < sizeof(name)) {
		memcpy(name, member, len);
		name[len] = '\0';
		lines = json_object_get(doc->lines, name);
	}
	if (member[len] == '[')
		entry = strtoul(member + len + 1, NULL, 10) + 1;
	if ((line = json_array_get(lines, entry)) == NULL)
		line = json_array_get(lines, 0);
	return (size_t)json_integer_value(line);
}
