/* certificate.c - puts a certificate on the token. */
#include "pkcs11/certificate.h"

#include <string.h>

#include "base/text.h"
#include "pkcs11/ckr.h"
#include "pkcs11/session.h"

#define OLD_MAX 8

/* The template points into this. */
struct object {
	CK_OBJECT_CLASS class;
	CK_CERTIFICATE_TYPE type;
	CK_BBOOL yes, no;
	struct object_id id;
	char label[NAME_MAX_CHARS + 1];
	CK_ATTRIBUTE list[10];
	size_t count;
};

static void
add(struct object *o, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
	o->list[o->count++] = (CK_ATTRIBUTE){ type, (void *)(uintptr_t)value, len };
}

/* Begins with the four attributes by which those that were are found. */
static int
describe(struct object *o, const struct object_id *id, const char *label,
    const struct certificate_parts *parts, struct error *err)
{
	*o = (struct object){ .class = CKO_CERTIFICATE,
		.type = CKC_X_509,
		.yes = CK_TRUE,
		.no = CK_FALSE,
		.id = *id };
	if (text_copy(o->label, sizeof(o->label), label) != 0)
		return error_set(err, ERROR_INTERNAL, "label of a certificate");
	add(o, CKA_CLASS, &o->class, sizeof(o->class));
	add(o, CKA_TOKEN, &o->yes, sizeof(o->yes));
	add(o, CKA_ID, o->id.data, o->id.len);
	add(o, CKA_LABEL, o->label, strlen(o->label));
	add(o, CKA_CERTIFICATE_TYPE, &o->type, sizeof(o->type));
	add(o, CKA_PRIVATE, &o->no, sizeof(o->no));
	add(o, CKA_SUBJECT, parts->subject.data, parts->subject.len);
	add(o, CKA_ISSUER, parts->issuer.data, parts->issuer.len);
	add(o, CKA_SERIAL_NUMBER, parts->serial.data, parts->serial.len);
	add(o, CKA_VALUE, parts->certificate.data, parts->certificate.len);
	return 0;
}

static int
replace(
    struct token *token, CK_SESSION_HANDLE session, struct object *o, struct error *err)
{
	CK_OBJECT_HANDLE old[OLD_MAX], made;
	size_t count;
	CK_RV rv;

	if (object_find(
		token->functions, session, o->list, 4, old, OLD_MAX, &count, err) != 0)
		return -1;
	rv = token->functions->C_CreateObject(session, o->list, o->count, &made);
	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_CreateObject");
	for (size_t i = 0; i < count; i++) {
		/* NSS knows one again by issuer and serial, and has it stay. */
		if (old[i] == made)
			continue;
		rv = token->functions->C_DestroyObject(session, old[i]);
		if (rv != CKR_OK)
			return ckr_error(err, rv, "C_DestroyObject");
	}
	return 0;
}

int
token_put_certificate(struct token *token, const struct object_id *id, const char *label,
    const struct certificate_parts *parts, struct error *err)
{
	CK_SESSION_HANDLE session;
	struct object o;
	int rc;

	if (describe(&o, id, label, parts, err) != 0 ||
	    session_take_live(token->sessions, &session, err) != 0)
		return -1;
	rc = replace(token, session, &o, err);
	session_finish(token->sessions, session, rc, err);
	return rc;
}
