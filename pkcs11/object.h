/* object.h - finding objects on the token and reading their attributes (PKCS#11 v2.40
 * section 5.7). */
#ifndef PKCS11_OBJECT_H
#define PKCS11_OBJECT_H

#include <stddef.h>

#include <p11-kit/pkcs11.h>

#include "base/buffer.h"
#include "base/error.h"

#define OBJECT_ID_MAX 32

/* What a key pair on the token is found by. */
struct object_id {
	unsigned char data[OBJECT_ID_MAX];
	size_t len;
};

/*
 * Finds up to max objects that match the template; *count is how many there are, at
 * most max. Session objects are found too unless the template has CKA_TOKEN.
 */
int object_find(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_ATTRIBUTE *match, size_t match_count, CK_OBJECT_HANDLE *found, size_t max,
    size_t *count, struct error *err);

/* Appends the handles of all that match. */
int object_find_all(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_ATTRIBUTE *match, size_t match_count, struct buffer *handles, struct error *err);

/* What was found is to be one: ERROR_NOT_FOUND, or ERROR_CONFLICT for two. */
int object_only(const CK_OBJECT_HANDLE *handles, size_t count, CK_OBJECT_HANDLE *found,
    struct error *err);

/* The one object of a class with this CKA_ID, as object_only says. */
int object_find_one(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_CLASS class, const struct object_id *id, CK_OBJECT_HANDLE *found,
    struct error *err);

/* Appends the attribute's value. */
int object_read(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, struct buffer *value,
    struct error *err);

/* 0 with *value set; an attribute of another size is ERROR_TOKEN. */
int object_read_ulong(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG *value, struct error *err);
int object_read_bool(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_BBOOL *value, struct error *err);

#endif
