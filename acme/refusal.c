/* refusal.c - what a server says when it refuses, as lines for people. */
#include "acme/refusal.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define ACME_PREFIX    "urn:ietf:params:acme:error:"
#define PLAIN_MAX      400 /* characters shown of an answer that is no JSON */
#define SUBPROBLEM_MAX 1000

static const char *
text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static void
append_line(
    struct buffer *out, const char *indent, const json_t *object, const char *member)
{
	const char *text = text_of(object, member);

	if (text == NULL)
		return;
	buf_printf(out, "%s%s: ", indent, member);
	text_clean(out, text, REFUSAL_TEXT_MAX, "");
	buf_text(out, "\n");
}

static void
append_members(struct buffer *out, const char *indent, const json_t *document)
{
	static const char *const members[] = { "type", "title", "detail", "instance",
		"algorithms" };
	json_t *status = json_object_get(document, "status");

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		append_line(out, indent, document, members[i]);
	if (json_is_integer(status))
		buf_printf(out, "%sstatus: %lld\n", indent,
		    (long long)json_integer_value(status));
}

static void
append_subproblem(struct buffer *out, const json_t *subproblem)
{
	const json_t *identifier = json_object_get(subproblem, "identifier");
	const char *type = text_of(identifier, "type"),
		   *value = text_of(identifier, "value");

	buf_text(out, "subproblem");
	if (type != NULL && value != NULL) {
		buf_text(out, " of ");
		text_clean(out, type, SUBPROBLEM_MAX, "");
		buf_text(out, " ");
		text_clean(out, value, SUBPROBLEM_MAX, "");
	}
	buf_text(out, ":\n");
	append_members(out, "  ", subproblem);
}

static void
keep(char *out, size_t size, const char *text)
{
	struct buffer clean;

	buf_init(&clean, 0);
	text_clean(&clean, text, size - 1, "");
	snprintf(out, size, "%s", buf_string(&clean));
	buf_free(&clean);
}

void
refusal_read(const json_t *document, struct refusal *refusal, struct buffer *text)
{
	const char *type = text_of(document, "type"),
		   *detail = text_of(document, "detail");
	const json_t *one;
	size_t i;

	*refusal = (struct refusal){ .type = "" };
	if (type != NULL && strncmp(type, ACME_PREFIX, strlen(ACME_PREFIX)) == 0)
		type += strlen(ACME_PREFIX);
	if (type != NULL)
		keep(refusal->type, sizeof(refusal->type), type);
	if (detail != NULL)
		keep(refusal->detail, sizeof(refusal->detail), detail);
	append_members(text, "", document);
	json_array_foreach (json_object_get(document, "subproblems"), i, one)
		append_subproblem(text, one);
	if (text->len == 0)
		buf_text(text, "the server did not say why\n");
}

void
refusal_parse(
    const struct buffer *body, long status, struct refusal *refusal, struct buffer *text)
{
	json_t *document = json_loadb(buf_string(body), body->len, 0, NULL);

	if (json_is_object(document)) {
		refusal_read(document, refusal, text);
	} else {
		*refusal = (struct refusal){ .type = "" };
		snprintf(
		    refusal->detail, sizeof(refusal->detail), "HTTP status %ld", status);
		buf_printf(text, "HTTP status %ld, and no problem document: ", status);
		text_clean(text, buf_string(body), PLAIN_MAX, "");
		buf_text(text, "\n");
	}
	json_decref(document);
}

bool
refusal_is(const struct refusal *refusal, const char *type)
{
	return strcmp(refusal->type, type) == 0;
}

enum error_code
refusal_code(const struct refusal *refusal, long status)
{
	if (refusal_is(refusal, "rateLimited") || status == 429)
		return ERROR_LIMITED;
	if (refusal_is(refusal, "accountDoesNotExist"))
		return ERROR_NOT_FOUND;
	if (refusal_is(refusal, "unauthorized"))
		return ERROR_FORBIDDEN;
	return status >= 500 ? ERROR_BUSY : ERROR_REFUSED;
}
