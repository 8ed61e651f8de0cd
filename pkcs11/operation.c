/* operation.c - an initialisation and a single-part call, and what becomes of the
 * session.
 */
#include "pkcs11/operation.h"

#include <stdint.h>

#include "base/clock.h"
#include "pkcs11/ckr.h"
#include "pkcs11/session.h"

static CK_RV
call(CK_SESSION_HANDLE session, struct operation *o)
{
	CK_RV rv = o->init(session, o->mechanism, o->handle);

	if (rv != CKR_OK)
		return rv;
	/* Cryptoki takes the data as non-const, and does not write to it. */
	return o->run(session, (CK_BYTE *)(uintptr_t)o->input.data, o->input.len,
	    o->output, &o->output_len);
}

static CK_RV
run_once(struct token *token, CK_SESSION_HANDLE session, struct operation *o)
{
	int64_t start = clock_mono_ns();
	CK_RV rv = call(session, o);

	durations_add(&token->times[o->work], clock_mono_ns() - start);
	return rv;
}

bool
operation_judges_input(CK_RV rv)
{
	switch (rv) {
	case CKR_ENCRYPTED_DATA_INVALID:
	case CKR_ENCRYPTED_DATA_LEN_RANGE:
	case CKR_DATA_INVALID:
	case CKR_DATA_LEN_RANGE:
		return true;
	default:
		return false;
	}
}

/*
 * A failed call may leave its operation active, so its session is not lent again. But who
 * sends bad ciphertexts must not see by the time of a new session that the token minded
 * one: by PKCS#11 v2.40 sections 5.9 and 5.11 such a call has ended its operation, and if
 * it has not, CKR_OPERATION_ACTIVE has the next one replace the session.
 */
int
operation_run(struct token *token, struct operation *operation, struct error *err)
{
	const CK_ULONG room = operation->output_len;
	CK_SESSION_HANDLE session;

	if (session_take(token->sessions, &session, err) != 0)
		return -1;
	operation->rv = run_once(token, session, operation);
	if (ckr_class(operation->rv) == CKR_CLASS_SESSION) {
		if (session_replace(token->sessions, &session, err) != 0)
			return -1;
		operation->output_len = room;
		operation->rv = run_once(token, session, operation);
	}
	if (operation->rv == CKR_OK || operation_judges_input(operation->rv))
		session_give(token->sessions, session);
	else
		session_drop(token->sessions, session);
	return 0;
}
