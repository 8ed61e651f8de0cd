/*
 * tokens.h - the tokens of the configuration: their modules loaded, logged in to, and
 * handed to the keyring.
 *
 * With one token the start fails when it is away. Of several, those that are away are
 * looked for later; what only the configuration can be blamed for ends the start all the
 * same, and so does a PIN that a token refuses.
 */
#ifndef SERVICE_TOKENS_H
#define SERVICE_TOKENS_H

#include "pkcs11/keyring.h"
#include "service/config.h"
#include "service/exit.h"
#include "store/store.h"

struct tokens;

/* Reads the PINs, and has nothing to do with the tokens yet. config outlives it. */
int tokens_new(const struct config *config, struct tokens **tokens, enum exit_code *code,
    struct error *err);

/* Loads the modules, and looks for the tokens. */
int tokens_find(struct tokens *tokens, enum exit_code *code, struct error *err);

/* Logs in, once to each, and has the store record it. The PINs are wiped. */
int tokens_login(
    struct tokens *tokens, struct store *store, enum exit_code *code, struct error *err);

/* The keyring's keystores end the process by give_up when a token hangs for too long. */
int tokens_open_keys(struct tokens *tokens, void (*give_up)(void *ctx),
    struct keyring **keys, struct error *err);

/* A line of the log for each: what it is, or, of one without a keystore, why it is away.
 */
void tokens_log(const struct tokens *tokens);

/* After the keyring. NULL is fine. */
void tokens_free(struct tokens *tokens);

#endif
