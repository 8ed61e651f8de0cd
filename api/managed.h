/* managed.h - a certificate that renews itself, as the store has it. */
#ifndef API_MANAGED_H
#define API_MANAGED_H

#include "api/handlers.h"
#include "store/managed.h"

struct managed {
	struct managed_row row; /* but its documents: */
	struct json_t *definition, *state;
};

#define MANAGED_ETAG_SIZE 32

/* The caller clears it in either case. */
int managed_load(
    struct api *api, const char *name, struct managed *managed, struct error *err);
void managed_clear(struct managed *managed);

/* Reads what a visit of the store shows. */
int
managed_parse(const struct managed_row *row, struct managed *managed, struct error *err);

/* When it is to be renewed: at once, if its certificate is revoked. */
int64_t managed_due_at(const struct managed *managed);

void managed_etag(const struct managed *managed, char etag[static MANAGED_ETAG_SIZE]);

/* The answer to what has just been stored or read. */
int managed_respond(
    struct exchange *x, int status, struct managed *managed, struct error *err);

/* Appends the families of all of them. */
int managed_write_metrics(struct api *api, struct buffer *out, struct error *err);

#endif
