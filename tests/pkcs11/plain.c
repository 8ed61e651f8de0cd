/* plain.c - a token over faulty-pkcs11.so, used through Cryptoki alone. */
#include "tests/pkcs11/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/token.h"

#define LABEL "faulty"

struct plain plain = {
	.digest = { 1, 2, 3 },
	.block = { 0, 4, 5, 6 },
};

CK_RV
plain_open_session(CK_SESSION_HANDLE *handle)
{
	return plain.p11->C_OpenSession(
	    plain.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, handle);
}

CK_RV
plain_log_in(CK_USER_TYPE user, const char *pin)
{
	return plain.p11->C_Login(
	    plain.session, user, (CK_BYTE *)(uintptr_t)pin, strlen(pin));
}

CK_ULONG
plain_find_slot(CK_SLOT_ID *found)
{
	CK_SLOT_ID list[8];
	CK_ULONG count = 8, matches = 0;
	CK_TOKEN_INFO info;

	assert_int_equal(plain.p11->C_GetSlotList(CK_TRUE, list, &count), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++)
		if (plain.p11->C_GetTokenInfo(list[i], &info) == CKR_OK &&
		    memcmp(info.label, LABEL " ", sizeof(LABEL)) == 0) {
			*found = list[i];
			matches++;
		}
	return matches;
}

static void
make_rsa(void)
{
	CK_MECHANISM mechanism = { .mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN };
	CK_ULONG bits = 2048;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE public[] = { { CKA_TOKEN, &yes, 1 }, { CKA_VERIFY, &yes, 1 },
		{ CKA_MODULUS_BITS, &bits, sizeof(bits) } };
	CK_ATTRIBUTE private[] = { { CKA_TOKEN, &yes, 1 }, { CKA_SIGN, &yes, 1 },
		{ CKA_DECRYPT, &yes, 1 } };

	assert_int_equal(plain.p11->C_GenerateKeyPair(plain.session, &mechanism, public,
			     3, private, 3, &plain.rsa_public, &plain.rsa),
	    CKR_OK);
}

static void
make_ec(void)
{
	static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
		0x07 };
	CK_MECHANISM mechanism = { .mechanism = CKM_EC_KEY_PAIR_GEN };
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE public[] = { { CKA_TOKEN, &yes, 1 }, { CKA_VERIFY, &yes, 1 },
		{ CKA_EC_PARAMS, p256, sizeof(p256) } };
	CK_ATTRIBUTE private[] = { { CKA_TOKEN, &yes, 1 }, { CKA_SIGN, &yes, 1 } };

	assert_int_equal(plain.p11->C_GenerateKeyPair(plain.session, &mechanism, public,
			     3, private, 2, &plain.ec_public, &plain.ec),
	    CKR_OK);
}

static CK_OBJECT_HANDLE
find_object(CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
	CK_ATTRIBUTE match[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) } };
	CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
	CK_ULONG count;

	assert_int_equal(plain.p11->C_FindObjectsInit(plain.session, match, 2), CKR_OK);
	assert_int_equal(
	    plain.p11->C_FindObjects(plain.session, &found, 1, &count), CKR_OK);
	assert_int_equal(plain.p11->C_FindObjectsFinal(plain.session), CKR_OK);
	assert_int_equal(count, 1);
	return found;
}

void
plain_find_keys(void)
{
	plain.rsa = find_object(CKO_PRIVATE_KEY, CKK_RSA);
	plain.rsa_public = find_object(CKO_PUBLIC_KEY, CKK_RSA);
	plain.ec = find_object(CKO_PRIVATE_KEY, CKK_EC);
	plain.ec_public = find_object(CKO_PUBLIC_KEY, CKK_EC);
}

CK_RV
plain_sign_in(CK_SESSION_HANDLE handle, CK_BYTE *signature, CK_ULONG *len)
{
	CK_MECHANISM mechanism = { .mechanism = CKM_ECDSA };
	CK_RV rv = plain.p11->C_SignInit(handle, &mechanism, plain.ec);

	return rv == CKR_OK ? plain.p11->C_Sign(handle, plain.digest,
				  sizeof(plain.digest), signature, len)
			    : rv;
}

CK_RV
plain_sign(void)
{
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);

	return plain_sign_in(plain.session, signature, &len);
}

CK_RV
plain_verify(
    CK_OBJECT_HANDLE public, CK_MECHANISM_TYPE type, CK_BYTE *signature, CK_ULONG len)
{
	CK_MECHANISM mechanism = { .mechanism = type };

	assert_int_equal(
	    plain.p11->C_VerifyInit(plain.session, &mechanism, public), CKR_OK);
	return plain.p11->C_Verify(
	    plain.session, plain.digest, sizeof(plain.digest), signature, len);
}

int
plain_start(void **state)
{
	(void)state;
	assert_int_equal(plain_find_slot(&plain.slot), 1);
	assert_int_equal(plain_open_session(&plain.session), CKR_OK);
	assert_int_equal(plain_log_in(CKU_USER, TEST_TOKEN_PIN), CKR_OK);
	plain_find_keys();
	return 0;
}

int
plain_end(void **state)
{
	(void)state;
	faults_clear(plain.faults);
	return plain.p11->C_CloseAllSessions(plain.slot) == CKR_OK ? 0 : -1;
}

int
plain_open(void **state)
{
	struct test_token *t;

	if (test_faulty_module_open(state) != 0)
		return -1;
	t = *state;
	plain.p11 = t->module->functions;
	plain.faults = t->faults;
	test_token_make(t->module, LABEL);
	if (plain_find_slot(&plain.slot) != 1 ||
	    plain_open_session(&plain.session) != CKR_OK ||
	    plain_log_in(CKU_USER, TEST_TOKEN_PIN) != CKR_OK)
		return -1;
	make_rsa();
	make_ec();
	return plain_end(state);
}
