/* watchreport.h - what keyhold expiry found, for other programs. */
#ifndef CLI_WATCHREPORT_H
#define CLI_WATCHREPORT_H

#include <stdio.h>

#include "cli/watch.h"

/*
 * All rows as a textfile of Prometheus's node_exporter, which may read it at any time.
 * Its time is the real one, whatever the rows were judged at.
 */
int watchreport_metrics(const struct watch *watch, const char *path, struct error *err);

/*
 * Runs the program for each of rows, one after the other and without a shell: what,
 * where, days left, not after and verdict are its arguments; days and not after are ""
 * where nothing was to be seen. Those that fail are told on errors, and -1 returned after
 * the last.
 */
int watchreport_hook(
    const json_t *rows, const char *program, FILE *errors, struct error *err);

#endif
