/* profile_json.h - profiles as JSON, which docs/profiles.md describes member by member.
 */
#ifndef API_PROFILE_JSON_H
#define API_PROFILE_JSON_H

#include "base/buffer.h"
#include "base/error.h"

struct json_t;
struct profile;

/*
 * Reads a whole document: members that are absent have their defaults, unknown ones are
 * errors. name is the resource's; a "name" in the document must be the same. The caller
 * gives *profile back with profile_unref.
 */
int profile_json_read(
    struct bytes document, const char *name, struct profile **profile, struct error *err);

/* Every member; what it says can be read again. NULL when out of memory. */
struct json_t *profile_json_describe(const struct profile *profile);

#endif
