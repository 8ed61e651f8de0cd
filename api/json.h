/* json.h - JSON in and out: the one home of jansson in the daemon. */
#ifndef API_JSON_H
#define API_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "api/request.h"
#include "base/error.h"

struct json_t;

/* Builds a value as jansson's json_pack does ("{s:s, s:i}"); NULL when out of memory. */
struct json_t *json_make(const char *fmt, ...);

/* Takes item over, also on failure. */
int json_append(struct json_t *array, struct json_t *item, struct error *err);

/* The members of both objects, which it takes over. NULL when either is, or out of
 * memory.
 */
struct json_t *json_join(struct json_t *object, struct json_t *more);

/* Takes value over, also on failure: -1 for an object or value of NULL. */
int json_set(struct json_t *object, const char *member, struct json_t *value);

/* Takes the member away, if it is there. */
void json_drop(struct json_t *object, const char *member);

void json_free(struct json_t *value);

/* Writes value as the body with this status, and frees it, also on failure. NULL is out
 * of memory. */
int
json_respond(struct response *res, int status, struct json_t *value, struct error *err);

/* The same; then member's text is nowhere in memory but in the body. */
int json_respond_secret(struct response *res, int status, struct json_t *value,
    const char *member, struct error *err);

/* Appends value to out as compact text, and frees it, also on failure. */
int json_write(struct json_t *value, struct buffer *out, struct error *err);

/* The request's body: an object with no members but these (NULL-ended; NULL:
 * any), no name twice. */
int json_read(const struct bytes *body, const char *const *members,
    struct json_t **object, struct error *err);

/* The member as text; NULL when absent and not required. Belongs to object. */
int json_text(const struct json_t *object, const char *member, bool required,
    const char **text, struct error *err);

/* The same in a merge patch (RFC 7396): "" when it is null, which removes it. */
int json_merge_text(const struct json_t *object, const char *member, const char **text,
    struct error *err);

/* The member as a whole number within bounds; fallback when absent. */
int json_number(const struct json_t *object, const char *member, int64_t min, int64_t max,
    int64_t fallback, int64_t *number, struct error *err);

/* The member as true or false; fallback when absent. */
int json_flag(const struct json_t *object, const char *member, bool fallback, bool *flag,
    struct error *err);

bool json_has(const struct json_t *object, const char *member);

/* Both have the member with the same value, or neither has it. */
bool json_same(const struct json_t *a, const struct json_t *b, const char *member);

/* The member as an object with no members but these (NULL: any); NULL when absent. */
int json_member(const struct json_t *object, const char *member,
    const char *const *members, const struct json_t **inner, struct error *err);

/* The member as a list of at most max texts; *count 0 when absent. */
int json_texts(const struct json_t *object, const char *member, const char **texts,
    size_t max, size_t *count, struct error *err);

#endif
