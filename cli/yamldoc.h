/*
 * yamldoc.h - a YAML mapping of words, numbers, truths and lists of them, as JSON has it.
 *
 * A member's lines are kept, so that what is wrong with it can be shown where it is.
 */
#ifndef CLI_YAMLDOC_H
#define CLI_YAMLDOC_H

#include <stddef.h>

#include <jansson.h>

#include "base/buffer.h"
#include "base/error.h"

struct yamldoc {
	json_t *members; /* an object */
	json_t *lines;   /* member: [its line, that of its first entry ...], from 1 */
};

/*
 * One document; else ERROR_CONFIG, which begins with path and line. Only true and false
 * are truths, and only digits are numbers. The caller clears doc in either case.
 */
int
yamldoc_read(struct bytes text, const char *path, struct yamldoc *doc, struct error *err);
void yamldoc_clear(struct yamldoc *doc);

/* The line of "dns_names[2]", or of dns_names; 0 when the document does not have it. */
size_t yamldoc_line(const struct yamldoc *doc, const char *member);

/* Appends a text in double quotes; text is valid UTF-8, as jansson's are. */
void yamldoc_text(const char *text, struct buffer *out);

/* Appends an object, which yamldoc_read takes for the same; seconds come with days. */
void yamldoc_write(const json_t *object, struct buffer *out);

#endif
