/* watchreport.c - rows for Prometheus, and for a program of the operator's. */
#include "cli/watchreport.h"

#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/program.h"
#include "cli/output.h"

#define HOOK_TIMEOUT_MS   30000
#define HOOK_OUTPUT_BYTES 4096

#define NAME_END     "keyhold_expiry_not_after_timestamp_seconds"
#define NAME_FAULTS  "keyhold_expiry_faults"
#define NAME_VERSION "keyhold_expiry_tls_version"
#define NAME_RUN     "keyhold_expiry_last_run_timestamp_seconds"

static const char *
text_of(const json_t *row, const char *member)
{
	const char *text = json_string_value(json_object_get(row, member));

	return text != NULL ? text : "";
}

static void
write_label(struct buffer *out, const json_t *row, const char *member)
{
	buf_printf(out, "%s%s=\"", out->len > 0 ? "," : "", member);
	for (const char *p = text_of(row, member); *p != '\0'; p++) {
		if (*p == '\n')
			buf_text(out, "\\n");
		else if (*p == '"' || *p == '\\')
			buf_printf(out, "\\%c", *p);
		else
			buf_append(out, p, 1);
	}
	buf_text(out, "\"");
}

static void
write_labels(struct buffer *out, const json_t *row)
{
	buf_reset(out);
	write_label(out, row, "kind");
	write_label(out, row, "what");
	write_label(out, row, "where");
	write_label(out, row, "serial");
}

struct families {
	struct buffer ends, faults, versions;
};

static void
write_row(const json_t *row, const char *labels, struct families *f)
{
	const json_t *version, *served = json_object_get(row, "tls");
	int64_t end;
	size_t i;

	if (clock_parse(text_of(row, "not_after"), &end) == 0)
		buf_printf(&f->ends, NAME_END "{%s} %lld\n", labels, (long long)end);
	buf_printf(&f->faults, NAME_FAULTS "{%s} %zu\n", labels,
	    json_array_size(json_object_get(row, "faults")));
	json_array_foreach (served, i, version)
		buf_printf(&f->versions, NAME_VERSION "{%s,version=\"%s\"} 1\n", labels,
		    json_string_value(version));
}

/* One of the same labels twice would make the whole file void. */
static bool
write_rows(const json_t *rows, struct families *f)
{
	bool is_whole = true;
	json_t *seen = json_object();
	struct buffer labels;
	const json_t *row;
	size_t i;

	buf_init(&labels, 0);
	json_array_foreach (rows, i, row) {
		write_labels(&labels, row);
		is_whole = is_whole && !buf_failed(&labels);
		if (json_object_get(seen, buf_string(&labels)) != NULL)
			continue;
		json_object_set_new(seen, buf_string(&labels), json_true());
		write_row(row, buf_string(&labels), f);
	}
	buf_free(&labels);
	json_decref(seen);
	return is_whole;
}

static void
write_family(struct buffer *out, const char *name, const char *help, const char *text)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n%s", name, help, name, text);
}

static void
write_run(struct buffer *out)
{
	char line[128];

	snprintf(line, sizeof(line), NAME_RUN " %lld\n", (long long)clock_now_s());
	write_family(out, NAME_RUN, "When keyhold expiry wrote this.", line);
}

/* What is missing in a file that is whole would look well. */
static bool
write_all(const json_t *rows, struct families *f, struct buffer *out)
{
	bool is_whole = write_rows(rows, f);

	write_family(
	    out, NAME_END, "When it ends, in seconds since 1970.", buf_string(&f->ends));
	write_family(out, NAME_FAULTS, "How many faults it has; 0 is as it should be.",
	    buf_string(&f->faults));
	write_family(out, NAME_VERSION, "1 for each version of TLS that is served.",
	    buf_string(&f->versions));
	write_run(out);
	return is_whole && !buf_failed(&f->ends) && !buf_failed(&f->faults) &&
	       !buf_failed(&f->versions) && !buf_failed(out);
}

int
watchreport_metrics(const struct watch *watch, const char *path, struct error *err)
{
	struct families f;
	struct buffer out;
	int rc;

	buf_init(&f.ends, 0);
	buf_init(&f.faults, 0);
	buf_init(&f.versions, 0);
	buf_init(&out, 0);
	rc = write_all(watch->rows, &f, &out)
		 ? file_write(path, out.data, out.len, 0644, err)
		 : error_set(err, ERROR_INTERNAL, "out of memory");
	buf_free(&f.ends);
	buf_free(&f.faults);
	buf_free(&f.versions);
	buf_free(&out);
	return rc;
}

static void
report(const json_t *row, const char *why, const struct buffer *output, FILE *errors)
{
	struct buffer line;

	buf_init(&line, 0);
	output_text(&line, text_of(row, "what"));
	buf_printf(&line, ": %s", why);
	if (output->len > 0)
		buf_text(&line, ": ");
	output_text(&line, buf_string(output));
	fprintf(errors, "keyhold: hook for %s\n", buf_string(&line));
	buf_free(&line);
}

static int
run_for(const json_t *row, const char *program, FILE *errors)
{
	const json_t *days = json_object_get(row, "days");
	char left[24] = "";
	const char *const argv[] = { program, text_of(row, "what"), text_of(row, "where"),
		left, text_of(row, "not_after"), text_of(row, "verdict"), NULL };
	const struct program hook = { .argv = argv, .timeout_ms = HOOK_TIMEOUT_MS };
	struct error why = { .code = ERROR_NONE };
	struct buffer output;
	int rc;

	if (days != NULL)
		snprintf(left, sizeof(left), "%lld", (long long)json_integer_value(days));
	buf_init(&output, HOOK_OUTPUT_BYTES);
	if ((rc = program_run(&hook, &output, &why)) != 0)
		report(row, why.text, &output, errors);
	buf_free(&output);
	return rc;
}

int
watchreport_hook(const json_t *rows, const char *program, FILE *errors, struct error *err)
{
	const json_t *row;
	int failed = 0;
	size_t i;

	json_array_foreach (rows, i, row)
		failed += run_for(row, program, errors) != 0;
	return failed == 0
		   ? 0
		   : error_set(err, ERROR_IO, "%s failed %d times", program, failed);
}
