/* pattern.h - names written with '*', such as "api-*". */
#ifndef API_PATTERN_H
#define API_PATTERN_H

#include <stdbool.h>

/* Some valid name matches it: what names are made of, and '*'; at most 63 characters. */
bool pattern_is_valid(const char *pattern);

/* '*' stands for any characters, also none; everything else for itself. No allocation. */
bool pattern_matches(const char *pattern, const char *name);

#endif
