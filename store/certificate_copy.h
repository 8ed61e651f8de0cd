/* certificate_copy.h - a recorded certificate that outlives the read it came from. */
#ifndef STORE_CERTIFICATE_COPY_H
#define STORE_CERTIFICATE_COPY_H

#include "store/store.h"

struct certificate_copy {
	struct certificate_row row; /* points into what follows */
	struct buffer subject, names, der;
};

/* ERROR_NOT_FOUND for an unknown serial. The caller clears copy in either case. */
int store_certificate_copy(struct store *store, const char *serial,
    struct certificate_copy *copy, struct error *err);

/* Copies what a visit was given, in place of what was there; whether that failed. */
void
certificate_copy_take(struct certificate_copy *copy, const struct certificate_row *row);
bool certificate_copy_failed(const struct certificate_copy *copy);

void certificate_copy_clear(struct certificate_copy *copy);

#endif
