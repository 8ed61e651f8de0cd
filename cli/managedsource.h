/* managedsource.h - where a managed certificate comes from, as the options say it. */
#ifndef CLI_MANAGEDSOURCE_H
#define CLI_MANAGEDSOURCE_H

#include <jansson.h>

#include "cli/arguments.h"

/*
 * Each option changes its member of "source" and no other, but for what its new value
 * rules out. An issuer in the place of an ACME server, or the other way round, is a new
 * source.
 */
int
managedsource_fill(const struct arguments *args, json_t *definition, struct error *err);

#endif
