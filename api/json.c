/* json.c - strict reading of small objects, and writing. */
#include "api/json.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "api/mediatype.h"

struct json_t *
json_make(const char *fmt, ...)
{
	struct json_t *value;
	va_list ap;

	va_start(ap, fmt);
	value = json_vpack_ex(NULL, 0, fmt, ap);
	va_end(ap);
	return value;
}

int
json_append(struct json_t *array, struct json_t *item, struct error *err)
{
	if (json_array_append_new(array, item) != 0)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

struct json_t *
json_join(struct json_t *object, struct json_t *more)
{
	int rc = json_object_update(object, more);

	json_decref(more);
	if (rc == 0)
		return object;
	json_decref(object);
	return NULL;
}

int
json_set(struct json_t *object, const char *member, struct json_t *value)
{
	return json_object_set_new(object, member, value);
}

void
json_drop(struct json_t *object, const char *member)
{
	json_object_del(object, member);
}

void
json_free(struct json_t *value)
{
	json_decref(value);
}

static int
append_text(const char *text, size_t len, void *buffer)
{
	buf_append(buffer, text, len);
	return 0;
}

int
json_write(struct json_t *value, struct buffer *out, struct error *err)
{
	int rc = -1;

	if (value != NULL)
		rc = json_dump_callback(value, append_text, out, JSON_COMPACT);
	json_decref(value);
	if (rc != 0 || buf_failed(out))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

int
json_respond(struct response *res, int status, struct json_t *value, struct error *err)
{
	buf_reset(&res->body);
	if (json_write(value, &res->body, err) != 0)
		return -1;
	buf_text(&res->body, "\n");
	if (buf_failed(&res->body))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	res->status = status;
	res->content_type = JSON_TYPE;
	return 0;
}

int
json_respond_secret(struct response *res, int status, struct json_t *value,
    const char *member, struct error *err)
{
	json_t *text = json_incref(json_object_get(value, member));
	int rc = json_respond(res, status, value, err);

	/* Nobody else knows of it: it is about to be freed. */
	OPENSSL_cleanse(
	    (char *)(uintptr_t)json_string_value(text), json_string_length(text));
	json_decref(text);
	return rc;
}

static int
check_members(struct json_t *object, const char *const *members, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach (object, name, value) {
		size_t i = 0;

		while (members[i] != NULL && strcmp(members[i], name) != 0)
			i++;
		if (members[i] == NULL)
			return error_set(err, ERROR_BAD_REQUEST,
			    "JSON: no member \"%.40s\" here", name);
	}
	return 0;
}

int
json_read(const struct bytes *body, const char *const *members, struct json_t **object,
    struct error *err)
{
	json_error_t reason;
	json_t *value;

	if (body->len == 0)
		return error_set(err, ERROR_BAD_REQUEST, "JSON: a body is required");
	value = json_loadb(
	    (const char *)body->data, body->len, JSON_REJECT_DUPLICATES, &reason);

	/* Where jansson runs out of memory it mostly says nothing. */
	if (value == NULL && (reason.text[0] == '\0' ||
				 json_error_code(&reason) == json_error_out_of_memory))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (value == NULL)
		return error_set(err, ERROR_BAD_REQUEST, "JSON: line %d column %d: %s",
		    reason.line, reason.column, reason.text);
	if (!json_is_object(value)) {
		json_decref(value);
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: the body is not an object");
	}
	if (members != NULL && check_members(value, members, err) != 0) {
		json_decref(value);
		return -1;
	}
	*object = value;
	return 0;
}

int
json_text(const struct json_t *object, const char *member, bool required,
    const char **text, struct error *err)
{
	json_t *value = json_object_get(object, member);

	*text = NULL;
	if (value == NULL && required)
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: member \"%s\" is missing", member);
	if (value != NULL && !json_is_string(value))
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: \"%s\" is not a string", member);
	if (value != NULL)
		*text = json_string_value(value);
	return 0;
}

int
json_merge_text(
    const struct json_t *object, const char *member, const char **text, struct error *err)
{
	*text = "";
	if (json_is_null(json_object_get(object, member)))
		return 0;
	return json_text(object, member, false, text, err);
}

int
json_number(const struct json_t *object, const char *member, int64_t min, int64_t max,
    int64_t fallback, int64_t *number, struct error *err)
{
	json_t *value = json_object_get(object, member);

	*number = fallback;
	if (value == NULL)
		return 0;
	if (!json_is_integer(value))
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: \"%s\" is not a whole number", member);
	*number = json_integer_value(value);
	if (*number < min || *number > max)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" is not between %lld and %lld", member, (long long)min,
		    (long long)max);
	return 0;
}

bool
json_has(const struct json_t *object, const char *member)
{
	return json_object_get(object, member) != NULL;
}

bool
json_same(const struct json_t *a, const struct json_t *b, const char *member)
{
	const json_t *one = json_object_get(a, member);
	const json_t *other = json_object_get(b, member);

	return (one == NULL && other == NULL) || json_equal(one, other);
}

int
json_flag(const struct json_t *object, const char *member, bool fallback, bool *flag,
    struct error *err)
{
	const json_t *value = json_object_get(object, member);

	*flag = value != NULL ? json_is_true(value) : fallback;
	if (value != NULL && !json_is_boolean(value))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" is neither true nor false", member);
	return 0;
}

int
json_member(const struct json_t *object, const char *member, const char *const *members,
    const struct json_t **inner, struct error *err)
{
	json_t *value = json_object_get(object, member);

	*inner = value;
	if (value == NULL)
		return 0;
	if (!json_is_object(value))
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: \"%s\" is not an object", member);
	return members != NULL ? check_members(value, members, err) : 0;
}

int
json_texts(const struct json_t *object, const char *member, const char **texts,
    size_t max, size_t *count, struct error *err)
{
	json_t *list = json_object_get(object, member);

	*count = 0;
	if (list == NULL)
		return 0;
	if (!json_is_array(list) || json_array_size(list) > max)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" is not a list of at most %zu strings", member, max);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);

		if (!json_is_string(item))
			return error_set(err, ERROR_BAD_REQUEST,
			    "JSON: \"%s\" has an element that is not a string", member);
		texts[i] = json_string_value(item);
	}
	*count = json_array_size(list);
	return 0;
}
