/* ring.h - a keyring over three tokens, two of them in a module that can be made to fail.
 */
#ifndef TESTS_PKCS11_RING_H
#define TESTS_PKCS11_RING_H

#include "pkcs11/keyring.h"
#include "tests/support/token.h"

/*
 * left and near are on faulty-pkcs11.so, and share its troubles; right is on a second
 * SoftHSM of this process: a copy of the file.
 */
extern struct ring_scene {
	struct test_token *t;
	struct module *copy;
	struct token *left, *near, *right;
	struct keystore *stores[3];
	struct keyring *ring;
	bool pin_is_lost; /* near's */
} s;

int read_pin(void *ctx, struct secret **pin, struct error *err);
struct token *open_token(struct module *module, const char *name);
struct keystore *open_keystore(struct token *token, const struct error *away);
int open_tokens(void **state);
int close_tokens(void **state);
int open_ring(void **state);
int close_ring(void **state);
void make(const char *token, const char *name, struct keystore_key *key);
void adopt(const char *token, const char *name, struct keystore_key *key);
void replicate(const char *home, const char *name, CK_BYTE id, struct keystore_key *key);
int sign(const struct keystore_key *key, struct error *err);
void sign_many(const struct keystore_key *key, int count);
void wait_until_it_works(struct keystore *store);
void wait_until_away(struct keystore *store);
void end_key(const struct keystore_key *key);
bool is_on(struct token *token, const struct keystore_key *key);

#endif
