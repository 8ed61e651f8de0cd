/*
 * slot.h - the slots of a module, and the token in each.
 *
 * By plain Cryptoki: libp11 ends every session of the slots that it lets go, and so
 * cannot look while another token of the module is in use.
 */
#ifndef PKCS11_SLOT_H
#define PKCS11_SLOT_H

#include <p11-kit/pkcs11.h>

#include "pkcs11/module.h"

#define SLOT_LABEL_SIZE  33 /* of the fields of CK_TOKEN_INFO, as text */
#define SLOT_SERIAL_SIZE 17
#define SLOT_MAKER_SIZE  33
#define SLOT_MODEL_SIZE  17

/* What is written on a token. */
struct slot_token {
	CK_SLOT_ID slot;
	char label[SLOT_LABEL_SIZE], serial[SLOT_SERIAL_SIZE];
	char manufacturer[SLOT_MAKER_SIZE], model[SLOT_MODEL_SIZE];
};

/*
 * The one initialised token with this label and serial, of which one may be NULL.
 * ERROR_NOT_FOUND: there is none; ERROR_CONFIG: there are two.
 */
int slot_find(struct module *module, const char *label, const char *serial,
    struct slot_token *found, struct error *err);

#endif
