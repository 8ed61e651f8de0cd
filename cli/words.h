/* words.h - a command line, split as a shell does, without a shell. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <jansson.h>

#include "base/error.h"

/*
 * Splits at blanks; '...', "..." and \ quote (POSIX 2.2). What a shell would do more with
 * (variables, pipes, patterns) is ERROR_CONFIG, as is no word at all. The caller frees
 * the list with json_decref.
 */
int words_split(const char *line, json_t **words, struct error *err);

#endif
