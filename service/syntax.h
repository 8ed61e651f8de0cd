/*
 * syntax.h - whether a text is YAML, and on which line a setting is.
 *
 * libcyaml reads the settings, but keeps to itself where a text stops being YAML and
 * where it met a name that it does not know.
 */
#ifndef SERVICE_SYNTAX_H
#define SERVICE_SYNTAX_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

/* One YAML document; else ERROR_CONFIG, with path and line. */
int syntax_check(struct bytes text, const char *path, struct error *err);

/*
 * The line, from 1, of "token.label" or "listen[0].mode" in a text that passed
 * syntax_check; of what encloses it when it is not there; at least 1.
 */
size_t syntax_line(struct bytes text, const char *setting);

#endif
