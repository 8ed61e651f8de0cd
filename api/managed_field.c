/*
 * managed_field.c - what is wrong with a member of a definition, by its name.
 *
 * Files, users and programs are on the agent's machine: only their shape is looked at.
 */
#include "api/managed_field.h"

#include <stdio.h>
#include <string.h>

#include "api/json.h"
#include "base/text.h"

#define LINE_MAX_BYTES 1024
#define WORDS_MAX      64
#define HOST_MAX       255

int
managed_line(const struct json_t *object, const char *member, bool required,
    const char **text, struct error *err)
{
	if (json_text(object, member, required, text, err) != 0)
		return -1;
	if (*text == NULL)
		return 0;
	if (**text == '\0' || strlen(*text) > LINE_MAX_BYTES || text_has_control(*text))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" is not one line of 1 to %d bytes", member,
		    LINE_MAX_BYTES);
	return 0;
}

int
managed_name(const struct json_t *object, const char *member, bool required,
    const char **name, struct error *err)
{
	if (json_text(object, member, required, name, err) != 0)
		return -1;
	if (*name != NULL && !name_is_valid(*name))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" is not a name: [a-z0-9][a-z0-9._-]*, at most %d "
		    "characters",
		    member, NAME_MAX_CHARS);
	return 0;
}

static bool
has_dots(const char *path)
{
	for (const char *p = path; (p = strstr(p, "/..")) != NULL; p++)
		if (p[3] == '/' || p[3] == '\0')
			return true;
	return false;
}

int
managed_path(const struct json_t *object, const char *member, bool required,
    const char **path, struct error *err)
{
	if (managed_line(object, member, required, path, err) != 0)
		return -1;
	if (*path != NULL && (**path != '/' || has_dots(*path)))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" is not an absolute path without \"..\"", member);
	return 0;
}

/* Its length; 0 for none. */
static size_t
host_length(const char *text)
{
	size_t len;

	if (*text != '[')
		return strcspn(text, ":/ @");
	len = strcspn(text, "]");
	return text[len] == ']' && len > 1 ? len + 1 : 0;
}

static bool
is_place(const char *text)
{
	const size_t len = host_length(text);
	uint64_t port;

	return len > 0 && len <= HOST_MAX && text[len] == ':' &&
	       text_to_uint(text + len + 1, 1, 65535, &port, NULL) == 0;
}

int
managed_endpoint(const struct json_t *object, const char *member, const char **endpoint,
    struct error *err)
{
	if (managed_line(object, member, false, endpoint, err) != 0)
		return -1;
	if (*endpoint != NULL && !is_place(*endpoint))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" is not like 127.0.0.1:443 or [::1]:443", member);
	return 0;
}

/* Of "postgres://", 0 for none. Which there are is the matter of whoever connects. */
static size_t
protocol_length(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789");

	return len > 0 && strncmp(text + len, "://", 3) == 0 ? len + 3 : 0;
}

int
managed_server(const struct json_t *object, const char *member, const char **server,
    struct error *err)
{
	if (managed_line(object, member, false, server, err) != 0)
		return -1;
	if (*server != NULL && !is_place(*server + protocol_length(*server)))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" is not like 127.0.0.1:443, [::1]:443 or "
		    "postgres://db.example:5432",
		    member);
	return 0;
}

int
managed_choice(const struct json_t *object, const char *member,
    const char *const *choices, const char **choice, struct error *err)
{
	char all[160] = "";
	size_t used = 0;

	if (json_text(object, member, false, choice, err) != 0)
		return -1;
	if (*choice == NULL)
		*choice = choices[0];
	if (text_in_list(choices, *choice))
		return 0;
	for (size_t i = 0; choices[i] != NULL && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
		    i == 0 ? "" : ", ", choices[i]);
	return error_set(
	    err, ERROR_BAD_REQUEST, "JSON: \"%s\" is not one of: %s", member, all);
}

struct json_t *
managed_list(const char *const *texts, size_t count)
{
	struct json_t *list = json_make("[]");

	for (size_t i = 0; list != NULL && i < count; i++)
		if (json_append(list, json_make("s", texts[i]), NULL) != 0) {
			json_free(list);
			list = NULL;
		}
	return list;
}

int
managed_argv(const struct json_t *object, const char *member, bool is_path,
    struct json_t **argv, struct error *err)
{
	const char *words[WORDS_MAX];
	size_t count;

	*argv = NULL;
	if (json_texts(object, member, words, WORDS_MAX, &count, err) != 0)
		return -1;
	if (!json_has(object, member))
		return 0;
	if (count == 0 || words[0][0] == '\0')
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: \"%s\" names no program", member);
	if (is_path && words[0][0] != '/')
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" names a program by no absolute path", member);
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) > LINE_MAX_BYTES || text_has_control(words[i]))
			return error_set(err, ERROR_BAD_REQUEST,
			    "JSON: \"%s\" has a word that is not one line of at most %d "
			    "bytes",
			    member, LINE_MAX_BYTES);
	if ((*argv = managed_list(words, count)) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}
