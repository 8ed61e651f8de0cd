/*
 * daemon.h - everything that runs, in the order in which it is opened.
 *
 * The one place where the layers meet: token, keys, store, authority, listeners, server.
 */
#ifndef SERVICE_DAEMON_H
#define SERVICE_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "service/config.h"
#include "service/exit.h"

struct daemon;
struct restored;

/* What is for trying keyhold out, and in no configuration file. */
struct daemon_trial {
	bool dev;           /* whoever can open a socket is admin */
	int64_t clock_rate; /* 0: the world's clock */
};

/* Opens everything and serves. On failure *code is how to exit. config outlives the
 * daemon. */
int daemon_start(const struct config *config, const struct daemon_trial *trial,
    struct daemon **daemon, enum exit_code *code, struct error *err);

/* What can change while it runs becomes as the file at path has it now (reload.h). */
void daemon_reload(struct daemon *daemon, const char *path);

/* Requests in flight finish; then all is closed in reverse. */
void daemon_stop(struct daemon *daemon);

/*
 * What --check looks at: the PIN's file, the state directory, where the sockets go, the
 * module, the token. Nothing is changed.
 */
int daemon_check(const struct config *config, enum exit_code *code, struct error *err);

/* The state directory's database, of a backup: store/backup.h. No daemon uses it. */
int daemon_restore(const struct config *config, const char *backup, bool force,
    struct restored *restored, struct error *err);

#endif
