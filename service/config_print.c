/* config_print.c - the effective settings, as YAML. */
#include "service/config_print.h"

#include "service/config.h"
#include "service/config_limits.h"
#include "service/config_token.h"
#include "service/settings.h"

/* Double-quoted YAML. */
static void
print_quoted(FILE *out, const char *value)
{
	putc('"', out);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			fprintf(out, "\\%c", *value);
		else if ((unsigned char)*value < ' ' || *value == 0x7f)
			fprintf(out, "\\x%02x", (unsigned char)*value);
		else
			putc(*value, out);
	}
	putc('"', out);
}

void
config_print_text(FILE *out, const char *indent, const char *name, const char *value)
{
	if (value == NULL)
		return;
	fprintf(out, "%s%s: ", indent, name);
	print_quoted(out, value);
	putc('\n', out);
}

static void
print_tcp(FILE *out, const struct config_listener *listener)
{
	if (listener->kind == LISTENER_HTTP) {
		config_print_text(out, "  - ", "http", listener->name);
		return;
	}
	config_print_text(out, "  - ", "https", listener->name);
	config_print_text(out, "    ", "certificate", listener->certificate);
	fprintf(out, "    client_auth: %s\n", client_auth_name(listener->client_auth));
	config_print_text(out, "    ", "client_ca", listener->client_ca);
}

static void
print_listener(FILE *out, const struct config_listener *listener)
{
	if (listener->kind != LISTENER_UNIX) {
		print_tcp(out, listener);
		return;
	}
	config_print_text(out, "  - ", "unix", listener->path);
	if (listener->path[0] == '@')
		return;
	fprintf(out, "    mode: \"%04o\"%s\n", (unsigned)listener->mode,
	    listener->mode == 0666 ? " # every local user can connect" : "");
	config_print_text(out, "    ", "owner", listener->owner);
	config_print_text(out, "    ", "group", listener->group);
}

/* Rights and patterns have no character that YAML wants escaped. */
static void
print_patterns(FILE *out, const char *name, char *const *patterns, unsigned count)
{
	if (count == 0)
		return;
	fprintf(out, "    %s: [", name);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", patterns[i]);
	fprintf(out, "]\n");
}

static void
print_rule(FILE *out, const struct access_settings *settings)
{
	config_print_text(out, "  - ", "who", settings->who);
	fprintf(out, "    may: [");
	for (unsigned i = 0; i < settings->may_count; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", settings->may[i]);
	fprintf(out, "]\n");
	print_patterns(out, "keys", settings->keys, settings->keys_count);
	print_patterns(out, "issuers", settings->issuers, settings->issuers_count);
	print_patterns(out, "profiles", settings->profiles, settings->profiles_count);
	print_patterns(out, "names", settings->names, settings->names_count);
	config_print_text(out, "    ", "rate", settings->rate);
	config_print_text(out, "    ", "concurrent", settings->concurrent);
}

static void
print_access(FILE *out, const struct settings *settings)
{
	if (settings->access_count > 0)
		fprintf(out, "access:\n");
	else
		fprintf(out, "# no access rules: for root and this user only\n");
	for (unsigned i = 0; i < settings->access_count; i++)
		print_rule(out, &settings->access[i]);
}

static void
print_words(FILE *out, const char *name, char *const *words, unsigned count)
{
	if (count == 0)
		return;
	fprintf(out, "  %s: [", name);
	for (unsigned i = 0; i < count; i++) {
		fprintf(out, "%s", i > 0 ? ", " : "");
		print_quoted(out, words[i]);
	}
	fprintf(out, "]\n");
}

static void
print_cage(FILE *out, const struct config *config)
{
	const struct cage_settings *settings = &config->settings->cage;

	fprintf(out, "cage:\n  seccomp: %s\n  landlock: %s\n",
	    cage_seccomp_name(config->cage.seccomp),
	    config->cage.landlock ? "on" : "off");
	print_words(out, "read", settings->read, settings->read_count);
	print_words(out, "write", settings->write, settings->write_count);
	print_words(
	    out, "system_calls", settings->system_calls, settings->system_calls_count);
	print_words(out, "connect", settings->connect, settings->connect_count);
}

void
config_print(const struct config *config, FILE *out)
{
	config_print_tokens(config, out);
	fprintf(out, "listen:\n");
	for (size_t i = 0; i < config->listener_count; i++)
		print_listener(out, &config->listeners[i]);
	print_access(out, config->settings);
	fprintf(out, "audit:\n  tls: %s\n  head_interval_s: %u\n",
	    config->audit_each ? "each" : "minute", config->audit_head_interval_s);
	config_print_limits(&config->limits, out);
	config_print_text(out, "", "state", config->state);
	config_print_text(out, "", "weak_keys", config->weak_keys);
	if (config->weak_keys == NULL)
		fprintf(out, "# no lists of Debian's weak keys\n");
	print_cage(out, config);
	fprintf(out, "log_level: %s\n", log_level_name(config->log_level));
}
