/*
 * token_fill.c - makes keys on a token as keyholdd makes them, without a request and a
 * durable record for each, and prints what a database must say of them.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "bench/options.h"
#include "pkcs11/generate.h"

#define KEYS_MAX 1000000

static const char usage[] =
    "usage: token_fill --module PATH --token LABEL --pin-file FILE --type TYPE\n"
    "                  --name PREFIX --count N [--first N]\n"
    "\n"
    "Makes PREFIX0 to PREFIX(N-1), or N from --first on, and prints a line for each:\n"
    "name, CKA_ID, SHA-256 of the SPKI, SPKI. Nobody else may write to the token.\n";

struct setting {
	const char *module, *pin_file, *name, *type;
	struct token_options token;
	unsigned first, count;
};

static int
read_setting(int argc, char **argv, struct setting *s, struct error *err)
{
	const struct option_row rows[] = {
		{ "module", .text = &s->module, .required = true },
		{ "token", .text = &s->token.label, .required = true },
		{ "pin-file", .text = &s->pin_file, .required = true },
		{ "type", .text = &s->type, .required = true },
		{ "name", .text = &s->name, .required = true },
		{ "count", .number = &s->count, .min = 1, .max = KEYS_MAX,
		    .required = true },
		{ "first", .number = &s->first, .min = 0, .max = KEYS_MAX },
	};

	if (options_read(argc, argv, usage, rows, sizeof(rows) / sizeof(rows[0]), err) !=
	    0)
		return -1;
	return 0;
}

static int
open_token(const struct setting *s, struct module **module, struct token **token,
    struct error *err)
{
	struct secret *pin = NULL;
	int rc = -1;

	/* As in keyholdd: SoftHSM uses this libcrypto, and is not to be configured. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (secret_read_file(s->pin_file, &pin, err) == 0 &&
	    module_open(s->module, NULL, module, err) == 0)
		rc = token_open(*module, &s->token, pin, token, err);
	secret_free(pin);
	return rc;
}

static void
print_hex(const void *data, size_t len, char end)
{
	char text[2 * KEY_SPKI_MAX + 1];

	hex_encode(text, data, len);
	printf("%s%c", text, end);
}

static int
make_key(const struct setting *s, struct token *token, uint64_t number, struct error *err)
{
	char name[NAME_MAX_CHARS + 1];
	struct token_key made;
	struct key key;
	enum key_type type;

	snprintf(name, sizeof(name), "%s%llu", s->name, (unsigned long long)number);
	if (key_type_read(s->type, &type, err) != 0 ||
	    token_generate(token, name, type, false, &key, &made, err) != 0)
		return -1;
	printf("%s\t", name);
	print_hex(made.id.data, made.id.len, '\t');
	print_hex(key.spki_sha256, sizeof(key.spki_sha256), '\t');
	print_hex(key.spki, key.spki_len, '\n');
	return 0;
}

int
main(int argc, char **argv)
{
	struct setting setting = { .token = { .max_sessions = 1 } };
	struct module *module = NULL;
	struct token *token = NULL;
	struct error err = { 0 };
	int rc = -1;

	if (read_setting(argc, argv, &setting, &err) == 0 &&
	    open_token(&setting, &module, &token, &err) == 0)
		rc = 0;
	for (unsigned i = 0; rc == 0 && i < setting.count; i++)
		rc = make_key(&setting, token, setting.first + i, &err);
	if (rc != 0)
		fprintf(stderr, "token_fill: %s\n", err.text);
	token_close(token);
	module_close(module);
	return rc == 0 ? 0 : 1;
}
