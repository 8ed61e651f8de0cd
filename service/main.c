/* main.c - keyholdd. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "service/cage.h"
#include "service/daemon.h"
#include "service/dev.h"
#include "service/https.h"
#include "service/options.h"
#include "service/system_calls.h"
#include "store/backup.h"

static enum exit_code
complain(enum exit_code code, const struct error *err)
{
	fprintf(stderr, "keyholdd: %s\n", err->text);
	return code;
}

static void
greet_dev(const char *dir)
{
	printf("keyholdd --dev: whoever can open %s/keyhold.sock is admin.\n"
	       "\n"
	       "In another shell:\n"
	       "  export KEYHOLD_SOCKET=%s/keyhold.sock\n"
	       "  keyhold status\n"
	       "  keyhold ca create root --subject \"/O=example/CN=example root\"\n"
	       "  keyhold ca create internal --issuer root\n"
	       "  keyhold cert issue web --ca internal --san localhost --out tls/\n"
	       "\n"
	       "Ctrl-C stops it; the keys stay in %s/token.\n",
	    dir, dir, dir);
	fflush(stdout);
}

static void
greet_rehearsal(void)
{
	char now[CLOCK_TEXT_SIZE];

	clock_format(now, clock_now_s());
	printf("\nA rehearsal: it is %s, and %lld seconds pass in each.\n", now,
	    (long long)clock_rate());
	fflush(stdout);
}

/* Blocked before the first thread starts, so that only sigwait below gets them. */
static void
block_signals(sigset_t *set, bool reloads)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	if (reloads)
		sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* sd_notify(3) wants the time of the request with RELOADING. */
static void
reload(struct daemon *daemon, const char *path)
{
	sd_notifyf(
	    0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_mono_ns() / 1000));
	daemon_reload(daemon, path);
	sd_notify(0, "READY=1");
}

/* Until it is to stop. */
static void
wait_for_signals(const sigset_t *set, struct daemon *daemon, const char *path)
{
	int number = 0;

	while (sigwait(set, &number) != 0 || number == SIGHUP)
		if (number == SIGHUP)
			reload(daemon, path);
}

/* With --dev a SIGHUP ends it, as its terminal does when it closes. */
static enum exit_code
serve(const struct config *config, const char *path, const char *dev_dir,
    int64_t clock_rate)
{
	const struct daemon_trial trial = { dev_dir != NULL, clock_rate };
	struct daemon *daemon;
	enum exit_code code;
	struct error err = { 0 };
	sigset_t signals;

	block_signals(&signals, dev_dir == NULL);
	if (daemon_start(config, &trial, &daemon, &code, &err) != 0)
		return complain(code, &err);
	if (dev_dir != NULL)
		greet_dev(dev_dir);
	if (clock_rate != 0)
		greet_rehearsal();
	sd_notify(0, "READY=1");
	wait_for_signals(&signals, daemon, path);
	sd_notify(0, "STOPPING=1");
	daemon_stop(daemon);
	return EXIT_OK;
}

static enum exit_code
check(const struct config *config)
{
	struct error err = { 0 };
	enum exit_code code;

	if (daemon_check(config, &code, &err) != 0)
		return complain(code, &err);
	puts("settings, PIN file, lists of weak keys, state directory, places of the "
	     "sockets, module and token are fit for a start by this user (the PIN was "
	     "not tried)");
	cage_print(config, stdout);
	return EXIT_OK;
}

static enum exit_code
restore(const struct config *config, const struct options *options)
{
	struct restored restored;
	struct error err = { 0 };

	if (daemon_restore(config, options->backup, options->force, &restored, &err) != 0)
		return complain(EXIT_STATE, &err);
	printf("restored: %lld certificates, %lld entries of the audit record, which "
	       "verifies\n",
	    (long long)restored.certificates, (long long)restored.entries);
	if (restored.kept[0] != '\0')
		printf("the database that was there is %s\n", restored.kept);
	return EXIT_OK;
}

static enum exit_code
run(const struct options *options)
{
	char dev_config[PATH_MAX], *dev_dir = NULL;
	const char *path = options->config;
	struct config *config;
	struct error err = { 0 };
	enum exit_code code = EXIT_OK;

	if (options->dev != NULL) {
		if (dev_prepare(
			options->dev, options->dev_group, dev_config, &code, &err) != 0)
			return complain(code, &err);
		path = dev_config;
		dev_dir = realpath(options->dev, NULL);
	}
	if (config_read(path, &config, &err) != 0) {
		free(dev_dir);
		return complain(EXIT_SETTINGS, &err);
	}
	log_set_level(config->log_level);
	if (options->mode == OPTIONS_PRINT)
		config_print(config, stdout);
	else if (options->mode == OPTIONS_CHECK)
		code = check(config);
	else if (options->mode == OPTIONS_RESTORE)
		code = restore(config, options);
	else
		code = serve(config, path, dev_dir, options->clock_rate);
	config_free(config);
	free(dev_dir);
	return code;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct error err = { 0 };

	if (options_read(argc, argv, &options, &err) != 0)
		return complain(EXIT_USAGE, &err);
	if (options.mode == OPTIONS_HELP) {
		fputs(options_help, stdout);
		return EXIT_OK;
	}
	if (options.mode == OPTIONS_SYSTEM_CALLS) {
		system_calls_print(stdout);
		return EXIT_OK;
	}
	if (options.mode == OPTIONS_VERSION) {
		puts("keyholdd " KEYHOLD_VERSION);
		return EXIT_OK;
	}
	if (cage_begin(&err) != 0)
		return complain(EXIT_INTERNAL, &err);
	/*
	 * No openssl.cnf: one that activates keyhold.so would load it here, and into a
	 * module that uses OpenSSL itself, and the daemon would wait for its own answer.
	 */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (https_init(&err) != 0)
		return complain(EXIT_INTERNAL, &err);
	return (int)run(&options);
}
