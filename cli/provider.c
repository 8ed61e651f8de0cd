/* provider.c - keyhold provider: what OpenSSL needs to load keyhold.so. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/*
 * config(5) gives these a meaning in a value; a backslash takes it away. A control
 * character cannot be written there at all.
 */
static int
write_value(struct buffer *out, const char *name, const char *value, struct error *err)
{
	buf_printf(out, "%s = ", name);
	for (const char *p = value; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return error_set(
			    err, ERROR_CONFIG, "--%s: a control character", name);
		if (strchr("\\$#\"'`;", *p) != NULL)
			buf_text(out, "\\");
		buf_append(out, p, 1);
	}
	buf_text(out, "\n");
	return 0;
}

/* From this directory, since another process reads the path in another one. */
static int
append_absolute(struct buffer *out, const char *path, struct error *err)
{
	char here[PATH_MAX];

	if (*path != '/') {
		if (getcwd(here, sizeof(here)) == NULL)
			return error_set_errno(err, ERROR_IO, "this directory");
		buf_printf(out, "%s/", here);
	}
	buf_text(out, path);
	return 0;
}

static int
find_module(const char *path, struct buffer *module, bool *is_there, struct error *err)
{
	char *real;

	if (*path == '\0')
		return error_set(err, ERROR_CONFIG, "--module: an empty path");
	real = realpath(path, NULL);
	*is_there = real != NULL;
	if (real == NULL)
		return append_absolute(module, path, err);
	buf_text(module, real);
	free(real);
	return 0;
}

/* list is PATH[,PATH]; "@name" is abstract and nowhere in the file system. */
static int
find_sockets(const char *list, struct buffer *sockets, struct error *err)
{
	char path[PATH_MAX];
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (len == 0)
			return error_set(err, ERROR_CONFIG, "--socket: an empty path");
		if (len >= sizeof(path))
			return error_set(err, ERROR_CONFIG, "--socket: path too long");
		memcpy(path, list, len);
		path[len] = '\0';
		if (path[0] == '@')
			buf_text(sockets, path);
		else if (append_absolute(sockets, path, err) != 0)
			return -1;
		if (list[len] == '\0')
			return 0;
		buf_text(sockets, ",");
	}
}

/*
 * The default provider comes first and by name: a configuration that activates any
 * provider turns off the automatic one, and TLS with it.
 */
static void
write_config(struct buffer *text)
{
	buf_text(text,
	    "# For processes that use keys in keyholdd: OPENSSL_CONF=this-file nginx "
	    "...\n"
	    "openssl_conf = openssl_init\n"
	    "\n[openssl_init]\nproviders = provider_sect\n"
	    "\n[provider_sect]\ndefault = default_sect\nkeyhold = keyhold_sect\n"
	    "\n[default_sect]\nactivate = 1\n"
	    "\n[keyhold_sect]\n");
}

/* Only what was asked for: keyhold.so has its own defaults. */
static int
write_timeout(struct buffer *out, const struct arguments *args, const char *option,
    const char *name, struct error *err)
{
	uint64_t value = 0;

	if (argument_number(args, option, CLIENT_TIMEOUT_MAX_MS, &value, err) != 0)
		return -1;
	if (!argument_given(args, option))
		return 0;
	if (value == 0)
		return error_set(err, ERROR_CONFIG, "--%s: at least 1", option);
	buf_printf(out, "%s = %llu\n", name, (unsigned long long)value);
	return 0;
}

static int
print_config(struct cli *cli, struct error *err)
{
	struct buffer text, module, sockets;
	bool is_there = false;
	int rc = -1;

	buf_init(&text, 0);
	buf_init(&module, 0);
	buf_init(&sockets, 0);
	write_config(&text);
	if (find_module(argument_value(&cli->args, "module"), &module, &is_there, err) !=
		0 ||
	    find_sockets(cli->sockets, &sockets, err) != 0 ||
	    write_value(&text, "module", buf_string(&module), err) != 0 ||
	    write_value(&text, "socket", buf_string(&sockets), err) != 0 ||
	    write_timeout(&text, &cli->args, "connect-timeout-ms", "connect_timeout_ms",
		err) != 0 ||
	    write_timeout(
		&text, &cli->args, "answer-timeout-ms", "answer_timeout_ms", err) != 0)
		goto out;
	buf_text(&text, "activate = 1\n");
	fputs(buf_string(&text), cli->out);
	if (!is_there)
		fprintf(cli->errors,
		    "keyhold: warning: %s is not there; nginx will say \"No supported "
		    "data to decode\"\n",
		    buf_string(&module));
	rc = 0;
out:
	buf_free(&text);
	buf_free(&module);
	buf_free(&sockets);
	return rc;
}

static const struct option_spec config_options[] = {
	{ .name = "module",
	    .metavar = "PATH",
	    .help = "where keyhold.so is, if it is not installed",
	    .fallback = KEYHOLD_PROVIDER_PATH },
	{ .name = "connect-timeout-ms",
	    .metavar = "N",
	    .help = "how long keyhold.so tries to connect to each socket; without it "
		    "200" },
	{ .name = "answer-timeout-ms",
	    .metavar = "N",
	    .help = "how long it waits for a signature; without it 2000" },
	{ .name = NULL },
};

const struct command provider_commands[] = {
	{ "provider config", NULL, "print an openssl.cnf that loads keyhold.so",
	    "keyhold provider config > /etc/keyhold/openssl.cnf", config_options,
	    print_config },
	{ .path = NULL },
};
