/* daemon.c - opens the layers one upon the other, and closes them in reverse. */
#include "service/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "ca/weakkeys.h"
#include "service/auditor.h"
#include "service/cage.h"
#include "service/listeners.h"
#include "service/pin.h"
#include "service/publisher.h"
#include "service/reload.h"
#include "service/renewer.h"
#include "service/server.h"
#include "service/token_log.h"
#include "service/visits.h"
#include "store/backup.h"

#define DRAIN_MS         10000
#define OTHER_FILES      256
#define FILES_OF_SESSION 4 /* SoftHSM has two open for each signature */

struct daemon {
	const struct config *config; /* of the start */
	struct weakkeys *weak_keys;
	struct module *module;
	struct token *token;
	struct keystore *keys;
	struct builtin *builtin;
	struct store *store;
	struct api api;
	bool api_is_open;
	struct publisher *publisher;
	struct auditor *auditor;
	struct renewer *renewer;
	struct listeners listeners;
	struct limits *limits;
	struct server *server;
};

/* *keys stays NULL where there are no lists. */
static int
read_weak_keys(const struct config *config, struct weakkeys **keys, struct error *err)
{
	if (config->weak_keys == NULL)
		return 0;
	return weakkeys_read(config->weak_keys, keys, err);
}

/* Said at each start: without the lists, keys that anybody can make are certified. */
static void
log_weak_keys(const struct config *config, const struct weakkeys *keys)
{
	char directory[LOG_QUOTED_MAX];

	if (keys != NULL)
		log_info("weak-keys.loaded", "directory=%s keys=%zu",
		    log_value(directory, config->weak_keys), weakkeys_count(keys));
	else
		log_info("weak-keys.absent", "rule=csr-key-debian-weak");
}

static int
path_of_database(
    const struct config *config, char path[static PATH_MAX], struct error *err)
{
	int n = snprintf(path, PATH_MAX, "%s/keyhold.db", config->state);

	if (n < 0 || n >= PATH_MAX)
		return error_set(
		    err, ERROR_IO, "%s: the path is too long", config->state);
	return 0;
}

static int
check_state_is_private(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) != 0 || (st.st_mode & 077) == 0)
		return 0; /* one that is absent is made */
	return error_set(err, ERROR_IO, "%s: mode %03o lets others in; run: chmod 700 %s",
	    path, (unsigned)(st.st_mode & 0777), path);
}

static int
check_state(const struct config *config, struct error *err)
{
	char path[PATH_MAX];

	if (file_check_directory(config->state, err) != 0 ||
	    check_state_is_private(config->state, err) != 0 ||
	    path_of_database(config, path, err) != 0)
		return -1;
	if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) != 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_IO, "%s", path);
	return 0;
}

/*
 * All that can be refused before anything is made: what root made in a start that failed
 * would be in the way of the right user's.
 */
static int
check_places(const struct config *config, enum exit_code *code, struct error *err)
{
	*code = EXIT_STATE;
	if (check_state(config, err) != 0)
		return -1;
	*code = EXIT_LISTEN;
	return listeners_check(config, err);
}

static int
open_store(struct daemon *d, const struct config *config, struct error *err)
{
	char path[PATH_MAX];

	if (path_of_database(config, path, err) != 0)
		return -1;
	return store_open(path, &d->store, err);
}

static int
read_pin_again(void *ctx, struct secret **pin, struct error *err)
{
	return pin_read(ctx, pin, err);
}

static struct token_options
token_wanted(const struct config *config)
{
	return (struct token_options){
		.read_pin = read_pin_again,
		.pin_ctx = (void *)(uintptr_t)config,
		.label = config->label,
		.serial = config->serial,
		.max_sessions = config->max_sessions,
		.session_wait_ms = (int)config->session_wait_ms,
		.session_copies = config->session_copies,
	};
}

/* Of a configuration that it cannot read SoftHSM says nothing that helps. */
static void
hint_at_softhsm(const struct config *config, struct error *err)
{
	const char *conf = getenv("SOFTHSM2_CONF");
	size_t len = strlen(err->text), room = sizeof(err->text) - len;

	if (strstr(config->module, "softhsm") == NULL)
		return;
	if (conf == NULL)
		snprintf(err->text + len, room, "; SOFTHSM2_CONF is unset");
	else if (access(conf, R_OK) != 0)
		snprintf(err->text + len, room, "; SOFTHSM2_CONF is %s: %s", conf,
		    strerror(errno));
	else
		snprintf(err->text + len, room, "; SOFTHSM2_CONF is %s", conf);
}

/* The module is the caller's even after a failure: NULL if it did not load. */
static int
find_token(const struct config *config, struct module **module, enum exit_code *code,
    struct error *err)
{
	struct token_options wanted = token_wanted(config);

	*code = EXIT_MODULE;
	if (module_open(config->module, config->init_args, module, err) != 0) {
		if (err->code == ERROR_CONFIG)
			return -1;
		/* It is one, and does not initialise: the token may be away. */
		*code = EXIT_TOKEN;
		hint_at_softhsm(config, err);
		return -1;
	}
	*code = EXIT_TOKEN;
	if (token_look(*module, &wanted, err) == 0)
		return 0;
	if (err->code == ERROR_NOT_FOUND)
		hint_at_softhsm(config, err);
	return -1;
}

static int
confine(const struct config *config, enum exit_code *code, struct error *err)
{
	if (cage_confine(config, err) == 0)
		return 0;
	*code = err->code == ERROR_CONFIG ? EXIT_SETTINGS : EXIT_INTERNAL;
	return -1;
}

/*
 * The module comes after the cage, which knows no directory that is not there. A start
 * that fails leaves none.
 */
static int
enter_cage(struct daemon *d, const struct config *config, enum exit_code *code,
    struct error *err)
{
	bool made = access(config->state, F_OK) != 0;

	*code = EXIT_STATE;
	if (file_make_directory(config->state, 0700, err) != 0)
		return -1;
	if (confine(config, code, err) == 0 &&
	    find_token(config, &d->module, code, err) == 0)
		return 0;
	if (made)
		rmdir(config->state);
	return -1;
}

/* Memory that cannot be locked is no mistake in a file. */
static int
read_pin(const struct config *config, struct secret **pin, enum exit_code *code,
    struct error *err)
{
	if (pin_read(config, pin, err) == 0)
		return 0;
	*code = err->code == ERROR_INTERNAL ? EXIT_INTERNAL : EXIT_SETTINGS;
	return -1;
}

/* What is only looked at comes first, then the database and its lock, then the login. */
static int
open_store_and_token(struct daemon *d, const struct config *config, enum exit_code *code,
    struct error *err)
{
	struct token_options wanted = token_wanted(config);
	struct secret *pin = NULL;
	int rc = -1;

	if (read_pin(config, &pin, code, err) != 0)
		return -1;
	*code = EXIT_SETTINGS;
	if (read_weak_keys(config, &d->weak_keys, err) != 0 ||
	    check_places(config, code, err) != 0 || enter_cage(d, config, code, err) != 0)
		goto out;
	*code = EXIT_STATE;
	if (open_store(d, config, err) != 0)
		goto out;
	rc = token_open(d->module, &wanted, pin, &d->token, err);
	*code = rc != 0 && err->code == ERROR_PIN ? EXIT_PIN : EXIT_TOKEN;
	if (rc == 0)
		*code = EXIT_STATE;
	rc = auditor_note_login(d->store, config, rc, err);
out:
	secret_free(pin);
	return rc;
}

static int
note_login(void *ctx, int rc, struct error *err)
{
	const struct daemon *d = ctx;

	return auditor_note_login(d->store, d->config, rc, err);
}

/* A thread that is in the token does not come back: nothing can be stopped in order. */
static void
give_up(void *ctx)
{
	(void)ctx;
	_exit(EXIT_TOKEN);
}

static int
open_keys(struct daemon *d, const struct config *config, struct error *err)
{
	const struct keystore_options options = {
		.verify_one_in = config->verify_one_in,
		.recovery = {
			.wait_ms = (int)config->session_wait_ms,
			.pause_ms = (int)config->reload_pause_ms,
			.hang_ms = (int)config->hang_ms,
			.watchdog_ms = config->watchdog_s * INT64_C(1000),
			.keepalive_ms = config->keepalive_s * INT64_C(1000),
			.note_login = note_login,
			.give_up = give_up,
			.ctx = d,
		},
	};

	return keystore_new(d->token, &options, &d->keys, err);
}

static int
open_api(struct daemon *d, const struct config *config, bool dev, struct error *err)
{
	const struct ruleset rules = config_ruleset(config);

	if (open_keys(d, config, err) != 0 ||
	    builtin_new(&keystore_backend, d->keys, &d->builtin, err) != 0)
		return -1;
	d->api = (struct api){
		.keys = d->keys,
		.builtin = d->builtin,
		.store = d->store,
		.token_label = d->token->label,
		.token_serial = d->token->serial,
		.everyone_is_admin = dev,
		.audit_each = config->audit_each,
		.weak_keys = d->weak_keys,
	};
	if (api_open(&d->api, err) != 0)
		return -1;
	d->api_is_open = true;
	return api_use_rules(&d->api, &rules, "access.loaded", err);
}

static int
open_limits(struct daemon *d, const struct config *config, struct error *err)
{
	struct limits_options options = config->limits;

	/* Of what libmicrohttpd has, visits.c has a copy. */
	limits_fit(&options, limits_raise_descriptors(),
	    OTHER_FILES + LIMITS_OWNER_PLACES + POOLS * (size_t)options.http +
		(size_t)config->max_sessions * FILES_OF_SESSION);
	return limits_new(&options, &d->limits, err);
}

static int
open_all(struct daemon *d, const struct config *config, bool dev, enum exit_code *code,
    struct error *err)
{
	struct server_options options = { .everyone_is_admin = dev };

	if (open_store_and_token(d, config, code, err) != 0)
		return -1;
	*code = EXIT_INTERNAL;
	if (open_api(d, config, dev, err) != 0 || open_limits(d, config, err) != 0 ||
	    auditor_start(&d->api, config, &d->auditor, err) != 0)
		return -1;
	*code = EXIT_LISTEN;
	if (listeners_open(config, &d->listeners, err) != 0)
		return -1;
	*code = EXIT_INTERNAL;
	if (cage_close(config, err) != 0 ||
	    publisher_start(d->api.authority, &d->publisher, err) != 0 ||
	    renewer_start(&d->api, config, &d->renewer, err) != 0)
		return -1;
	*code = EXIT_LISTEN;
	options.api = &d->api;
	options.limits = d->limits;
	return server_start(
	    &options, d->listeners.list, d->listeners.count, &d->server, err);
}

static void
log_start(const struct daemon *d)
{
	char label[LOG_QUOTED_MAX], serial[LOG_QUOTED_MAX];

	log_info("daemon.started", "version=%s token=%s serial=%s keys=%zu listeners=%zu",
	    KEYHOLD_VERSION, log_value(label, d->token->label),
	    log_value(serial, d->token->serial), keystore_count(d->keys),
	    d->listeners.count);
}

int
daemon_start(const struct config *config, bool dev, struct daemon **daemon,
    enum exit_code *code, struct error *err)
{
	struct daemon *d = calloc(1, sizeof(*d));

	*code = EXIT_INTERNAL;
	if (d == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	d->config = config;
	if (open_all(d, config, dev, code, err) != 0) {
		daemon_stop(d);
		return -1;
	}
	log_start(d);
	token_log(d->token);
	log_weak_keys(config, d->weak_keys);
	*daemon = d;
	return 0;
}

void
daemon_reload(struct daemon *daemon, const char *path)
{
	reload_config(&daemon->api, daemon->config, path);
}

void
daemon_stop(struct daemon *daemon)
{
	bool drained = true;

	/* First: who connects during the drain is to fail at once, not hang. */
	listeners_close(&daemon->listeners);
	if (daemon->server != NULL) {
		drained = server_drain(daemon->server, DRAIN_MS);
		log_info(
		    "daemon.stopped", "requests_finished=%s", drained ? "yes" : "no");
		if (keystore_use(daemon->keys).recovery.hangs)
			give_up(daemon);
		server_free(daemon->server);
	}
	limits_free(daemon->limits);
	renewer_stop(daemon->renewer);
	publisher_stop(daemon->publisher);
	auditor_stop(daemon->auditor, drained);
	if (daemon->api_is_open)
		api_close(&daemon->api);
	builtin_free(daemon->builtin);
	keystore_free(daemon->keys);
	token_close(daemon->token);
	module_close(daemon->module);
	store_close(daemon->store);
	weakkeys_free(daemon->weak_keys);
	free(daemon);
}

int
daemon_check(const struct config *config, enum exit_code *code, struct error *err)
{
	struct secret *pin = NULL;
	struct weakkeys *weak_keys = NULL;
	struct module *module = NULL;
	int rc;

	if (read_pin(config, &pin, code, err) != 0)
		return -1;
	secret_free(pin);
	*code = EXIT_SETTINGS;
	if (read_weak_keys(config, &weak_keys, err) != 0)
		return -1;
	weakkeys_free(weak_keys);
	if (check_places(config, code, err) != 0)
		return -1;
	if (confine(config, code, err) != 0)
		return -1;
	rc = find_token(config, &module, code, err);
	module_close(module);
	return rc;
}

int
daemon_restore(const struct config *config, const char *backup, bool force,
    struct restored *restored, struct error *err)
{
	char actor[STORE_ACTOR_SIZE], path[PATH_MAX];
	const struct audit_event event = {
		.actor = actor,
		.action = "backup.restored",
		.object = "store",
		.detail = backup,
	};

	snprintf(actor, sizeof(actor), "uid:%lu", (unsigned long)geteuid());
	/* As the user of the daemon, or that could not open what this one made. */
	if (file_make_directory(config->state, 0700, err) != 0 ||
	    check_state(config, err) != 0 || path_of_database(config, path, err) != 0)
		return -1;
	return store_restore(backup, path, force, &event, restored, err);
}
