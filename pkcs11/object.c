/* object.c - searches and attributes, through Cryptoki. */
#include "pkcs11/object.h"

#include <string.h>

#include "pkcs11/ckr.h"

#define ATTRIBUTE_MAX_BYTES 4096
#define FIND_AT_ONCE        256

/* One that says it found more than there was room for is not believed. */
static CK_RV
find_some(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *found,
    CK_ULONG max, CK_ULONG *count)
{
	CK_RV rv = functions->C_FindObjects(session, found, max, count);

	return rv == CKR_OK && *count > max ? CKR_GENERAL_ERROR : rv;
}

int
object_find(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session, CK_ATTRIBUTE *match,
    size_t match_count, CK_OBJECT_HANDLE *found, size_t max, size_t *count,
    struct error *err)
{
	CK_RV rv = functions->C_FindObjectsInit(session, match, match_count);
	CK_ULONG n = 0;

	*count = 0;
	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_FindObjectsInit");
	do {
		rv = find_some(functions, session, found + *count, max - *count, &n);
		if (rv == CKR_OK)
			*count += n;
	} while (rv == CKR_OK && n > 0 && *count < max);
	/* The search must end even after a failure, or the session stays busy. */
	functions->C_FindObjectsFinal(session);
	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_FindObjects");
	return 0;
}

int
object_find_all(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_ATTRIBUTE *match, size_t match_count, struct buffer *handles, struct error *err)
{
	CK_OBJECT_HANDLE found[FIND_AT_ONCE];
	CK_RV rv = functions->C_FindObjectsInit(session, match, match_count);
	CK_ULONG n = 0;

	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_FindObjectsInit");
	do {
		rv = find_some(functions, session, found, FIND_AT_ONCE, &n);
		if (rv == CKR_OK)
			buf_append(handles, found, n * sizeof(found[0]));
	} while (rv == CKR_OK && n > 0 && !buf_failed(handles));
	functions->C_FindObjectsFinal(session);
	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_FindObjects");
	return buf_failed(handles) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

int
object_only(const CK_OBJECT_HANDLE *handles, size_t count, CK_OBJECT_HANDLE *found,
    struct error *err)
{
	if (count == 0)
		return error_set(err, ERROR_NOT_FOUND, "no such object on the token");
	if (count > 1)
		return error_set(
		    err, ERROR_CONFLICT, "two objects on the token have this CKA_ID");
	*found = handles[0];
	return 0;
}

int
object_find_one(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_CLASS class, const struct object_id *id, CK_OBJECT_HANDLE *found,
    struct error *err)
{
	CK_BBOOL yes = CK_TRUE;
	unsigned char value[OBJECT_ID_MAX];
	CK_ATTRIBUTE match[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, value, id->len },
		/* Copies that live in a session are not the key. */
		{ CKA_TOKEN, &yes, sizeof(yes) },
	};
	CK_OBJECT_HANDLE handles[2];
	size_t count;

	memcpy(value, id->data, id->len);
	if (object_find(functions, session, match, 3, handles, 2, &count, err) != 0)
		return -1;
	return object_only(handles, count, found, err);
}

int
object_read(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, struct buffer *value,
    struct error *err)
{
	unsigned char data[ATTRIBUTE_MAX_BYTES];
	CK_ATTRIBUTE attribute = { type, data, sizeof(data) };
	CK_RV rv = functions->C_GetAttributeValue(session, object, &attribute, 1);

	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_GetAttributeValue");
	if (attribute.ulValueLen > sizeof(data))
		return error_set(err, ERROR_TOKEN, "attribute 0x%lx is not there",
		    (unsigned long)type);
	buf_append(value, data, attribute.ulValueLen);
	if (buf_failed(value))
		return error_set(err, ERROR_TOKEN, "attribute 0x%lx of %lu bytes",
		    (unsigned long)type, (unsigned long)attribute.ulValueLen);
	return 0;
}

static int
read_fixed(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attribute, struct error *err)
{
	CK_ULONG size = attribute->ulValueLen;
	CK_RV rv = functions->C_GetAttributeValue(session, object, attribute, 1);

	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_GetAttributeValue");
	if (attribute->ulValueLen != size)
		return error_set(err, ERROR_TOKEN, "attribute 0x%lx has an odd size",
		    (unsigned long)attribute->type);
	return 0;
}

int
object_read_ulong(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG *value, struct error *err)
{
	CK_ATTRIBUTE attribute = { type, value, sizeof(*value) };

	return read_fixed(functions, session, object, &attribute, err);
}

int
object_read_bool(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_BBOOL *value, struct error *err)
{
	CK_ATTRIBUTE attribute = { type, value, sizeof(*value) };

	return read_fixed(functions, session, object, &attribute, err);
}
