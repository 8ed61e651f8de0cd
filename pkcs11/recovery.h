/*
 * recovery.h - what becomes of a token that fails: nobody has to restart the daemon.
 *
 * One thread tries the token when a request has failed there, logs in again, reloads the
 * module, and has other requests refused at once while that does not help: a breaker,
 * closed again by a signature that verifies. Another thread never calls the token, and
 * sees when a call does not return.
 */
#ifndef PKCS11_RECOVERY_H
#define PKCS11_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define RECOVERY_STOP_MS 5000 /* for the last call to the token */

struct keystore;
struct recovery;

struct recovery_options {
	int wait_ms;  /* how long a request waits for what is done about its failure */
	int pause_ms; /* between two reloads of the module; doubles up to 30 times that */
	int hang_ms;  /* a call that takes longer hangs; ten times that if it is slow work
		       */
	int64_t watchdog_ms;  /* after so long give_up is called; likewise; 0: never */
	int64_t keepalive_ms; /* how often idle sessions are asked about; 0: never */
	/* How each login after the first ended: rc and err of it. Returns rc, or -1 when
	 * a success could not be recorded: then the token stays away. NULL: nobody asks.
	 */
	int (*note_login)(void *ctx, int rc, struct error *err);
	/* Ends the process. Must not be NULL when watchdog_ms is not 0. */
	void (*give_up)(void *ctx);
	void *ctx;
};

/* The keystore's, and of its token. options are copied. away: why the token is not open;
 * NULL when it is. */
int recovery_start(struct keystore *store, const struct recovery_options *options,
    const struct error *away, struct recovery **recovery, struct error *err);

/* Waits for a call that the first thread is in. NULL is fine. */
void recovery_stop(struct recovery *recovery);

/* A stop has waited for RECOVERY_STOP_MS. NULL is fine. */
void recovery_give_up(struct recovery *recovery);

/* 0 while requests may go to the token. ERROR_AWAY, at once, while it is away or hangs.
 */
int recovery_admit(struct recovery *recovery, struct error *err);

/*
 * After a failure in the token: has it seen to, and says whether to try once more. False
 * for what is the request's own fault.
 */
bool recovery_helped(struct recovery *recovery, const struct error *failure);

/* Has it seen to after a failure in the token, and waits for nothing. */
void recovery_note(struct recovery *recovery, const struct error *failure);

/* Has the token tried, as after a failure. */
void recovery_doubt(struct recovery *recovery);

/* For another token of the module; everybody is locked out, and no handle is valid. */
void recovery_module_was_reloaded(struct recovery *recovery);

/* Whether the token works now, by a signature that was begun after the call. */
int recovery_check(struct recovery *recovery, struct error *err);

struct recovery_state {
	bool is_away, hangs;
	unsigned long long logins, reloads; /* after the first */
};

struct recovery_state recovery_state(struct recovery *recovery);

#endif
