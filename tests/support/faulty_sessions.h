/*
 * faulty_sessions.h - the sessions that an application has open, so that they can end
 * behind its back. Never while a call runs in one: SoftHSM would crash.
 */
#ifndef TESTS_SUPPORT_FAULTY_SESSIONS_H
#define TESTS_SUPPORT_FAULTY_SESSIONS_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

struct faults;

void sessions_init(CK_FUNCTION_LIST *real, struct faults *faults);

/* Ends what is to end by now: by a reset, by a logout, because it was idle. */
void sessions_settle(void);

/* Around each call in a session. */
void sessions_enter(CK_SESSION_HANDLE session);
void sessions_leave(CK_SESSION_HANDLE session);

/* CKR_SESSION_COUNT when as many are open as may be. */
CK_RV sessions_open(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
    CK_SESSION_HANDLE *session);
void sessions_forget(CK_SESSION_HANDLE session);
void sessions_forget_all(void);
void sessions_forget_ended(void);

/* Whether this session has logged in for the use of a key that comes next. */
void sessions_authenticate(CK_SESSION_HANDLE session, bool yes);
bool sessions_authenticated(CK_SESSION_HANDLE session);

#endif
