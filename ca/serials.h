/*
 * serials.h - serials that are reserved in the store already, to be signed with at once.
 *
 * They are reserved some at a time, for one issuer: one commit then serves many
 * certificates, and still none is signed with before it is on disk. What a crash leaves
 * of them stays reserved; what is left at the end is given back.
 */
#ifndef CA_SERIALS_H
#define CA_SERIALS_H

#include <pthread.h>

#include <openssl/types.h>

#include "base/error.h"
#include "ca/serial.h"

#define SERIALS_AT_ONCE 64

struct serial_stock;
struct store;

struct serials {
	OSSL_LIB_CTX *libctx;
	struct store *store;
	pthread_mutex_t lock; /* guards the stocks; held while one is filled */
	struct serial_stock *first;
};

void serials_init(struct serials *serials, OSSL_LIB_CTX *libctx, struct store *store);
void serials_clear(struct serials *serials);

/* Each is given out once. */
int serials_take(struct serials *serials, const char *issuer,
    unsigned char serial[static SERIAL_BYTES], struct error *err);

#endif
