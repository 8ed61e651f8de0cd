/* config.c - settings become values, each checked, each with its default. */
#include "service/config.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "service/listen.h"
#include "service/rules.h"
#include "service/settings.h"
#include "service/syntax.h"

#define FILE_MAX_BYTES    65536
#define LABEL_MAX_BYTES   32 /* of CK_TOKEN_INFO */
#define SERIAL_MAX_BYTES  16
#define MODE_DEFAULT      "0660"
#define WEAK_KEYS_DEFAULT "/usr/share/openssl-blacklist"

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

/* The file that is read: what a message needs to name the place. */
struct source {
	const char *path;
	struct bytes text;
};

static int
refuse(const struct source *source, const char *setting, const char *reason,
    struct error *err)
{
	return error_set(err, ERROR_CONFIG, "%s:%zu: %s: %s", source->path,
	    syntax_line(source->text, setting), setting, reason);
}

/* NULL is fine: whether it must be there is the table's business. */
static int
check_text(const struct source *source, const char *setting, const char *value,
    size_t max_bytes, struct error *err)
{
	if (value == NULL)
		return 0;
	if (value[0] == '\0')
		return refuse(source, setting, "is empty", err);
	if (strlen(value) > max_bytes)
		return refuse(source, setting, "is too long", err);
	return 0;
}

static int
check_path(const struct source *source, const char *setting, const char *value,
    struct error *err)
{
	if (value != NULL && value[0] != '/')
		return refuse(source, setting, "must be an absolute path", err);
	return 0;
}

struct number {
	const char *setting, *value; /* NULL: not said */
	const char *otherwise;
	unsigned min, max, *result;
};

static int
read_numbers(const struct source *source, const struct number *numbers, size_t count,
    struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct number *n = &numbers[i];
		const char *text = n->value != NULL ? n->value : n->otherwise;
		struct error reason;
		uint64_t value;

		if (text_to_uint(text, n->min, n->max, &value, &reason) != 0)
			return refuse(source, n->setting, reason.text, err);
		*n->result = (unsigned)value;
	}
	return 0;
}

static int
read_token(const struct source *source, const struct token_settings *token,
    struct config *config, struct error *err)
{
	const struct number numbers[] = {
		{ "token.max_sessions", token->max_sessions, "16", 1, 1024,
		    &config->max_sessions },
		/* Half of what keyhold.so waits, so that a proxy hears "busy". */
		{ "token.session_wait_ms", token->session_wait_ms, "1000", 1, 60000,
		    &config->session_wait_ms },
		{ "token.session_copies", token->session_copies, "1024", 0, 65536,
		    &config->session_copies },
	};

	if (check_text(source, "token.module", token->module, SIZE_MAX, err) != 0 ||
	    check_text(source, "token.label", token->label, LABEL_MAX_BYTES, err) != 0 ||
	    check_text(source, "token.serial", token->serial, SERIAL_MAX_BYTES, err) !=
		0 ||
	    check_path(source, "token.pin_file", token->pin_file, err) != 0)
		return -1;
	if (token->label == NULL && token->serial == NULL)
		return refuse(source, "token", "label or serial is required", err);
	config->module = token->module;
	config->label = token->label;
	config->serial = token->serial;
	config->pin_file = token->pin_file;
	config->init_args = token->init_args;
	return read_numbers(source, numbers, sizeof(numbers) / sizeof(numbers[0]), err);
}

static const char *
parse_mode(const char *text, mode_t *mode)
{
	unsigned value = 0;
	size_t len = strlen(text);

	if (len < 3 || len > 4 || strspn(text, "01234567") != len)
		return "is not an octal mode such as \"0660\"";
	for (const char *p = text; *p != '\0'; p++)
		value = value * 8 + (unsigned)(*p - '0');
	if ((value & ~0666U) != 0)
		return "has bits that a socket does not use";
	if ((value & 0600) != 0600)
		return "shuts out the owner";
	if ((value & 02) != 0 && value != 0666)
		return "lets every user connect; say 0666 if that is meant";
	*mode = value;
	return NULL;
}

static int
read_group(const struct source *source, const char *setting, const char *name, gid_t *gid,
    struct error *err)
{
	struct group group, *found = NULL;
	char strings[16384], reason[160];
	int error = getgrnam_r(name, &group, strings, sizeof(strings), &found);

	if (error != 0)
		return refuse(source, setting, strerror(error), err);
	snprintf(reason, sizeof(reason), RULES_UNKNOWN, "group", name);
	if (found == NULL)
		return refuse(source, setting, reason, err);
	*gid = found->gr_gid;
	return 0;
}

static int
read_listener_access(const struct source *source, const char *setting,
    const struct listener_settings *settings, struct config_listener *listener,
    struct error *err)
{
	const char *mode = settings->mode != NULL ? settings->mode : MODE_DEFAULT,
		   *reason;
	char part[64];

	snprintf(part, sizeof(part), "%s.mode", setting);
	if ((reason = parse_mode(mode, &listener->mode)) != NULL)
		return refuse(source, part, reason, err);
	snprintf(part, sizeof(part), "%s.group", setting);
	if (settings->group == NULL)
		return 0;
	return read_group(source, part, settings->group, &listener->gid, err);
}

static int
read_listener(const struct source *source, unsigned index,
    const struct listener_settings *settings, struct config_listener *listener,
    struct error *err)
{
	char setting[32], part[64];

	*listener = (struct config_listener){
		.path = settings->path,
		.group = settings->group,
		.gid = CONFIG_GROUP_UNCHANGED,
	};
	snprintf(setting, sizeof(setting), "listen[%u]", index);
	snprintf(part, sizeof(part), "%s.unix", setting);
	if (check_text(source, part, settings->path, LISTEN_PATH_MAX, err) != 0)
		return -1;
	if (settings->path[0] != '@') {
		if (check_path(source, part, settings->path, err) != 0)
			return -1;
		return read_listener_access(source, setting, settings, listener, err);
	}
	if (settings->path[1] == '\0')
		return refuse(source, part, "an abstract socket needs a name", err);
	if (settings->mode != NULL || settings->group != NULL)
		return refuse(
		    source, part, "an abstract socket has no mode and no group", err);
	return 0;
}

/* The second would be found in use, by the first. */
static int
check_unique(const struct source *source, unsigned index, const struct config *config,
    struct error *err)
{
	const char *path = config->listeners[index].path;
	char setting[32], reason[48];

	for (unsigned i = 0; i < index; i++) {
		if (strcmp(config->listeners[i].path, path) != 0)
			continue;
		snprintf(setting, sizeof(setting), "listen[%u].unix", index);
		snprintf(reason, sizeof(reason), "is listen[%u].unix already", i);
		return refuse(source, setting, reason, err);
	}
	return 0;
}

static int
read_listeners(const struct source *source, const struct settings *settings,
    struct config *config, struct error *err)
{
	config->listeners = calloc(settings->listen_count, sizeof(*config->listeners));
	if (config->listeners == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	for (unsigned i = 0; i < settings->listen_count; i++) {
		if (read_listener(source, i, &settings->listen[i], &config->listeners[i],
			err) != 0 ||
		    check_unique(source, i, config, err) != 0)
			return -1;
		config->listener_count++;
	}
	return 0;
}

static int
read_access(const struct source *source, const struct settings *settings,
    struct config *config, struct error *err)
{
	char place[RULES_PLACE_SIZE], setting[RULES_PLACE_SIZE + 32];
	struct access_rule *rules;
	struct error reason;

	if (settings->access_count == 0)
		return 0;
	if ((rules = calloc(settings->access_count, sizeof(*rules))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	config->access.rules = rules;
	for (unsigned i = 0; i < settings->access_count; i++) {
		if (rules_read(&settings->access[i], &rules[i], place, &reason) != 0) {
			snprintf(setting, sizeof(setting), "access[%u].%s", i, place);
			return refuse(source, setting, reason.text, err);
		}
		config->access.count++;
	}
	return 0;
}

static int
read_log_level(const struct source *source, const char *name, struct config *config,
    struct error *err)
{
	config->log_level = LOG_LEVEL_INFO;
	if (name == NULL)
		return 0;
	for (enum log_level i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++) {
		if (strcmp(name, level_names[i]) == 0) {
			config->log_level = i;
			return 0;
		}
	}
	return refuse(source, "log_level", "is not error, info or debug", err);
}

/* Debian's package puts the lists there; without it there are none. */
static int
read_weak_keys(const struct source *source, const struct settings *settings,
    struct config *config, struct error *err)
{
	config->weak_keys = settings->weak_keys;
	if (config->weak_keys != NULL)
		return check_path(source, "weak_keys", config->weak_keys, err);
	if (access(WEAK_KEYS_DEFAULT, F_OK) == 0)
		config->weak_keys = WEAK_KEYS_DEFAULT;
	return 0;
}

static int
read_settings(const struct source *source, struct config *config, struct error *err)
{
	const struct settings *settings = config->settings;

	config->state = settings->state;
	if (read_token(source, &settings->token, config, err) != 0 ||
	    read_listeners(source, settings, config, err) != 0 ||
	    read_access(source, settings, config, err) != 0 ||
	    check_path(source, "state", settings->state, err) != 0 ||
	    read_weak_keys(source, settings, config, err) != 0)
		return -1;
	return read_log_level(source, settings->log_level, config, err);
}

int
config_read(const char *path, struct config **config, struct error *err)
{
	struct source source = { .path = path };
	struct config *c = NULL;
	struct buffer text;
	int rc = -1;

	buf_init(&text, 0);
	if (file_read(path, FILE_MAX_BYTES, &text, err) != 0)
		goto out;
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	source.text = buf_bytes(&text);
	if (settings_parse(source.text, path, &c->settings, err) != 0 ||
	    read_settings(&source, c, err) != 0)
		goto out;
	*config = c;
	c = NULL; /* handed over */
	rc = 0;
out:
	config_free(c);
	buf_free(&text);
	return rc;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	settings_free(config->settings);
	free(config->listeners);
	free((void *)config->access.rules);
	free(config);
}

/* Double-quoted YAML; NULL prints nothing. */
static void
print_text(FILE *out, const char *indent, const char *name, const char *value)
{
	if (value == NULL)
		return;
	fprintf(out, "%s%s: \"", indent, name);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			fprintf(out, "\\%c", *value);
		else if ((unsigned char)*value < ' ' || *value == 0x7f)
			fprintf(out, "\\x%02x", (unsigned char)*value);
		else
			putc(*value, out);
	}
	fprintf(out, "\"\n");
}

static void
print_listener(FILE *out, const struct config_listener *listener)
{
	print_text(out, "  - ", "unix", listener->path);
	if (listener->path[0] == '@')
		return;
	fprintf(out, "    mode: \"%04o\"%s\n", (unsigned)listener->mode,
	    listener->mode == 0666 ? " # every local user can connect" : "");
	print_text(out, "    ", "group", listener->group);
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
	print_text(out, "  - ", "who", settings->who);
	fprintf(out, "    may: [");
	for (unsigned i = 0; i < settings->may_count; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", settings->may[i]);
	fprintf(out, "]\n");
	print_patterns(out, "keys", settings->keys, settings->keys_count);
	print_patterns(out, "issuers", settings->issuers, settings->issuers_count);
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

void
config_print(const struct config *config, FILE *out)
{
	fprintf(out, "token:\n");
	print_text(out, "  ", "module", config->module);
	print_text(out, "  ", "label", config->label);
	print_text(out, "  ", "serial", config->serial);
	print_text(out, "  ", "pin_file", config->pin_file);
	if (config->pin_file == NULL)
		fprintf(
		    out, "  # the PIN comes from the systemd credential keyhold-pin\n");
	print_text(out, "  ", "init_args", config->init_args);
	fprintf(out,
	    "  max_sessions: %u\n  session_wait_ms: %u\n  session_copies: %u\n"
	    "listen:\n",
	    config->max_sessions, config->session_wait_ms, config->session_copies);
	for (size_t i = 0; i < config->listener_count; i++)
		print_listener(out, &config->listeners[i]);
	print_access(out, config->settings);
	print_text(out, "", "state", config->state);
	print_text(out, "", "weak_keys", config->weak_keys);
	if (config->weak_keys == NULL)
		fprintf(out, "# no lists of Debian's weak keys\n");
	fprintf(out, "log_level: %s\n", level_names[config->log_level]);
}
