/* reference.c - encodes and decodes the reference to a key. */
#include "evp/reference.h"

#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/pem.h"

#define REFERENCE_VERSION 1

/* OpenSSL's ASN.1 templates name their types by typedef; this one stays in this file. */
typedef struct {
	int32_t version;
	ASN1_UTF8STRING *name;
	ASN1_TYPE *key; /* a SEQUENCE, kept as it came */
} KEY_REFERENCE;

ASN1_SEQUENCE(KEY_REFERENCE) = {
	ASN1_EMBED(KEY_REFERENCE, version, INT32),
	ASN1_SIMPLE(KEY_REFERENCE, name, ASN1_UTF8STRING),
	ASN1_SIMPLE(KEY_REFERENCE, key, ASN1_ANY),
} static_ASN1_SEQUENCE_END(KEY_REFERENCE)

static void
reference_free(KEY_REFERENCE *reference)
{
	ASN1_item_free((ASN1_VALUE *)reference, ASN1_ITEM_rptr(KEY_REFERENCE));
}

static KEY_REFERENCE *
reference_new(const struct key *key)
{
	KEY_REFERENCE *reference =
	    (KEY_REFERENCE *)ASN1_item_new(ASN1_ITEM_rptr(KEY_REFERENCE));
	ASN1_STRING *spki = ASN1_STRING_new();

	if (reference == NULL || spki == NULL)
		goto fail;
	reference->version = REFERENCE_VERSION;
	if (!ASN1_STRING_set(reference->name, key->name, (int)strlen(key->name)) ||
	    !ASN1_STRING_set(spki, key->spki, (int)key->spki_len))
		goto fail;
	ASN1_TYPE_set(reference->key, V_ASN1_SEQUENCE, spki);
	return reference;
fail:
	ASN1_STRING_free(spki);
	reference_free(reference);
	return NULL;
}

int
reference_encode(const struct key *key, struct buffer *der, struct error *err)
{
	KEY_REFERENCE *reference = reference_new(key);
	unsigned char *data = NULL;
	int len;

	len = reference == NULL ? -1
				: ASN1_item_i2d((ASN1_VALUE *)reference, &data,
				      ASN1_ITEM_rptr(KEY_REFERENCE));
	reference_free(reference);
	if (len <= 0)
		return error_set(err, ERROR_INTERNAL, "key reference");
	buf_append(der, data, (size_t)len);
	OPENSSL_free(data);
	if (buf_failed(der))
		return error_set(err, ERROR_INTERNAL, "key reference: out of memory");
	return 0;
}

static int
take_parts(const KEY_REFERENCE *reference, struct key *key, struct error *err)
{
	char name[NAME_MAX_CHARS + 1] = { 0 };
	size_t name_len = (size_t)ASN1_STRING_length(reference->name);
	const ASN1_STRING *spki;
	struct bytes bytes;

	if (reference->version != REFERENCE_VERSION)
		return error_set(err, ERROR_UNSUPPORTED,
		    "key reference of version %d; this keyhold reads version %d",
		    (int)reference->version, REFERENCE_VERSION);
	if (name_len > NAME_MAX_CHARS)
		return error_set(err, ERROR_BAD_REQUEST,
		    "key reference: a name of %zu bytes", name_len);
	memcpy(name, ASN1_STRING_get0_data(reference->name), name_len);
	if (strlen(name) != name_len || ASN1_TYPE_get(reference->key) != V_ASN1_SEQUENCE)
		return error_set(
		    err, ERROR_BAD_REQUEST, "key reference: malformed name or key");
	spki = reference->key->value.sequence;
	bytes.data = ASN1_STRING_get0_data(spki);
	bytes.len = (size_t)ASN1_STRING_length(spki);
	return key_init(key, name, &bytes, err);
}

int
reference_decode(const struct bytes *der, struct key *key, struct error *err)
{
	const unsigned char *p = der->data;
	struct buffer again;
	KEY_REFERENCE *reference;
	int rc = -1;

	buf_init(&again, REFERENCE_MAX_BYTES);
	if (der->len > REFERENCE_MAX_BYTES)
		return error_set(
		    err, ERROR_BAD_REQUEST, "key reference: %zu bytes", der->len);
	/* Marks, not error_set_openssl: in a proxy the rest of the queue is the proxy's.
	 */
	ERR_set_mark();
	reference = (KEY_REFERENCE *)ASN1_item_d2i(
	    NULL, &p, (long)der->len, ASN1_ITEM_rptr(KEY_REFERENCE));
	ERR_pop_to_mark();
	if (reference == NULL || p != der->data + der->len) {
		error_set(err, ERROR_BAD_REQUEST, "key reference: not DER");
		goto out;
	}
	if (take_parts(reference, key, err) != 0 ||
	    reference_encode(key, &again, err) != 0)
		goto out;
	if (again.len != der->len || memcmp(again.data, der->data, der->len) != 0) {
		error_set(
		    err, ERROR_BAD_REQUEST, "key reference: not in its one DER encoding");
		goto out;
	}
	rc = 0;
out:
	buf_free(&again);
	reference_free(reference);
	return rc;
}

int
reference_to_pem(const struct key *key, struct buffer *pem, struct error *err)
{
	struct buffer der;
	int rc;

	buf_init(&der, 0);
	if ((rc = reference_encode(key, &der, err)) == 0) {
		pem_append(pem, REFERENCE_PEM_LABEL, buf_bytes(&der));
		if (buf_failed(pem))
			rc = error_set(
			    err, ERROR_INTERNAL, "key reference: out of memory");
	}
	buf_free(&der);
	return rc;
}
