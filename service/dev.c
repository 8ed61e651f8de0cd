/* dev.c - prepares the directory of --dev. */
#include "service/dev.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/module.h"
#include "pkcs11/token.h"

#define TOKEN_LABEL      "keyhold-dev"
#define PIN_RANDOM_BYTES 15 /* 30 hex digits: libp11 0.4.12 takes at most 32 */

struct dev {
	char dir[PATH_MAX - 64]; /* absolute; room for the names below it */
	const char *group;
};

static const char *
path_of(const struct dev *dev, const char *name, char out[static PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", dev->dir, name);
	return out;
}

/* Some names end up between quotes in YAML. */
static int
check_name(const char *name, struct error *err)
{
	if (strpbrk(name, "\"\\\n") == NULL)
		return 0;
	return error_set(err, ERROR_CONFIG, "a quote, backslash or line end in a name");
}

/* 0711: others may pass through to the socket, whose own mode decides, and see no names.
 */
static int
make_top(const char *dir, struct dev *dev, struct error *err)
{
	char *absolute;
	int rc;

	if (file_make_directory(dir, 0711, err) != 0)
		return -1;
	if ((absolute = realpath(dir, NULL)) == NULL)
		return error_set_errno(err, ERROR_IO, "%s", dir);
	rc = text_copy(dev->dir, sizeof(dev->dir), absolute);
	free(absolute);
	if (rc != 0)
		return error_set(err, ERROR_IO, "%s: the path is too long", dir);
	return 0;
}

static int
make_directories(const struct dev *dev, struct error *err)
{
	static const char *const names[] = { "token", "token/store", "state" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (file_make_directory(path_of(dev, names[i], path), 0700, err) != 0)
			return -1;
	return 0;
}

/* A PIN of its own for each directory, never shown. */
static int
make_pin(const char *path, struct secret **pin, struct error *err)
{
	unsigned char random[PIN_RANDOM_BYTES];
	char text[2 * PIN_RANDOM_BYTES + 1];
	int rc = -1;

	if (access(path, F_OK) == 0)
		return secret_read_file(path, pin, err);
	if (RAND_priv_bytes(random, sizeof(random)) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "random PIN");
	hex_encode(text, random, sizeof(random));
	if (file_write(path, text, strlen(text), 0600, err) == 0)
		rc = secret_new(text, strlen(text), pin, err);
	OPENSSL_cleanse(random, sizeof(random));
	OPENSSL_cleanse(text, sizeof(text));
	return rc;
}

static int
write_softhsm_conf(const struct dev *dev, struct error *err)
{
	static const char placeholder[] = "@TOKENDIR@";
	const char *at = strstr(dev_softhsm_conf, placeholder);
	char path[PATH_MAX], store[PATH_MAX];
	struct buffer text;
	int rc;

	if (at == NULL)
		abort();
	buf_init(&text, 0);
	buf_append(&text, dev_softhsm_conf, (size_t)(at - dev_softhsm_conf));
	buf_text(&text, path_of(dev, "token/store", store));
	buf_text(&text, at + strlen(placeholder));
	path_of(dev, "token/softhsm2.conf", path);
	rc = file_write(path, text.data, text.len, 0600, err);
	buf_free(&text);
	if (rc == 0 && setenv("SOFTHSM2_CONF", path, 1) != 0)
		rc = error_set_errno(err, ERROR_INTERNAL, "SOFTHSM2_CONF");
	return rc;
}

static int
make_token(const struct secret *so_pin, const struct secret *pin, enum exit_code *code,
    struct error *err)
{
	struct token_options wanted = { .label = TOKEN_LABEL };
	struct module *module;
	int rc;

	*code = EXIT_MODULE;
	if (module_open(DEV_SOFTHSM_MODULE, NULL, &module, err) != 0)
		return -1;
	*code = EXIT_TOKEN;
	rc = token_look(module, &wanted, err);
	if (rc != 0 && err->code == ERROR_NOT_FOUND)
		rc = token_initialise(module, TOKEN_LABEL, so_pin, pin, err);
	module_close(module);
	return rc;
}

static int
prepare_token(const struct dev *dev, enum exit_code *code, struct error *err)
{
	struct secret *pin = NULL, *so_pin = NULL;
	char path[PATH_MAX];
	int rc = -1;

	if (make_pin(path_of(dev, "pin", path), &pin, err) == 0 &&
	    make_pin(path_of(dev, "so-pin", path), &so_pin, err) == 0 &&
	    write_softhsm_conf(dev, err) == 0)
		rc = make_token(so_pin, pin, code, err);
	secret_free(pin);
	secret_free(so_pin);
	return rc;
}

static int
write_config(const struct dev *dev, const char *path, struct error *err)
{
	struct buffer text;
	int rc;

	buf_init(&text, 0);
	buf_printf(&text,
	    "# Written by keyholdd --dev at each start.\n"
	    "token:\n"
	    "  module: " DEV_SOFTHSM_MODULE "\n"
	    "  label: " TOKEN_LABEL "\n"
	    "  pin_file: \"%s/pin\"\n"
	    "listen:\n"
	    "  - unix: \"%s/keyhold.sock\"\n"
	    "    mode: \"%s\"\n",
	    dev->dir, dev->dir, dev->group != NULL ? "0660" : "0600");
	if (dev->group != NULL)
		buf_printf(&text, "    group: \"%s\"\n", dev->group);
	buf_printf(&text, "state: \"%s/state\"\n", dev->dir);
	if (buf_failed(&text))
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	else
		rc = file_write(path, text.data, text.len, 0600, err);
	buf_free(&text);
	return rc;
}

int
dev_prepare(const char *dir, const char *group, char config[static PATH_MAX],
    enum exit_code *code, struct error *err)
{
	struct dev dev = { .group = group };

	*code = EXIT_SETTINGS;
	/* Here, so that nothing is made when it can be seen already. */
	if (check_name(dir, err) != 0 || (group != NULL && check_name(group, err) != 0))
		return -1;
	*code = EXIT_STATE;
	if (make_top(dir, &dev, err) != 0)
		return -1;
	/* And here, because a link above it can hide them. */
	*code = EXIT_SETTINGS;
	if (check_name(dev.dir, err) != 0)
		return -1;
	*code = EXIT_STATE;
	if (make_directories(&dev, err) != 0 ||
	    write_config(&dev, path_of(&dev, "keyhold.yaml", config), err) != 0)
		return -1;
	return prepare_token(&dev, code, err);
}
