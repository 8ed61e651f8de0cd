/*
 * fuzz_token.c - any bytes as what a token answers: how many objects it found, and the
 * attributes of a key.
 *
 * Each answer is taken off the front: a byte of CK_RV, a byte of length, the bytes. What
 * a C function may not do to its caller's memory, a token does not do here either.
 */
#include "tests/fuzz/target.h"

#include <string.h>

#include "evp/spki.h"
#include "pkcs11/object.h"
#include "pkcs11/publickey.h"

static struct bytes script;

static unsigned char
next_byte(void)
{
	unsigned char byte = script.len > 0 ? script.data[0] : 0;

	if (script.len > 0)
		script = (struct bytes){ script.data + 1, script.len - 1 };
	return byte;
}

static CK_RV
next_rv(void)
{
	unsigned char byte = next_byte();

	return byte < 0xe0 ? CKR_OK : byte;
}

/* The length that it claims may be larger than what it wrote, or than there was room. */
static CK_RV
get_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *list,
    CK_ULONG count)
{
	CK_RV rv = next_rv();

	(void)session;
	(void)object;
	for (CK_ULONG i = 0; i < count; i++) {
		CK_ULONG room = list[i].ulValueLen, len = next_byte();

		if (len == 0xff)
			len = CK_UNAVAILABLE_INFORMATION;
		else if (len >= 0xf0)
			len <<= 8;
		for (CK_ULONG n = 0; n < len && n < room && script.len > 0; n++)
			((unsigned char *)list[i].pValue)[n] = next_byte();
		list[i].ulValueLen = len;
	}
	return rv;
}

static CK_RV
find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *match, CK_ULONG count)
{
	(void)session;
	(void)match;
	(void)count;
	return next_rv();
}

static CK_RV
find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *found, CK_ULONG max, CK_ULONG *count)
{
	CK_RV rv = next_rv();

	(void)session;
	*count = script.len > 0 ? (CK_ULONG)next_byte() * 2 : 0;
	for (CK_ULONG i = 0; i < *count && i < max; i++)
		found[i] = i;
	return rv;
}

static CK_RV
find_final(CK_SESSION_HANDLE session)
{
	(void)session;
	return next_rv();
}

static void
read_key(CK_FUNCTION_LIST *functions, enum key_family family)
{
	struct spki parts = { 0 };
	struct error err = { 0 };
	struct buffer spki;

	buf_init(&spki, 0);
	if (publickey_read(functions, 1, 1, family, &spki, &err) == 0) {
		const struct bytes der = buf_bytes(&spki);

		/* key_init reads it again, and refuses what is no key of ours. */
		(void)spki_read(&der, &parts, &err);
		spki_clear(&parts);
	} else {
		must(err.code != ERROR_NONE);
	}
	buf_free(&spki);
}

static void
search(CK_FUNCTION_LIST *functions)
{
	const struct object_id id = { { 1 }, 1 };
	struct error err = { 0 };
	CK_OBJECT_HANDLE handle;
	struct buffer handles;

	buf_init(&handles, 1 << 20);
	if (object_find_all(functions, 1, NULL, 0, &handles, &err) == 0)
		must(handles.len % sizeof(CK_OBJECT_HANDLE) == 0);
	if (object_find_one(functions, 1, CKO_PRIVATE_KEY, &id, &handle, &err) == 0)
		must(handle == 0);
	buf_free(&handles);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CK_FUNCTION_LIST functions = {
		.C_GetAttributeValue = get_attribute,
		.C_FindObjectsInit = find_init,
		.C_FindObjects = find,
		.C_FindObjectsFinal = find_final,
	};

	script = (struct bytes){ data, size };
	if (next_byte() % 2 == 0)
		read_key(&functions, size % 2 == 0 ? KEY_FAMILY_RSA : KEY_FAMILY_RSA_PSS);
	else
		search(&functions);
	return 0;
}
