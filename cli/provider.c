/* provider.c - keyhold provider: what OpenSSL needs to load keyhold.so. */
#include <string.h>

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

/*
 * The default provider comes first and by name: a configuration that activates any
 * provider turns off the automatic one, and TLS with it.
 */
static int
print_config(struct cli *cli, struct error *err)
{
	struct buffer text;
	int rc = -1;

	buf_init(&text, 0);
	buf_text(&text,
	    "# For processes that use keys in keyholdd: OPENSSL_CONF=this-file nginx "
	    "...\n"
	    "openssl_conf = openssl_init\n"
	    "\n[openssl_init]\nproviders = provider_sect\n"
	    "\n[provider_sect]\ndefault = default_sect\nkeyhold = keyhold_sect\n"
	    "\n[default_sect]\nactivate = 1\n"
	    "\n[keyhold_sect]\n");
	if (write_value(&text, "module", argument_value(&cli->args, "module"), err) !=
		0 ||
	    write_value(&text, "socket", cli->sockets, err) != 0)
		goto out;
	buf_text(&text, "activate = 1\n");
	fputs(buf_string(&text), cli->out);
	rc = 0;
out:
	buf_free(&text);
	return rc;
}

static const struct option_spec config_options[] = {
	{ .name = "module",
	    .metavar = "PATH",
	    .help = "where keyhold.so is, if it is not installed",
	    .fallback = KEYHOLD_PROVIDER_PATH },
	{ .name = NULL },
};

const struct command provider_commands[] = {
	{ "provider config", NULL, "print an openssl.cnf that loads keyhold.so",
	    "keyhold provider config > /etc/keyhold/openssl.cnf", config_options,
	    print_config },
	{ .path = NULL },
};
