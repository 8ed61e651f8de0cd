/*
 * module.h - a PKCS#11 module, loaded and initialised by libp11, and its function list.
 *
 * libp11 owns C_Initialize and C_Finalize; everything about slots, sessions, keys and
 * signatures goes through functions (docs/decisions/0001, 0033). A process initialises a
 * module once, so tokens of one module share it.
 */
#ifndef PKCS11_MODULE_H
#define PKCS11_MODULE_H

#include <pthread.h>
#include <stdbool.h>

#include <p11-kit/pkcs11.h>

#include "base/error.h"

struct PKCS11_ctx_st;
struct token;

struct module {
	struct PKCS11_ctx_st *libp11;
	void *library; /* our own reference: the module stays mapped after libp11 unloads
			  it */
	CK_FUNCTION_LIST *functions;
	bool list_is_ours; /* the module did not know that libp11 had initialised it */
	char path[256];
	char *init_args;      /* or NULL */
	pthread_mutex_t lock; /* tokens; held while it is begun anew, too */
	struct token *tokens; /* that are open */
};

/* Loads it, and does not initialise: module_reload does. ERROR_CONFIG: there is none. */
int module_load(
    const char *path, const char *init_args, struct module **module, struct error *err);

bool module_is_initialised(const struct module *module);

/* Both. init_args (CK_C_INITIALIZE_ARGS.pReserved, for NSS and the like) may be NULL. */
int module_open(
    const char *path, const char *init_args, struct module **module, struct error *err);

/*
 * Finalizes and initialises again: what helps where a driver does not recover by itself.
 * No other thread may be inside the module. After a failure the module can be reloaded or
 * closed, and nothing else.
 */
int module_reload(struct module *module, struct error *err);

/* Finalizes. No other thread may be inside the module. */
void module_close(struct module *module);

#endif
