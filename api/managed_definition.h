/* managed_definition.h - what a certificate that renews itself is to be, checked. */
#ifndef API_MANAGED_DEFINITION_H
#define API_MANAGED_DEFINITION_H

#include <stddef.h>
#include <stdint.h>

#include "api/managed_source.h"
#include "base/buffer.h"
#include "base/error.h"
#include "ca/san.h"
#include "ca/violation.h"
#include "evp/scheme.h"

#define MANAGED_DAY_S INT64_C(86400)

struct managed_definition {
	struct json_t *body; /* as it was sent; the texts below belong to it */
	struct json_t *json; /* all of it, with what was left open */
	const char *name;
	const char *names[SAN_NAMES_MAX];
	size_t name_count;
	struct managed_source source;
	enum key_type key_type;
	int64_t days; /* 0: the ACME server decides */
	int64_t renew_before_s;
};

/*
 * Reads a definition of this name, or, if that is NULL, of the one in it. ERROR_REFUSED
 * comes with v. The caller clears it in either case.
 */
int managed_definition_read(const struct bytes *body, const char *name,
    struct managed_definition *definition, struct violations *v, struct error *err);
void managed_definition_clear(struct managed_definition *definition);

#endif
