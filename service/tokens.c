/* tokens.c - one module for all tokens of one file. */
#include "service/tokens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "service/auditor.h"
#include "service/pin.h"
#include "service/settings.h"
#include "service/token_log.h"

#define RECOVERY_WAIT_MS 1000 /* keyhold.so waits 2000 for its answer */

struct entry {
	struct tokens *all;
	const struct config_token *settings;
	struct secret *pin; /* until the login */
	struct module *module;
	struct token *token;
	bool is_away;
	struct error why; /* it is */
};

struct tokens {
	struct store *store; /* from the login on */
	size_t count;
	struct entry list[TOKENS_MAX];
};

/* Memory that cannot be locked is no mistake in a file. */
static int
read_pins(struct tokens *tokens, enum exit_code *code, struct error *err)
{
	for (size_t i = 0; i < tokens->count; i++) {
		struct entry *entry = &tokens->list[i];

		if (pin_read(entry->settings, &entry->pin, err) == 0)
			continue;
		*code = err->code == ERROR_INTERNAL ? EXIT_INTERNAL : EXIT_SETTINGS;
		return -1;
	}
	return 0;
}

int
tokens_new(const struct config *config, struct tokens **tokens, enum exit_code *code,
    struct error *err)
{
	struct tokens *t = calloc(1, sizeof(*t));

	*code = EXIT_INTERNAL;
	if (t == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	t->count = config->token_count;
	for (size_t i = 0; i < t->count; i++) {
		t->list[i].all = t;
		t->list[i].settings = &config->tokens[i];
	}
	if (read_pins(t, code, err) != 0) {
		tokens_free(t);
		return -1;
	}
	*tokens = t;
	return 0;
}

/* Of a configuration that it cannot read SoftHSM says nothing that helps. */
static void
hint_at_softhsm(const struct config_token *token, struct error *err)
{
	const char *conf = getenv("SOFTHSM2_CONF");
	size_t len = strlen(err->text), room = sizeof(err->text) - len;

	if (strstr(token->module, "softhsm") == NULL)
		return;
	if (conf == NULL)
		snprintf(err->text + len, room, "; SOFTHSM2_CONF is unset");
	else if (access(conf, R_OK) != 0)
		snprintf(err->text + len, room, "; SOFTHSM2_CONF is %s: %s", conf,
		    strerror(errno));
	else
		snprintf(err->text + len, room, "; SOFTHSM2_CONF is %s", conf);
}

/* An earlier entry of the same module, which is initialised once; or NULL. */
static struct entry *
find_shared(const struct entry *entry)
{
	for (struct entry *e = entry->all->list; e < entry; e++)
		if (e->module->library == entry->module->library)
			return e;
	return NULL;
}

/* Whatever path it was loaded by. */
static int
share_module(struct entry *entry, const struct entry *shared, struct error *err)
{
	const char *mine = entry->settings->init_args;
	const char *theirs = shared->settings->init_args;

	module_close(entry->module);
	entry->module = shared->module;
	if (strcmp(mine != NULL ? mine : "", theirs != NULL ? theirs : "") == 0)
		return 0;
	return error_set(err, ERROR_CONFIG,
	    "tokens %s and %s are of one module, and their init_args differ",
	    shared->settings->name, entry->settings->name);
}

static void
set_away(struct entry *entry, const struct error *why)
{
	entry->is_away = true;
	entry->why = *why;
}

/* -1 for what only the configuration can be blamed for. */
static int
load_module(struct entry *entry, enum exit_code *code, struct error *err)
{
	const struct config_token *settings = entry->settings;
	const struct entry *shared;

	if (module_load(settings->module, settings->init_args, &entry->module, err) !=
	    0) {
		*code = err->code == ERROR_CONFIG ? EXIT_MODULE : EXIT_TOKEN;
		return -1;
	}
	if ((shared = find_shared(entry)) != NULL) {
		*code = EXIT_SETTINGS;
		if (share_module(entry, shared, err) != 0)
			return -1;
		if (!module_is_initialised(entry->module))
			set_away(entry, &shared->why);
		return 0;
	}
	/* It is one, and does not initialise: the token may be away. */
	if (module_reload(entry->module, err) != 0)
		set_away(entry, err);
	return 0;
}

static int
read_pin_again(void *ctx, struct secret **pin, struct error *err)
{
	const struct entry *entry = ctx;

	return pin_read(entry->settings, pin, err);
}

static struct token_options
token_wanted(struct entry *entry)
{
	const struct config_token *settings = entry->settings;

	return (struct token_options){
		.name = settings->name,
		.read_pin = read_pin_again,
		.pin_ctx = entry,
		.label = settings->label,
		.serial = settings->serial,
		.max_sessions = settings->max_sessions,
		.session_wait_ms = (int)settings->session_wait_ms,
		.session_copies = settings->session_copies,
	};
}

static int
find(struct entry *entry, enum exit_code *code, struct error *err)
{
	struct token_options wanted = token_wanted(entry);

	if (load_module(entry, code, err) != 0)
		return -1;
	*code = EXIT_TOKEN;
	if (entry->is_away || token_look(entry->module, &wanted, err) == 0)
		return 0;
	if (err->code == ERROR_CONFIG)
		return -1;
	set_away(entry, err);
	return 0;
}

/* Somewhere there has to be a token. */
static int
check_any_works(const struct tokens *tokens, struct error *err)
{
	const struct entry *first = &tokens->list[0];

	for (size_t i = 0; i < tokens->count; i++)
		if (!tokens->list[i].is_away)
			return 0;
	return error_set(err, first->why.code, "%s", first->why.text);
}

int
tokens_find(struct tokens *tokens, enum exit_code *code, struct error *err)
{
	for (size_t i = 0; i < tokens->count; i++)
		if (find(&tokens->list[i], code, err) != 0)
			return -1;
	*code = EXIT_TOKEN;
	if (check_any_works(tokens, err) == 0)
		return 0;
	hint_at_softhsm(tokens->list[0].settings, err);
	return -1;
}

/* What people know it by. */
static const char *
name_for_record(const struct entry *entry)
{
	const struct config_token *settings = entry->settings;

	if (entry->all->count > 1)
		return settings->name;
	return settings->label != NULL ? settings->label : settings->serial;
}

static int
note_login(void *ctx, int rc, struct error *err)
{
	const struct entry *entry = ctx;

	return auditor_note_login(entry->all->store, name_for_record(entry), rc, err);
}

/* By label here and by serial there: each token has one keeper. */
static int
check_is_another(const struct entry *entry, struct error *err)
{
	for (const struct entry *e = entry->all->list; e < entry; e++)
		if (e->token != NULL && e->module == entry->module &&
		    e->token->slot_id == entry->token->slot_id)
			return error_set(err, ERROR_CONFIG,
			    "tokens %s and %s are the same one, of serial %s",
			    e->settings->name, entry->settings->name,
			    entry->token->serial);
	return 0;
}

/* -1 when the start is to end. */
static int
login(struct entry *entry, enum exit_code *code, struct error *err)
{
	struct token_options wanted = token_wanted(entry);
	int rc = token_open(entry->module, &wanted, entry->pin, &entry->token, err);

	if (note_login(entry, rc, err) == 0) {
		*code = EXIT_SETTINGS;
		return check_is_another(entry, err);
	}
	*code = rc == 0 ? EXIT_STATE : err->code == ERROR_PIN ? EXIT_PIN : EXIT_TOKEN;
	if (rc == 0 || err->code == ERROR_PIN)
		return -1;
	set_away(entry, err);
	return 0;
}

static void
wipe_pins(struct tokens *tokens)
{
	for (size_t i = 0; i < tokens->count; i++) {
		secret_free(tokens->list[i].pin);
		tokens->list[i].pin = NULL;
	}
}

static int
open_each(struct tokens *tokens, enum exit_code *code, struct error *err)
{
	for (size_t i = 0; i < tokens->count; i++) {
		struct entry *entry = &tokens->list[i];

		if (!entry->is_away && login(entry, code, err) != 0)
			return -1;
	}
	*code = EXIT_TOKEN;
	if (check_any_works(tokens, err) != 0)
		return -1;
	for (size_t i = 0; i < tokens->count; i++) {
		struct entry *entry = &tokens->list[i];
		struct token_options wanted = token_wanted(entry);

		if (entry->is_away &&
		    token_expect(entry->module, &wanted, &entry->token, err) != 0)
			return -1;
	}
	return 0;
}

int
tokens_login(
    struct tokens *tokens, struct store *store, enum exit_code *code, struct error *err)
{
	int rc;

	tokens->store = store;
	rc = open_each(tokens, code, err);
	wipe_pins(tokens);
	return rc;
}

static int
open_keystore(struct entry *entry, void (*give_up)(void *ctx), struct keystore **store,
    struct error *err)
{
	const struct config_token *settings = entry->settings;
	const struct keystore_options options = {
		.verify_one_in = settings->verify_one_in,
		.recovery = {
			.wait_ms = RECOVERY_WAIT_MS,
			.pause_ms = (int)settings->reload_pause_ms,
			.hang_ms = (int)settings->hang_ms,
			.watchdog_ms = settings->watchdog_s * INT64_C(1000),
			.keepalive_ms = settings->keepalive_s * INT64_C(1000),
			.note_login = note_login,
			.give_up = give_up,
			.ctx = entry,
		},
		.away = entry->is_away ? &entry->why : NULL,
	};

	return keystore_new(entry->token, &options, store, err);
}

int
tokens_open_keys(struct tokens *tokens, void (*give_up)(void *ctx), struct keyring **keys,
    struct error *err)
{
	struct keystore *stores[TOKENS_MAX];
	size_t opened = 0;
	int rc = 0;

	while (rc == 0 && opened < tokens->count)
		if ((rc = open_keystore(
			 &tokens->list[opened], give_up, &stores[opened], err)) == 0)
			opened++;
	if (rc == 0)
		rc = keyring_new(stores, opened, keys, err);
	while (rc != 0 && opened > 0)
		keystore_free(stores[--opened]);
	return rc;
}

void
tokens_log(const struct tokens *tokens)
{
	char why[LOG_QUOTED_MAX];

	for (size_t i = 0; i < tokens->count; i++) {
		const struct entry *entry = &tokens->list[i];

		if (entry->token == NULL && entry->is_away)
			log_error("token.away", "why=\"%s\" token=%s",
			    log_quoted(why, entry->why.text), entry->settings->name);
		else if (!entry->is_away && entry->token != NULL)
			token_log(entry->token);
	}
}

static bool
is_first_of_module(const struct tokens *tokens, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (tokens->list[i].module == tokens->list[index].module)
			return false;
	return true;
}

void
tokens_free(struct tokens *tokens)
{
	if (tokens == NULL)
		return;
	wipe_pins(tokens);
	for (size_t i = 0; i < tokens->count; i++)
		token_close(tokens->list[i].token);
	for (size_t i = 0; i < tokens->count; i++)
		if (is_first_of_module(tokens, i))
			module_close(tokens->list[i].module);
	free(tokens);
}
