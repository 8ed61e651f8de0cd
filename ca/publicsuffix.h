/*
 * publicsuffix.h - names under which others register theirs: "com", "co.uk".
 *
 * From the Public Suffix List that libpsl finds newest: of the package publicsuffix, or
 * its own. The list is read at the first question and kept; any thread may ask. Names
 * are in lower case, and ASCII.
 */
#ifndef CA_PUBLICSUFFIX_H
#define CA_PUBLICSUFFIX_H

#include <stdbool.h>

/*
 * Of the list's ICANN part (BR 3.2.2.6). Every top-level name counts as one, known to the
 * list or not: "local" is a public suffix, "svc.local" is none. Without any list
 * everything is one.
 */
bool publicsuffix_is(const char *name);

/* Whether the list knows the name's last label: that of "svc.local" it does not. */
bool publicsuffix_knows_top(const char *name);

#endif
