/* managed_field.h - members of a managed certificate's definition, and their shapes. */
#ifndef API_MANAGED_FIELD_H
#define API_MANAGED_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct json_t;

/* Text on one line that is not empty; NULL when absent and not required. */
int managed_line(const struct json_t *object, const char *member, bool required,
    const char **text, struct error *err);

/* A name as that of a key. */
int managed_name(const struct json_t *object, const char *member, bool required,
    const char **name, struct error *err);

/* An absolute path without "..". */
int managed_path(const struct json_t *object, const char *member, bool required,
    const char **path, struct error *err);

/* host:port, [address]:port. */
int managed_endpoint(const struct json_t *object, const char *member,
    const char **endpoint, struct error *err);

/* The like, which may begin with a protocol://. */
int managed_server(const struct json_t *object, const char *member, const char **server,
    struct error *err);

/* One of choices, which end with NULL; the first when absent. */
int managed_choice(const struct json_t *object, const char *member,
    const char *const *choices, const char **choice, struct error *err);

/* A program, which may have to be a path, and its arguments, as a list that the caller
 * frees; NULL when absent. */
int managed_argv(const struct json_t *object, const char *member, bool is_path,
    struct json_t **argv, struct error *err);

/* A list of these texts; NULL when out of memory. */
struct json_t *managed_list(const char *const *texts, size_t count);

#endif
