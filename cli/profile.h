/* profile.h - profiles on their way to the daemon. */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include <jansson.h>

#include "cli/cli.h"

/*
 * Makes or replaces a profile and says which. version is that of the state it replaces; 0
 * makes a new one. force asks for no state. Frees document.
 */
int profile_put(struct cli *cli, const char *name, json_t *document, json_int_t version,
    bool force, struct error *err);

/* keyhold profile import */
extern const struct option_spec profile_import_options[];
int profile_import(struct cli *cli, struct error *err);

#endif
