/* dns01.c - a record that a program of the operator's sets and removes (RFC 8555 section
 * 8.4). */
#include <openssl/sha.h>
#include <string.h>

#include "acme/base64url.h"
#include "acme/challenge.h"
#include "base/program.h"
#include "base/text.h"

#define HOOK_ARGUMENTS_MAX 32
#define HOOK_TIMEOUT_MS    120000
#define OUTPUT_MAX         4096

static void
write_value(const char *authorization, struct buffer *value)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)authorization, strlen(authorization), hash);
	base64url_encode(value, (struct bytes){ hash, sizeof(hash) });
}

/* The program's own arguments, then: add|remove, the record's name, its value. */
static int
make_arguments(const char *const *hook, const char *const own[static 3],
    const char *argv[static HOOK_ARGUMENTS_MAX + 4], struct error *err)
{
	size_t count = 0;

	for (; hook[count] != NULL; count++) {
		if (count == HOOK_ARGUMENTS_MAX)
			return error_set(err, ERROR_CONFIG,
			    "the program for DNS has more than %d arguments",
			    HOOK_ARGUMENTS_MAX);
		argv[count] = hook[count];
	}
	for (size_t i = 0; i < 3; i++)
		argv[count++] = own[i];
	argv[count] = NULL;
	return 0;
}

static int
run(const struct acme_challenge *how, const char *verb, const struct proof *proof,
    struct buffer *output, struct error *err)
{
	const char *argv[HOOK_ARGUMENTS_MAX + 4];
	struct program program = { .argv = argv,
		.timeout_ms =
		    how->hook_timeout_ms > 0 ? how->hook_timeout_ms : HOOK_TIMEOUT_MS };
	struct buffer name, value;
	int rc = -1;

	buf_init(&name, 0);
	buf_init(&value, 0);
	buf_printf(&name, "_acme-challenge.%s", identifier_base(proof->identifier));
	write_value(proof->authorization, &value);
	if (buf_failed(&name) || buf_failed(&value))
		error_set(err, ERROR_INTERNAL, "out of memory");
	else if (make_arguments(how->hook,
		     (const char *[]){ verb, buf_string(&name), buf_string(&value) },
		     argv, err) == 0)
		rc = program_run(&program, output, err);
	buf_free(&name);
	buf_free(&value);
	return rc;
}

static int
show(const struct acme_challenge *how, void *state, const struct proof *proof,
    struct buffer *say, struct error *err)
{
	struct buffer output;
	int rc;

	(void)state;
	buf_init(&output, OUTPUT_MAX);
	rc = run(how, "add", proof, &output, err);
	if (rc != 0 && output.len > 0) {
		buf_printf(say, "%s said:\n", how->hook[0]);
		text_clean(say, buf_string(&output), OUTPUT_MAX, "\n\t");
		buf_text(say, "\n");
	}
	buf_free(&output);
	return rc;
}

/* A record that stays does no harm: its failure is none of the order's. */
static void
hide(const struct acme_challenge *how, void *state, const struct proof *proof)
{
	struct buffer output;
	struct error err;

	(void)state;
	buf_init(&output, OUTPUT_MAX);
	run(how, "remove", proof, &output, &err);
	buf_free(&output);
}

const struct solver dns01_hook = { NULL, show, hide, NULL };
