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
#include "ca/weakkeys.h"
#include "service/auditor.h"
#include "service/cage.h"
#include "service/listeners.h"
#include "service/publisher.h"
#include "service/rehearsal.h"
#include "service/reload.h"
#include "service/renewer.h"
#include "service/server.h"
#include "service/tokens.h"
#include "service/visits.h"
#include "store/backup.h"

#define DRAIN_MS         10000
#define OTHER_FILES      256
#define FILES_OF_SESSION 4 /* SoftHSM has two open for each signature */

struct daemon {
	const struct config *config; /* of the start */
	struct weakkeys *weak_keys;
	struct tokens *tokens;
	struct keyring *keys;
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
	if (confine(config, code, err) == 0 && tokens_find(d->tokens, code, err) == 0)
		return 0;
	if (made)
		rmdir(config->state);
	return -1;
}

/* What is only looked at comes first, then the database and its lock, then the login. */
static int
open_store_and_tokens(struct daemon *d, const struct config *config,
    const struct daemon_trial *trial, enum exit_code *code, struct error *err)
{
	if (tokens_new(config, &d->tokens, code, err) != 0)
		return -1;
	*code = EXIT_SETTINGS;
	if (read_weak_keys(config, &d->weak_keys, err) != 0 ||
	    check_places(config, code, err) != 0 || enter_cage(d, config, code, err) != 0)
		return -1;
	*code = EXIT_STATE;
	if (open_store(d, config, err) != 0 ||
	    rehearsal_begin(d->store, trial->clock_rate, err) != 0)
		return -1;
	return tokens_login(d->tokens, d->store, code, err);
}

/* A thread that is in the token does not come back: nothing can be stopped in order. */
static void
give_up(void *ctx)
{
	(void)ctx;
	_exit(EXIT_TOKEN);
}

static int
open_api(struct daemon *d, const struct config *config, bool dev, struct error *err)
{
	const struct ruleset rules = config_ruleset(config);

	if (tokens_open_keys(d->tokens, give_up, &d->keys, err) != 0 ||
	    builtin_new(&keyring_backend, d->keys, &d->builtin, err) != 0)
		return -1;
	d->api = (struct api){
		.keys = d->keys,
		.builtin = d->builtin,
		.store = d->store,
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
		(size_t)config_sessions(config) * FILES_OF_SESSION);
	return limits_new(&options, &d->limits, err);
}

static int
open_all(struct daemon *d, const struct config *config, const struct daemon_trial *trial,
    enum exit_code *code, struct error *err)
{
	struct server_options options = { .everyone_is_admin = trial->dev };

	if (open_store_and_tokens(d, config, trial, code, err) != 0)
		return -1;
	*code = EXIT_INTERNAL;
	if (open_api(d, config, trial->dev, err) != 0 ||
	    open_limits(d, config, err) != 0 ||
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
	struct token_facts facts;

	token_describe(keystore_token(keyring_store(d->keys, 0)), &facts);
	log_info("daemon.started",
	    "version=%s token=%s serial=%s keys=%zu listeners=%zu tokens=%zu",
	    KEYHOLD_VERSION, log_value(label, facts.written.label),
	    log_value(serial, facts.written.serial), keyring_count(d->keys),
	    d->listeners.count, keyring_tokens(d->keys));
}

int
daemon_start(const struct config *config, const struct daemon_trial *trial,
    struct daemon **daemon, enum exit_code *code, struct error *err)
{
	struct daemon *d = calloc(1, sizeof(*d));

	*code = EXIT_INTERNAL;
	if (d == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	d->config = config;
	if (open_all(d, config, trial, code, err) != 0) {
		daemon_stop(d);
		return -1;
	}
	log_start(d);
	tokens_log(d->tokens);
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
		if (keyring_hangs(daemon->keys))
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
	keyring_free(daemon->keys);
	tokens_free(daemon->tokens);
	store_close(daemon->store);
	weakkeys_free(daemon->weak_keys);
	free(daemon);
}

int
daemon_check(const struct config *config, enum exit_code *code, struct error *err)
{
	struct weakkeys *weak_keys = NULL;
	struct tokens *tokens = NULL;
	int rc = -1;

	if (tokens_new(config, &tokens, code, err) != 0)
		return -1;
	*code = EXIT_SETTINGS;
	if (read_weak_keys(config, &weak_keys, err) != 0)
		goto out;
	weakkeys_free(weak_keys);
	if (check_places(config, code, err) != 0 || confine(config, code, err) != 0 ||
	    tokens_find(tokens, code, err) != 0)
		goto out;
	tokens_log(tokens);
	rc = 0;
out:
	tokens_free(tokens);
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
