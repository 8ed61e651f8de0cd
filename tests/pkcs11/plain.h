/*
 * plain.h - a token over faulty-pkcs11.so with an RSA and an EC key, used through
 * Cryptoki alone.
 */
#ifndef TESTS_PKCS11_PLAIN_H
#define TESTS_PKCS11_PLAIN_H

#include <p11-kit/pkcs11.h>

#include "tests/support/faults.h"

extern struct plain {
	CK_FUNCTION_LIST *p11;
	struct faults *faults;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session; /* logged in when a test starts */
	CK_OBJECT_HANDLE rsa, rsa_public, ec, ec_public;
	CK_BYTE digest[32], block[256]; /* to sign; the block is less than any modulus */
} plain;

/* A group's setup; test_token_close is its teardown. */
int plain_open(void **state);

/* A test's own: a session with a login; then no fault and no session is left. */
int plain_start(void **state);
int plain_end(void **state);
#define PLAIN_TEST(name) cmocka_unit_test_setup_teardown(name, plain_start, plain_end)

/* How many slots have the token, and the number that the last of them has now. */
CK_ULONG plain_find_slot(CK_SLOT_ID *found);
CK_RV plain_open_session(CK_SESSION_HANDLE *handle);
CK_RV plain_log_in(CK_USER_TYPE user, const char *pin);
/* Their handles change with each login. */
void plain_find_keys(void);

/* By the EC key, in any session, and in ours. */
CK_RV plain_sign_in(CK_SESSION_HANDLE handle, CK_BYTE *signature, CK_ULONG *len);
CK_RV plain_sign(void);
CK_RV plain_verify(
    CK_OBJECT_HANDLE public, CK_MECHANISM_TYPE type, CK_BYTE *signature, CK_ULONG len);

#endif
