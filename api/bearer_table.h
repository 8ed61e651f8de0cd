/*
 * bearer_table.h - the tokens of the store in memory, so that no request asks the
 * database who it is.
 *
 * Any thread. A change is in the store before it is here, and here before the call
 * returns.
 */
#ifndef API_BEARER_TABLE_H
#define API_BEARER_TABLE_H

#include <stdbool.h>

#include "base/error.h"
#include "store/tokens.h"

struct bearer_table;

/* The store outlives the table. */
int
bearer_table_open(struct store *store, struct bearer_table **table, struct error *err);
void bearer_table_close(struct bearer_table *table);

/* Copies what the store has under this name, ended or not; false: nothing. */
bool
bearer_table_find(struct bearer_table *table, const char *name, struct token_row *row);

/* store_token_add and store_token_revoke, and the table after them. */
int bearer_table_add(struct bearer_table *table, const struct token_row *row,
    const struct audit_event *event, struct error *err);
int bearer_table_revoke(struct bearer_table *table, const char *name,
    const struct audit_event *event, struct error *err);

#endif
