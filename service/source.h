/*
 * source.h - the configuration file while it is read: a refusal names its file, line and
 * setting.
 *
 * Internal to the configuration, and to what it names. A setting is written "token.label"
 * or "listen[0].mode".
 */
#ifndef SERVICE_SOURCE_H
#define SERVICE_SOURCE_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

struct source {
	const char *path;
	struct bytes text;
};

/* ERROR_CONFIG; returns -1. */
int source_refuse(const struct source *source, const char *setting, const char *reason,
    struct error *err);

/* Neither empty nor too long. NULL is fine, as it is for the next: whether it must be
 * there is the table's business. */
int source_check_text(const struct source *source, const char *setting, const char *value,
    size_t max_bytes, struct error *err);
int source_check_path(const struct source *source, const char *setting, const char *value,
    struct error *err);

/* ERROR_CONFIG for a file that others than root and this user may write. */
int source_check_writers(const char *path, struct error *err);

struct number {
	const char *setting, *value; /* NULL: not said */
	const char *otherwise;
	unsigned min, max, *result;
};

int source_read_numbers(const struct source *source, const struct number *numbers,
    size_t count, struct error *err);

#endif
