/* certificate_json.h - a certificate as JSON (docs/api.md, "Certificates"). */
#ifndef API_CERTIFICATE_JSON_H
#define API_CERTIFICATE_JSON_H

#include "ca/warning.h"
#include "store/store.h"

struct json_t;

/* What goes beside the row; NULL for what the JSON does not have. */
struct certificate_extras {
	const char *status;              /* instead of the row's */
	const char *certificate, *chain; /* PEM */
	const struct warnings *warnings;
};

/* Members that the row leaves empty are left out; NULL when out of memory. */
struct json_t *certificate_json(
    const struct certificate_row *row, const struct certificate_extras *extras);

#endif
