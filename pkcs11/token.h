/*
 * token.h - the token a daemon works with: found by label or serial, logged in once.
 *
 * Login belongs to the application, not to a session, so nothing here logs out while
 * the token is open: that would fail a signature in another thread. A session opened
 * before the login is the anchor: a token logs out when its last session closes.
 */
#ifndef PKCS11_TOKEN_H
#define PKCS11_TOKEN_H

#include <p11-kit/pkcs11.h>

#include "base/durations.h"
#include "base/error.h"
#include "base/secret.h"
#include "pkcs11/ability.h"
#include "pkcs11/module.h"
#include "pkcs11/slot.h"

struct keystore;
struct session_pool;

#define TOKEN_NAME_SIZE 64

struct token_options {
	const char *name;   /* its name in keyhold; NULL: "default" */
	const char *label;  /* NULL: by serial alone */
	const char *serial; /* NULL: by label alone */
	unsigned max_sessions;
	int session_wait_ms;     /* how long a request waits for a session */
	unsigned session_copies; /* of keys, at most (copies.h) */
	/* The PIN as it is now, for when the token has ended the login: none is kept.
	 * NULL: nobody logs in again. */
	int (*read_pin)(void *ctx, struct secret **pin, struct error *err);
	void *pin_ctx;
};

/* What takes the token's time. */
enum token_work {
	TOKEN_SIGNS,
	TOKEN_DECRYPTS,
	TOKEN_GENERATES,
};
#define TOKEN_WORKS 3

/* What is known of a token when it is open; before, what it was looked for by. */
struct token_facts {
	struct slot_token written;
	struct abilities abilities;
};

struct token {
	char name[TOKEN_NAME_SIZE];
	struct module *module;
	struct token *next;          /* of the module's */
	struct keystore *keystore;   /* that works with it, or NULL: under module->lock */
	CK_FUNCTION_LIST *functions; /* the module's */
	CK_SLOT_ID slot_id;
	char label[SLOT_LABEL_SIZE], serial[SLOT_SERIAL_SIZE]; /* "": not known yet */
	pthread_mutex_t lock; /* facts: for those who are not in the token */
	struct token_facts facts;
	struct abilities abilities; /* for those who are */
	struct session_pool *sessions;
	unsigned session_copies; /* of keys, at most */
	int (*read_pin)(void *ctx, struct secret **pin, struct error *err);
	void *pin_ctx;
	struct secret *refused; /* the PIN that the token refused; NULL: none */
	bool no_more_logins;    /* it refused one that could not be kept */
	CK_SESSION_HANDLE anchor;
	struct durations times[TOKEN_WORKS];
};

/*
 * Finds the token and logs in: one attempt, none when the token says that a failure
 * would lock the PIN. ERROR_NOT_FOUND: no such token. ERROR_PIN: the PIN was not taken.
 * The module must outlive the token.
 */
int token_open(struct module *module, const struct token_options *options,
    const struct secret *pin, struct token **token, struct error *err);
void token_close(struct token *token);

/* The same of a token that is away: token_return opens it. */
int token_expect(struct module *module, const struct token_options *options,
    struct token **token, struct error *err);

/* Any thread. */
void token_describe(struct token *token, struct token_facts *facts);

/*
 * Ends all sessions and logs in anew, with the PIN as it is now: one attempt, and none
 * with a PIN that was refused. All handles change. No other thread may be inside the
 * token, and while this fails the token is of no use.
 */
int token_relogin(struct token *token, struct error *err);

/* The same where it may have been away: it is found by its label and serial, in whatever
 * slot, and what it can do is read anew. */
int token_return(struct token *token, struct error *err);

/* The same with the module finalized and initialised before: that ends the sessions of
 * all its tokens. */
int token_reload(struct token *token, struct error *err);

/* What another token's reload has ended: by their numbers they may be its sessions now.
 */
void token_forget_sessions(struct token *token);

/* Asks the token about the sessions that nobody uses: keeps them open where idle ones
 * end.
 */
int token_touch(struct token *token, struct error *err);

/* Is there such a token? Looks, and does not log in. */
int
token_look(struct module *module, const struct token_options *options, struct error *err);

/* Makes a token with both PINs in the first uninitialised slot. Not beside an open token:
 * libp11 ends every session of the slots that it lets go. */
int token_initialise(struct module *module, const char *label,
    const struct secret *so_pin, const struct secret *pin, struct error *err);

#endif
