/*
 * operation.h - one operation with a private key: C_SignInit and C_Sign, or C_DecryptInit
 * and C_Decrypt, on a borrowed session.
 */
#ifndef PKCS11_OPERATION_H
#define PKCS11_OPERATION_H

#include <stdbool.h>

#include "base/buffer.h"
#include "pkcs11/token.h"

struct operation {
	/* The function lists' types for signing; those for decryption are the same. */
	CK_C_SignInit init;
	CK_C_Sign run;
	enum token_work work;
	CK_MECHANISM *mechanism;
	CK_OBJECT_HANDLE handle;
	struct bytes input;
	unsigned char *output;
	CK_ULONG output_len; /* before: the room; after CKR_OK: the bytes written */
	CK_RV rv;            /* what the token said */
};

/* What some token might say of one input and not of another. */
bool operation_judges_input(CK_RV rv);

/*
 * 0 when the token was asked; rv is its answer. A session that turns out dead is replaced
 * and the operation tried once more. -1 when there is no session. From any thread.
 */
int operation_run(struct token *token, struct operation *operation, struct error *err);

#endif
