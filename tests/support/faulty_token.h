/* faulty_token.h - the token as it pretends to be: its troubles, over the real one. */
#ifndef TESTS_SUPPORT_FAULTY_TOKEN_H
#define TESTS_SUPPORT_FAULTY_TOKEN_H

#include <p11-kit/pkcs11.h>

struct faults;

/* What the pretended token does, by function: mostly what the real one does. */
void faulty_token_init(
    CK_FUNCTION_LIST *real, struct faults *faults, CK_FUNCTION_LIST *pretended);

/*
 * Before a call that is about a slot, the token in it, or a session: CKR_OK when the
 * pretended token takes it. A slot's number becomes the real one. After CKR_OK from the
 * last, and the call, the session is left.
 */
CK_RV faulty_token_slot(CK_SLOT_ID *slot);
CK_RV faulty_token_token(CK_SLOT_ID *slot);
CK_RV faulty_token_enter(CK_SESSION_HANDLE session);
void faulty_token_leave(CK_SESSION_HANDLE session);

#endif
