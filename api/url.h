/* url.h - percent-encoding and query strings (RFC 3986 sections 2.1 and 3.4). */
#ifndef API_URL_H
#define API_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Decodes len characters into out with a NUL; refuses bad escapes, NUL and overlong text.
 */
int url_decode(char *out, size_t size, const char *text, size_t len, struct error *err);

/*
 * Finds name in the query and decodes its value. *found tells absence from emptiness;
 * a name given twice is refused.
 */
int query_get(const char *query, const char *name, char *out, size_t size, bool *found,
    struct error *err);

/*
 * The same of the next value of a name that may be given several times: *query stands
 * after it then, and is NULL when there is none.
 */
int query_next(
    const char **query, const char *name, char *out, size_t size, struct error *err);

#define QUERY_LINK_SIZE 400 /* of a query that has a next page */

/* The same query with another cursor: all of it, or the next page would be of another
 * list. */
int query_with_cursor(const char *query, int64_t cursor, char out[static QUERY_LINK_SIZE],
    struct error *err);

/* Refuses a query with a name that is not in allowed (space-separated; NULL: none is). */
int query_check(const char *query, const char *allowed, struct error *err);

/* The same of a number; *value stays as it is when the query has none. */
int query_number(const char *query, const char *name, uint64_t min, uint64_t max,
    uint64_t *value, struct error *err);

#endif
