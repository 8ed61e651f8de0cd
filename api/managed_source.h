/* managed_source.h - where a managed certificate comes from. */
#ifndef API_MANAGED_SOURCE_H
#define API_MANAGED_SOURCE_H

#include <stdbool.h>

#include "base/error.h"

struct json_t;

/* An issuer of this house, or an ACME server; what the other has is NULL. */
struct managed_source {
	const char *issuer, *profile;
	const char *account;
	bool allows_wildcards; /* of ACME: the challenge does */
	struct json_t *json;   /* with what was left open; the caller frees */
};

/* The texts belong to definition. */
int managed_source_read(
    const struct json_t *definition, struct managed_source *source, struct error *err);

#endif
