/* hook.c - from a hook's definition to a program that ran. */
#include "agent/hook.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/program.h"

#define OUTPUT_MAX 4096
#define WORDS_MAX  64

static int
list_words(
    const struct hook *hook, const char *argv[static WORDS_MAX + 1], struct error *err)
{
	const json_t *word;
	size_t i;

	if (hook->shell != NULL) {
		argv[0] = "/bin/sh";
		argv[1] = "-c";
		argv[2] = hook->shell;
		argv[3] = NULL;
		return 0;
	}
	if (json_array_size(hook->argv) > WORDS_MAX)
		return error_set(
		    err, ERROR_TOO_LARGE, "the hook has more than %d words", WORDS_MAX);
	json_array_foreach (hook->argv, i, word) {
		if ((argv[i] = json_string_value(word)) == NULL)
			return error_set(err, ERROR_INTERNAL,
			    "word %zu of the hook is no text", i + 1);
		argv[i + 1] = NULL;
	}
	return 0;
}

/* The line feed at its end is no part of what it said. */
static void
cut_end(struct buffer *output)
{
	while (output->len > 0 && output->data[output->len - 1] == '\n')
		output->data[--output->len] = '\0';
}

static void
log_output(const struct entry *entry, const struct buffer *output)
{
	char quoted[LOG_QUOTED_MAX];

	if (output->len > 0)
		log_info("hook.spoke", "managed=%s said=\"%s\"", entry->name,
		    log_quoted(quoted, buf_string(output)));
}

int
hook_run(const struct entry *entry, struct buffer *output, struct error *err)
{
	const struct hook *hook = &entry->hook;
	const char *argv[WORDS_MAX + 1] = { NULL };
	const char *variables[] = { NULL, NULL, NULL };
	const struct program program = { .argv = argv,
		.user = hook->user,
		.variables = variables,
		.timeout_ms = hook->timeout_s * 1000 };
	struct buffer said, name, files;
	int rc;

	if (hook->argv == NULL && hook->shell == NULL)
		return 0;
	if (list_words(hook, argv, err) != 0)
		return -1;
	buf_init(&said, OUTPUT_MAX);
	buf_init(&name, 0);
	buf_init(&files, 0);
	buf_printf(&name, "KEYHOLD_MANAGED=%s", entry->name);
	buf_printf(
	    &files, "KEYHOLD_FILES=%s/%s", entry->place.directory, entry->place.name);
	variables[0] = buf_string(&name);
	variables[1] = buf_string(&files);
	rc = program_run(&program, &said, err);
	cut_end(&said);
	log_output(entry, &said);
	if (rc != 0)
		buf_text(output, buf_string(&said));
	buf_free(&said);
	buf_free(&name);
	buf_free(&files);
	return rc;
}
