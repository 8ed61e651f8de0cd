/* ckr.h - what a CK_RV (PKCS#11 v2.40 section 11.1) means for the request and the daemon.
 */
#ifndef PKCS11_CKR_H
#define PKCS11_CKR_H

#include <p11-kit/pkcs11.h>

#include "base/error.h"

enum ckr_class {
	CKR_CLASS_OK,
	CKR_CLASS_CALLER,  /* this request is wrong; nothing else changes */
	CKR_CLASS_BUSY,    /* no session or memory now */
	CKR_CLASS_SESSION, /* this session is dead: open another, once */
	CKR_CLASS_LOGIN,   /* the login or the handles are gone */
	CKR_CLASS_AWAY,    /* the token is away or broken */
	CKR_CLASS_TOKEN,   /* whatever else: of this request, as far as anybody knows */
	CKR_CLASS_PIN,     /* never retried */
};

enum ckr_class ckr_class(CK_RV rv);

/* Records "what: CKR text (0x..)" under the code of its class, and returns -1. */
int ckr_error(struct error *err, CK_RV rv, const char *what);

#endif
