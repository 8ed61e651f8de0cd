/* config.c - settings become values, each checked, each with its default. */
#include "service/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "api/cap.h"
#include "base/file.h"
#include "base/text.h"
#include "service/config_access.h"
#include "service/config_audit.h"
#include "service/config_cage.h"
#include "service/config_limits.h"
#include "service/config_listen.h"
#include "service/config_token.h"
#include "service/settings.h"
#include "service/source.h"

#define FILE_MAX_BYTES    65536
#define SHA256_BYTES      32
#define WEAK_KEYS_DEFAULT "/usr/share/openssl-blacklist"

static int
read_log_level(const struct source *source, const char *name, struct config *config,
    struct error *err)
{
	config->log_level = LOG_LEVEL_INFO;
	if (name == NULL)
		return 0;
	for (enum log_level i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++) {
		if (strcmp(name, log_level_name(i)) == 0) {
			config->log_level = i;
			return 0;
		}
	}
	return source_refuse(source, "log_level", "is not error, info or debug", err);
}

/* Debian's package puts the lists there; without it there are none. */
static int
read_weak_keys(const struct source *source, const struct settings *settings,
    struct config *config, struct error *err)
{
	config->weak_keys = settings->weak_keys;
	if (config->weak_keys != NULL)
		return source_check_path(source, "weak_keys", config->weak_keys, err);
	if (access(WEAK_KEYS_DEFAULT, F_OK) == 0)
		config->weak_keys = WEAK_KEYS_DEFAULT;
	return 0;
}

static int
read_settings(const struct source *source, struct config *config, struct error *err)
{
	const struct settings *settings = config->settings;

	config->state = settings->state;
	if (config_read_tokens(source, settings, config, err) != 0 ||
	    config_read_listeners(source, settings, config, err) != 0 ||
	    config_read_access(source, settings, config, err) != 0 ||
	    config_read_audit(source, &settings->audit, config, err) != 0 ||
	    config_read_limits(source, &settings->limits, config_sessions(config),
		&config->limits, err) != 0 ||
	    source_check_path(source, "state", settings->state, err) != 0 ||
	    read_weak_keys(source, settings, config, err) != 0)
		return -1;
	if (config_read_cage(source, &settings->cage, &config->cage, err) != 0)
		return -1;
	return read_log_level(source, settings->log_level, config, err);
}

static int
hash_text(struct bytes text, char hex[static 2 * SHA256_BYTES + 1], struct error *err)
{
	unsigned char hash[SHA256_BYTES];

	if (EVP_Digest(text.data, text.len, hash, NULL, EVP_sha256(), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "SHA-256");
	hex_encode(hex, hash, sizeof(hash));
	return 0;
}

int
config_read(const char *path, struct config **config, struct error *err)
{
	struct source source = { .path = path };
	struct config *c = NULL;
	struct buffer text;
	int rc = -1;

	buf_init(&text, 0);
	/* Whoever may write it chooses the module, which is code. */
	if (source_check_writers(path, err) != 0 ||
	    file_read(path, FILE_MAX_BYTES, &text, err) != 0)
		goto out;
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	c->path = path;
	source.text = buf_bytes(&text);
	if (hash_text(source.text, c->sha256, err) != 0 ||
	    settings_parse(source.text, path, &c->settings, err) != 0 ||
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

unsigned
config_sessions(const struct config *config)
{
	unsigned sessions = 0;

	for (size_t i = 0; i < config->token_count; i++)
		sessions += config->tokens[i].max_sessions;
	return sessions;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	settings_free(config->settings);
	free(config->tokens);
	free(config->listeners);
	for (size_t i = 0; i < config->access.count; i++)
		cap_free(config->access.rules[i].cap);
	free((void *)config->access.rules);
	free(config);
}
