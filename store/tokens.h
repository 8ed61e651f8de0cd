/*
 * tokens.h - bearer tokens: who presents one is its name to the access rules.
 *
 * What is kept of a token's secret is a salted hash. Errors are as in store.h.
 */
#ifndef STORE_TOKENS_H
#define STORE_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

#define TOKEN_SALT_BYTES 16
#define TOKEN_HASH_BYTES 32
#define TOKEN_KEPT_S     (INT64_C(90) * 86400)

struct token_row {
	char name[STORE_NAME_SIZE];
	unsigned char salt[TOKEN_SALT_BYTES];
	unsigned char hash[TOKEN_HASH_BYTES];
	int64_t created, expires; /* seconds since 1970 */
	int64_t revoked;          /* likewise; 0 unless revoked */
};

/* Revoked or expired at this time. */
bool token_has_ended(const struct token_row *row, int64_t now);

/*
 * Takes the place of a token of that name that has ended when this one was created;
 * ERROR_CONFLICT when it has not. Those that ended TOKEN_KEPT_S before are forgotten.
 */
int store_token_add(struct store *store, const struct token_row *row,
    const struct audit_event *event, struct error *err);

/* ERROR_NOT_FOUND when there is none, or it is revoked already. */
int store_token_revoke(struct store *store, const char *name, int64_t revoked,
    const struct audit_event *event, struct error *err);

/* All of them by name, until visit returns non-zero. visit must not call the store. */
int store_token_each(struct store *store,
    int (*visit)(void *ctx, const struct token_row *row), void *ctx, struct error *err);

#endif
