/* managedmember.h - options of managed add and change, as members of a definition. */
#ifndef CLI_MANAGEDMEMBER_H
#define CLI_MANAGEDMEMBER_H

#include <jansson.h>

#include "cli/arguments.h"

/* An option whose value is a member as it stands; of a table of them the option NULL is
 * the end. */
struct member_option {
	const char *option, *member;
};

/* An empty text takes the member away. */
void member_text(json_t *object, const char *member, const char *text);

/* What was not given stays as it is, here and below. */
void member_texts(
    const struct arguments *args, const struct member_option *options, json_t *object);

/* "30d", as seconds. */
int member_seconds(const struct arguments *args, const char *option, json_t *object,
    const char *member, struct error *err);

/* A line, split into words as a shell does. */
int member_words(const struct arguments *args, const char *option, json_t *object,
    const char *member, struct error *err);

#endif
