/* exposition.c - families, samples and their labels. */
#include "api/exposition.h"

#include <stdio.h>

#define SUFFIXED_MAX 96

void
exposition_family(
    struct buffer *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
write_value(struct buffer *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			buf_text(out, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_printf(out, "\\%c", *value);
		else
			buf_append(out, value, 1);
	}
}

/* last is one more label, or NULL. */
static void
write_name(struct buffer *out, const char *name, const struct label *labels,
    const struct label *last)
{
	const char *before = "{";

	buf_text(out, name);
	for (; labels != NULL && labels->name != NULL; labels++, before = ",") {
		buf_printf(out, "%s%s=\"", before, labels->name);
		write_value(out, labels->value);
		buf_text(out, "\"");
	}
	if (last != NULL) {
		buf_printf(out, "%s%s=\"%s\"", before, last->name, last->value);
		before = ",";
	}
	buf_text(out, *before == ',' ? "} " : " ");
}

void
exposition_integer(
    struct buffer *out, const char *name, const struct label *labels, long long value)
{
	write_name(out, name, labels, NULL);
	buf_printf(out, "%lld\n", value);
}

void
exposition_seconds(
    struct buffer *out, const char *name, const struct label *labels, double value)
{
	write_name(out, name, labels, NULL);
	buf_printf(out, "%.9f\n", value);
}

static void
write_bucket(struct buffer *out, const char *name, const struct label *labels,
    const char *bound, unsigned long long count)
{
	const struct label le = { "le", bound };

	write_name(out, name, labels, &le);
	buf_printf(out, "%llu\n", count);
}

/* The total is of the very counts that the buckets were made of, so they agree. */
void
exposition_histogram(struct buffer *out, const char *name, const struct label *labels,
    const struct durations *durations)
{
	char full[SUFFIXED_MAX], bound[32];
	unsigned long long count = 0;

	snprintf(full, sizeof(full), "%s_bucket", name);
	for (size_t i = 0; i < DURATIONS_BOUNDS; i++) {
		snprintf(
		    bound, sizeof(bound), "%g", (double)durations_bounds_ns[i] / 1e9);
		count += atomic_load(&durations->counts[i]);
		write_bucket(out, full, labels, bound, count);
	}
	count += atomic_load(&durations->counts[DURATIONS_BOUNDS]);
	write_bucket(out, full, labels, "+Inf", count);
	snprintf(full, sizeof(full), "%s_sum", name);
	exposition_seconds(
	    out, full, labels, (double)atomic_load(&durations->sum_ns) / 1e9);
	snprintf(full, sizeof(full), "%s_count", name);
	exposition_integer(out, full, labels, (long long)count);
}

void
exposition_gauge(struct buffer *out, const char *name, const char *help, long long value)
{
	exposition_family(out, name, "gauge", help);
	exposition_integer(out, name, NULL, value);
}
