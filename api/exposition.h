/*
 * exposition.h - the text that Prometheus reads, format 0.0.4.
 *
 * All samples of a family follow its head.
 */
#ifndef API_EXPOSITION_H
#define API_EXPOSITION_H

#include "base/buffer.h"
#include "base/durations.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* A list of them ends with one without a name; NULL is an empty list. */
struct label {
	const char *name, *value;
};

/* type is "counter", "gauge" or "histogram"; help is one line. */
void exposition_family(
    struct buffer *out, const char *name, const char *type, const char *help);

void exposition_integer(
    struct buffer *out, const char *name, const struct label *labels, long long value);
void exposition_seconds(
    struct buffer *out, const char *name, const struct label *labels, double value);

/* The samples of a family of type histogram, in seconds. */
void exposition_histogram(struct buffer *out, const char *name,
    const struct label *labels, const struct durations *durations);

/* A family of one sample. */
void
exposition_gauge(struct buffer *out, const char *name, const char *help, long long value);

#endif
