/* import.c - C_CreateObject of both halves. */
#include "tests/support/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>

#include "pkcs11/session.h"

static void
set(CK_ATTRIBUTE *list, CK_ULONG *count, CK_ATTRIBUTE_TYPE type, const void *value,
    CK_ULONG len)
{
	list[(*count)++] = (CK_ATTRIBUTE){ type, (void *)(uintptr_t)value, len };
}

/* In memory that the next list uses again. */
static void
set_number(CK_ATTRIBUTE *list, CK_ULONG *count, CK_ATTRIBUTE_TYPE type,
    const EVP_PKEY *pkey, const char *name)
{
	static unsigned char values[8][512];
	unsigned char *value = values[*count % 8];
	BIGNUM *number = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(pkey, name, &number), 1);
	assert_true(*count < 8);
	set(list, count, type, value, (CK_ULONG)BN_bn2bin(number, value));
	BN_clear_free(number);
}

static void
create_object(struct token *token, CK_OBJECT_CLASS class, const EVP_PKEY *pkey,
    const char *label, CK_BYTE id)
{
	static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	static const CK_KEY_TYPE rsa = CKK_RSA;
	bool is_private = class == CKO_PRIVATE_KEY;
	CK_ATTRIBUTE list[17];
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE handle;
	CK_ULONG count = 0;

	set_number(list, &count, CKA_MODULUS, pkey, "n");
	set_number(list, &count, CKA_PUBLIC_EXPONENT, pkey, "e");
	if (is_private) {
		set_number(list, &count, CKA_PRIVATE_EXPONENT, pkey, "d");
		set_number(list, &count, CKA_PRIME_1, pkey, "rsa-factor1");
		set_number(list, &count, CKA_PRIME_2, pkey, "rsa-factor2");
		set_number(list, &count, CKA_EXPONENT_1, pkey, "rsa-exponent1");
		set_number(list, &count, CKA_EXPONENT_2, pkey, "rsa-exponent2");
		set_number(list, &count, CKA_COEFFICIENT, pkey, "rsa-coefficient1");
		set(list, &count, CKA_SENSITIVE, &yes, 1);
		set(list, &count, CKA_EXTRACTABLE, &no, 1);
	}
	set(list, &count, CKA_CLASS, &class, sizeof(class));
	set(list, &count, CKA_KEY_TYPE, &rsa, sizeof(rsa));
	set(list, &count, CKA_TOKEN, &yes, 1);
	set(list, &count, CKA_LABEL, label, strlen(label));
	set(list, &count, CKA_ID, &id, 1);
	set(list, &count, is_private ? CKA_SIGN : CKA_VERIFY, &yes, 1);
	set(list, &count, is_private ? CKA_DECRYPT : CKA_ENCRYPT, &yes, 1);
	assert_int_equal(session_take(token->sessions, &session, NULL), 0);
	assert_int_equal(
	    token->functions->C_CreateObject(session, list, count, &handle), CKR_OK);
	session_give(token->sessions, session);
}

void
test_import(struct token *token, const EVP_PKEY *pkey, const char *label, CK_BYTE id)
{
	create_object(token, CKO_PUBLIC_KEY, pkey, label, id);
	create_object(token, CKO_PRIVATE_KEY, pkey, label, id);
}
