/* managedform.h - the options of managed add and change, as a definition. */
#ifndef CLI_MANAGEDFORM_H
#define CLI_MANAGEDFORM_H

#include <jansson.h>

#include "cli/cli.h"

/* What was given takes its place in the definition; the rest of it stays as it is. */
int managedform_fill(const struct arguments *args, json_t *definition, struct error *err);

extern const struct option_spec managedform_add_options[];
extern const struct option_spec managedform_change_options[];

#endif
