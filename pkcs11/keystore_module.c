/*
 * keystore_module.c - tokens of one module: it is finalized when none of them works.
 *
 * C_Finalize ends the sessions of all tokens of the process's one instance. So it takes
 * each of them to be away, and everybody to be out of each.
 */
#include "pkcs11/keystore_state.h"

#include "base/deadline.h"
#include "pkcs11/recovery.h"

#define LOCK_OUT_MS 1000

void
keystore_join_module(struct keystore *store)
{
	struct module *module = store->token->module;

	pthread_mutex_lock(&module->lock);
	store->token->keystore = store;
	pthread_mutex_unlock(&module->lock);
}

void
keystore_leave_module(struct keystore *store)
{
	struct module *module = store->token->module;
	struct timespec deadline = deadline_in(RECOVERY_STOP_MS);

	/* Who begins it anew may be in a call that does not return. */
	if (pthread_mutex_clocklock(&module->lock, DEADLINE_CLOCK, &deadline) != 0) {
		recovery_give_up(store->recovery);
		pthread_mutex_lock(&module->lock);
	}
	if (store->token->keystore == store)
		store->token->keystore = NULL;
	pthread_mutex_unlock(&module->lock);
}

bool
keystore_take_module(struct keystore *store)
{
	return pthread_mutex_trylock(&store->token->module->lock) == 0;
}

void
keystore_give_module(struct keystore *store)
{
	pthread_mutex_unlock(&store->token->module->lock);
}

static struct token *
next_other(const struct keystore *store, struct token *token)
{
	while (token != NULL && token == store->token)
		token = token->next;
	return token;
}

/* A token that works is not asked to end; one that nobody works with yet, neither. */
static bool
is_let_go(struct keystore *other)
{
	struct recovery_state state;

	if (other == NULL)
		return false;
	state = recovery_state(other->recovery);
	return state.is_away && !state.hangs;
}

/* Those that were locked out until then are let in again. */
static void
let_in_others(struct keystore *store, const struct token *until)
{
	struct token *token = next_other(store, store->token->module->tokens);

	for (; token != until; token = next_other(store, token->next))
		keystore_let_in(token->keystore);
}

/* It may have come back until nobody was in it any more. */
static bool
lock_out(struct keystore *other)
{
	if (!is_let_go(other) || keystore_lock_out(other, LOCK_OUT_MS, NULL) != 0)
		return false;
	if (is_let_go(other))
		return true;
	keystore_let_in(other);
	return false;
}

static bool
lock_out_others(struct keystore *store)
{
	struct token *token = next_other(store, store->token->module->tokens);

	for (; token != NULL; token = next_other(store, token->next))
		if (!lock_out(token->keystore)) {
			let_in_others(store, token);
			return false;
		}
	return true;
}

/* They have to log in, and need not begin the module anew for that. */
static void
tell_others(struct keystore *store)
{
	struct token *token = next_other(store, store->token->module->tokens);

	for (; token != NULL; token = next_other(store, token->next)) {
		keystore_forget_handles(token->keystore);
		token_forget_sessions(token);
		recovery_module_was_reloaded(token->keystore->recovery);
	}
}

/* What keeps the module from being finalized may not work either: that is found out. */
static void
doubt_others(struct keystore *store)
{
	struct token *token = next_other(store, store->token->module->tokens);

	for (; token != NULL; token = next_other(store, token->next))
		if (token->keystore != NULL &&
		    !recovery_state(token->keystore->recovery).is_away)
			recovery_doubt(token->keystore->recovery);
}

int
keystore_reload(struct keystore *store, struct error *err)
{
	int rc;

	if (!lock_out_others(store)) {
		if ((rc = token_return(store->token, err)) != 0)
			doubt_others(store);
		return rc;
	}
	rc = token_reload(store->token, err);
	tell_others(store);
	let_in_others(store, NULL);
	return rc;
}
