/* cage_files.h - the files and TCP ports that are left, by Landlock. */
#ifndef SERVICE_CAGE_FILES_H
#define SERVICE_CAGE_FILES_H

#include <stdio.h>

#include "base/error.h"

struct config;

/* The kernel's ABI of Landlock; 0: it has none, or does not let this process use it. */
int cage_files_abi(void);

/* ERROR_CONFIG for a place of the settings that cannot be opened. */
int cage_files_close(const struct config *config, struct error *err);

void cage_files_print(const struct config *config, FILE *out);

#endif
