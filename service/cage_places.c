/*
 * cage_places.c - the table of places, and those that the configuration adds.
 *
 * A rule of Landlock is about an inode: a file that editors and useradd replace by a new
 * one needs the rule on its directory.
 */
#include "service/cage_places.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "service/config.h"

#define SOFTHSM_CONF_MAX 65536

static const struct place everywhere[] = {
	{ "/etc", PLACE_READ, "users and groups, time zone, settings of libraries",
	    false },
	{ "/usr", PLACE_READ, "libraries and their data", false },
	{ "/lib", PLACE_READ, "libraries", false },
	{ "/lib64", PLACE_READ, "libraries", false },
	{ "/run/systemd/userdb", PLACE_READ, "users and groups that systemd knows",
	    false },
	{ "/var/lib/sss/mc", PLACE_READ, "users and groups that SSSD knows", false },
	{ "/proc", PLACE_READ, "its own memory and descriptors, for /metrics", false },
	{ "/dev/null", PLACE_WRITE, "libraries", false },
	{ "/dev/urandom", PLACE_READ, "libraries", false },
	{ "/sys/devices/system/cpu", PLACE_READ, "how many processors there are", false },
};

struct visitor {
	int (*visit)(void *ctx, const struct place *place, struct error *err);
	void *ctx;
};

static int
visit(const struct visitor *visitor, const char *path, enum place_use use,
    const char *reason, bool must_exist, struct error *err)
{
	struct place place = { path, use, reason, must_exist };

	return visitor->visit(visitor->ctx, &place, err);
}

/* The directory that path is in. A name alone is left out: dlopen(3) looks for it. */
static int
visit_parent(const struct visitor *visitor, const char *path, enum place_use use,
    const char *reason, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];
	size_t len;

	if (slash == NULL)
		return 0;
	len = slash == path ? 1 : (size_t)(slash - path);
	if (len >= sizeof(directory))
		return error_set(err, ERROR_CONFIG, "%s: the path is too long", path);
	memcpy(directory, path, len);
	directory[len] = '\0';
	return visit(visitor, directory, use, reason, false, err);
}

/* The value of a line "directories.tokendir = PATH", in place; NULL: there is none. */
static char *
find_token_directory(char *text)
{
	static const char name[] = "directories.tokendir";
	char *line, *rest = text;

	while ((line = strsep(&rest, "\r\n")) != NULL) {
		line += strspn(line, " \t");
		if (strncmp(line, name, strlen(name)) != 0)
			continue;
		line += strlen(name);
		line += strspn(line, " \t");
		if (*line++ != '=')
			continue;
		line += strspn(line, " \t");
		line[strcspn(line, " \t#")] = '\0';
		return line;
	}
	return NULL;
}

/* SoftHSM keeps its keys in files, and reads its configuration at each C_Initialize. */
static int
visit_softhsm(
    const struct visitor *visitor, const struct config_token *token, struct error *err)
{
	const char *conf = getenv("SOFTHSM2_CONF");
	struct error unread = { 0 };
	struct buffer text;
	const char *directory;
	int rc = -1;

	if (strstr(token->module, "softhsm") == NULL && conf == NULL)
		return 0;
	if (conf == NULL)
		conf = "/etc/softhsm/softhsm2.conf";
	buf_init(&text, 0);
	if (file_read(conf, SOFTHSM_CONF_MAX, &text, &unread) != 0) {
		rc = 0; /* SoftHSM says what is missing */
		goto out;
	}
	if (visit(visitor, conf, PLACE_READ, "SoftHSM's configuration", false, err) != 0)
		goto out;
	directory = text.len > 0 ? find_token_directory((char *)text.data) : NULL;
	if (directory == NULL)
		directory = "/var/lib/softhsm/tokens"; /* as Debian builds it */
	rc = visit(visitor, directory, PLACE_STORE, "SoftHSM's tokens", false, err);
out:
	buf_free(&text);
	return rc;
}

/* What is read again. The file may be a link into another directory, as in a container.
 */
static int
visit_around(const struct visitor *visitor, const char *path, const char *reason,
    struct error *err)
{
	char *real;
	int rc;

	if (visit_parent(visitor, path, PLACE_READ, reason, err) != 0)
		return -1;
	if ((real = realpath(path, NULL)) == NULL)
		return 0;
	rc = strcmp(real, path) == 0
		 ? 0
		 : visit_parent(visitor, real, PLACE_READ, reason, err);
	free(real);
	return rc;
}

static int
visit_settings(
    const struct visitor *visitor, const struct config *config, struct error *err)
{
	const struct config_cage *cage = &config->cage;

	for (unsigned i = 0; i < cage->read_count; i++)
		if (visit(visitor, cage->read[i], PLACE_READ, "cage.read", true, err) !=
		    0)
			return -1;
	for (unsigned i = 0; i < cage->write_count; i++)
		if (visit(visitor, cage->write[i], PLACE_WRITE, "cage.write", true,
			err) != 0)
			return -1;
	return 0;
}

/* The authorities of clients are read when all else is open. */
static int
visit_listeners(
    const struct visitor *visitor, const struct config *config, struct error *err)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *l = &config->listeners[i];

		if (l->path != NULL && l->path[0] != '@' &&
		    visit_parent(visitor, l->path, PLACE_SOCKET, "the sockets", err) != 0)
			return -1;
		if (l->client_ca != NULL &&
		    visit(visitor, l->client_ca, PLACE_READ, "authorities of clients",
			false, err) != 0)
			return -1;
	}
	return 0;
}

/* To log in again: the PIN is not kept. */
static int
visit_pin(
    const struct visitor *visitor, const struct config_token *token, struct error *err)
{
	static const char reason[] = "the PIN, when the token has ended the login";
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	if (token->pin_file != NULL)
		return visit_around(visitor, token->pin_file, reason, err);
	if (credentials == NULL)
		return 0;
	return visit(visitor, credentials, PLACE_READ, reason, false, err);
}

static int
visit_tokens(
    const struct visitor *visitor, const struct config *config, struct error *err)
{
	for (size_t i = 0; i < config->token_count; i++) {
		const struct config_token *token = &config->tokens[i];

		if (visit_parent(visitor, token->module, PLACE_READ, "the module", err) !=
			0 ||
		    visit_softhsm(visitor, token, err) != 0 ||
		    visit_pin(visitor, token, err) != 0)
			return -1;
	}
	return 0;
}

int
cage_places_visit(const struct config *config,
    int (*callback)(void *ctx, const struct place *place, struct error *err), void *ctx,
    struct error *err)
{
	const struct visitor visitor = { callback, ctx };

	for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++)
		if (callback(ctx, &everywhere[i], err) != 0)
			return -1;
	if (visit_tokens(&visitor, config, err) != 0 ||
	    visit_around(&visitor, config->path, "the configuration, to be read again",
		err) != 0 ||
	    visit(&visitor, config->state, PLACE_STORE, "the database", false, err) !=
		0 ||
	    visit_parent(&visitor, config->state, PLACE_PARENT,
		"a new state directory, after a start that fails", err) != 0 ||
	    visit_listeners(&visitor, config, err) != 0)
		return -1;
	return visit_settings(&visitor, config, err);
}
