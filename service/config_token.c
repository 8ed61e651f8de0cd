/* config_token.c - the token, or the tokens by their names. */
#include "service/config_token.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/config_print.h"

#define LABEL_MAX_BYTES  32 /* of CK_TOKEN_INFO */
#define SERIAL_MAX_BYTES 16
#define SETTING_MAX      64

/* The settings of one token, and where they are in the file. */
struct section {
	const struct source *source;
	const char *name; /* "token", or "tokens[1]" */
	const struct token_settings *settings;
	struct config_token *token;
};

static const char *
place(char text[static SETTING_MAX], const struct section *section, const char *setting)
{
	snprintf(text, SETTING_MAX, "%.20s.%.40s", section->name, setting);
	return text;
}

static int
refuse(const struct section *section, const char *setting, const char *reason,
    struct error *err)
{
	char text[SETTING_MAX];

	return source_refuse(section->source, place(text, section, setting), reason, err);
}

static int
read_numbers(const struct section *section, struct error *err)
{
	const struct token_settings *settings = section->settings;
	struct config_token *token = section->token;
	struct number numbers[] = {
		{ "max_sessions", settings->max_sessions, "16", 1, 1024,
		    &token->max_sessions },
		/* Half of what keyhold.so waits, so that a proxy hears "busy". */
		{ "session_wait_ms", settings->session_wait_ms, "1000", 1, 60000,
		    &token->session_wait_ms },
		{ "session_copies", settings->session_copies, "1024", 0, 65536,
		    &token->session_copies },
		{ "verify_one_in", settings->verify_one_in, "256", 0, 1000000,
		    &token->verify_one_in },
		{ "hang_ms", settings->hang_ms, "5000", 100, 600000, &token->hang_ms },
		{ "reload_pause_ms", settings->reload_pause_ms, "1000", 10, 60000,
		    &token->reload_pause_ms },
		{ "watchdog_s", settings->watchdog_s, "60", 0, 86400,
		    &token->watchdog_s },
		{ "keepalive_s", settings->keepalive_s, "20", 0, 86400,
		    &token->keepalive_s },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char setting[SETTING_MAX];

		numbers[i].setting = place(setting, section, numbers[i].setting);
		if (source_read_numbers(section->source, &numbers[i], 1, err) != 0)
			return -1;
	}
	if (token->watchdog_s != 0 && token->watchdog_s * UINT64_C(1000) < token->hang_ms)
		return refuse(section, "watchdog_s",
		    "is sooner than hang_ms says that a call hangs", err);
	return 0;
}

static int
check_texts(const struct section *section, struct error *err)
{
	const struct token_settings *settings = section->settings;
	const struct {
		const char *setting, *value;
		size_t max;
	} texts[] = {
		{ "module", settings->module, SIZE_MAX },
		{ "label", settings->label, LABEL_MAX_BYTES },
		{ "serial", settings->serial, SERIAL_MAX_BYTES },
	};
	char setting[SETTING_MAX];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (source_check_text(section->source,
			place(setting, section, texts[i].setting), texts[i].value,
			texts[i].max, err) != 0)
			return -1;
	if (source_check_path(section->source, place(setting, section, "pin_file"),
		settings->pin_file, err) != 0)
		return -1;
	if (settings->label == NULL && settings->serial == NULL)
		return source_refuse(
		    section->source, section->name, "label or serial is required", err);
	return 0;
}

static int
read_name(const struct section *section, bool is_one, struct error *err)
{
	struct config_token *token = section->token;

	token->name = section->settings->name;
	if (token->name == NULL && !is_one)
		return source_refuse(
		    section->source, section->name, "name is required", err);
	if (token->name == NULL)
		token->name = CONFIG_TOKEN_NAME;
	if (!name_is_valid(token->name))
		return refuse(
		    section, "name", "is not a name: [a-z0-9][a-z0-9._-]{0,62}", err);
	if (is_one)
		snprintf(token->credential, sizeof(token->credential), "keyhold-pin");
	else
		snprintf(token->credential, sizeof(token->credential), "keyhold-pin-%s",
		    token->name);
	return 0;
}

static int
read_token(const struct section *section, bool is_one, struct error *err)
{
	const struct token_settings *settings = section->settings;
	struct config_token *token = section->token;

	token->module = settings->module;
	token->label = settings->label;
	token->serial = settings->serial;
	token->pin_file = settings->pin_file;
	token->init_args = settings->init_args;
	if (read_name(section, is_one, err) != 0 || check_texts(section, err) != 0)
		return -1;
	return read_numbers(section, err);
}

static bool
is_same(const char *a, const char *b)
{
	return (a == NULL && b == NULL) || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* A process initialises a module once, and each token has one keeper. */
static int
check_pair(
    const struct section *section, const struct config_token *other, struct error *err)
{
	const struct config_token *token = section->token;

	if (strcmp(token->name, other->name) == 0)
		return refuse(section, "name", "is another token's", err);
	if (strcmp(token->module, other->module) != 0)
		return 0;
	if (!is_same(token->init_args, other->init_args))
		return refuse(section, "init_args",
		    "must be the same for all tokens of one module", err);
	if (is_same(token->label, other->label) && is_same(token->serial, other->serial))
		return source_refuse(
		    section->source, section->name, "is another entry's token", err);
	return 0;
}

static int
read_list(const struct source *source, const struct settings *settings,
    struct config *config, struct error *err)
{
	char name[SETTING_MAX];
	struct section section = { .source = source, .name = name };

	for (unsigned i = 0; i < settings->tokens_count; i++) {
		snprintf(name, sizeof(name), "tokens[%u]", i);
		section.settings = &settings->tokens[i];
		section.token = &config->tokens[i];
		if (read_token(&section, false, err) != 0)
			return -1;
		config->token_count++;
		for (unsigned n = 0; n < i; n++)
			if (check_pair(&section, &config->tokens[n], err) != 0)
				return -1;
	}
	return 0;
}

int
config_read_tokens(const struct source *source, const struct settings *settings,
    struct config *config, struct error *err)
{
	size_t count = settings->tokens_count > 0 ? settings->tokens_count : 1;
	struct section section = { source, "token", settings->token, NULL };

	if (settings->token != NULL && settings->tokens_count > 0)
		return source_refuse(source, "tokens", "stands beside token", err);
	if (settings->token == NULL && settings->tokens_count == 0)
		return error_set(
		    err, ERROR_CONFIG, "%s:1: missing setting \"token\"", source->path);
	if ((config->tokens = calloc(count, sizeof(*config->tokens))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (settings->token == NULL)
		return read_list(source, settings, config, err);
	config->token_count = 1;
	section.token = config->tokens;
	return read_token(&section, true, err);
}

static void
print_token(const struct config_token *token, const char *first, FILE *out)
{
	config_print_text(out, first, "name", token->name);
	config_print_text(out, "    ", "module", token->module);
	config_print_text(out, "    ", "label", token->label);
	config_print_text(out, "    ", "serial", token->serial);
	config_print_text(out, "    ", "pin_file", token->pin_file);
	if (token->pin_file == NULL)
		fprintf(out, "    # the PIN comes from the systemd credential %s\n",
		    token->credential);
	config_print_text(out, "    ", "init_args", token->init_args);
	fprintf(out,
	    "    max_sessions: %u\n    session_wait_ms: %u\n    session_copies: %u\n"
	    "    verify_one_in: %u\n    hang_ms: %u\n    reload_pause_ms: %u\n"
	    "    watchdog_s: %u\n    keepalive_s: %u\n",
	    token->max_sessions, token->session_wait_ms, token->session_copies,
	    token->verify_one_in, token->hang_ms, token->reload_pause_ms,
	    token->watchdog_s, token->keepalive_s);
}

void
config_print_tokens(const struct config *config, FILE *out)
{
	bool is_one = config->settings->token != NULL;

	fprintf(out, is_one ? "token:\n" : "tokens:\n");
	for (size_t i = 0; i < config->token_count; i++)
		print_token(&config->tokens[i], is_one ? "    " : "  - ", out);
}
