/* ckr.c - sorts Cryptoki's return values into the few things that can be done about them.
 */
#include "pkcs11/ckr.h"

#include <p11-kit/p11-kit.h>

enum ckr_class
ckr_class(CK_RV rv)
{
	switch (rv) {
	case CKR_OK:
		return CKR_CLASS_OK;
	case CKR_DATA_LEN_RANGE:
	case CKR_DATA_INVALID:
	case CKR_KEY_TYPE_INCONSISTENT:
	case CKR_MECHANISM_INVALID:
	case CKR_MECHANISM_PARAM_INVALID:
	case CKR_KEY_FUNCTION_NOT_PERMITTED:
	case CKR_KEY_SIZE_RANGE:
	case CKR_DOMAIN_PARAMS_INVALID:
	case CKR_CURVE_NOT_SUPPORTED:
		return CKR_CLASS_CALLER;
	case CKR_SESSION_COUNT:
	case CKR_HOST_MEMORY:
	case CKR_DEVICE_MEMORY:
	case CKR_FUNCTION_CANCELED:
		return CKR_CLASS_BUSY;
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_SESSION_CLOSED:
	case CKR_OPERATION_ACTIVE:
		return CKR_CLASS_SESSION;
	case CKR_USER_NOT_LOGGED_IN:
	case CKR_OBJECT_HANDLE_INVALID:
	case CKR_KEY_HANDLE_INVALID:
		return CKR_CLASS_LOGIN;
	case CKR_PIN_INCORRECT:
	case CKR_PIN_LOCKED:
	case CKR_PIN_EXPIRED:
	case CKR_PIN_INVALID:
	case CKR_PIN_LEN_RANGE:
		return CKR_CLASS_PIN;
	case CKR_DEVICE_ERROR:
	case CKR_DEVICE_REMOVED:
	case CKR_TOKEN_NOT_PRESENT:
	case CKR_TOKEN_NOT_RECOGNIZED:
	case CKR_SLOT_ID_INVALID:
	case CKR_GENERAL_ERROR:
	case CKR_FUNCTION_FAILED:
	case CKR_CRYPTOKI_NOT_INITIALIZED:
		return CKR_CLASS_AWAY;
	default:
		return CKR_CLASS_TOKEN;
	}
}

int
ckr_error(struct error *err, CK_RV rv, const char *what)
{
	static const enum error_code codes[] = {
		[CKR_CLASS_OK] = ERROR_INTERNAL,
		[CKR_CLASS_CALLER] = ERROR_UNSUPPORTED,
		[CKR_CLASS_BUSY] = ERROR_BUSY,
		[CKR_CLASS_SESSION] = ERROR_LOGGED_OUT,
		[CKR_CLASS_LOGIN] = ERROR_LOGGED_OUT,
		[CKR_CLASS_AWAY] = ERROR_AWAY,
		[CKR_CLASS_TOKEN] = ERROR_TOKEN,
		[CKR_CLASS_PIN] = ERROR_PIN,
	};

	return error_set(err, codes[ckr_class(rv)], "%s: %s (0x%lx)", what,
	    p11_kit_strerror(rv), (unsigned long)rv);
}
