/*
 * crl.c - entries first, then what comes after them, then, in the room kept for it, what
 * comes before: its lengths are known last.
 */
#include "ca/crl.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "base/text.h"
#include "ca/crl_check.h"
#include "ca/der_write.h"
#include "ca/reason.h"
#include "ca/serial.h"
#include "ca/spki.h"

/* Version, two times, algorithm, and five headers are below 200. */
#define HEAD_ROOM   (256 + SIGNER_ALGORITHM_MAX)
#define ENTRY_MAX   96
#define OID_ARC     0x55, 0x1d /* 2.5.29 */
#define OID_AKI     35
#define OID_NUMBER  20
#define OID_DELTA   27
#define OID_POINT   28
#define OID_FRESH   46
#define TIME_OCTETS 17

static struct bytes
issuer_name(const struct crl_spec *spec)
{
	struct bytes name = { NULL, 0 };

	if (X509_NAME_get0_der(
		X509_get_subject_name(spec->issuer), &name.data, &name.len) != 1)
		name.len = 0;
	return name;
}

int
crl_begin(OSSL_LIB_CTX *libctx, const struct crl_spec *spec, struct crl_draft *draft,
    struct error *err)
{
	static const unsigned char zeros[64];

	*draft = (struct crl_draft){ .spec = spec };
	buf_init(&draft->der, 0);
	if (signer_init(&draft->signer, libctx, spec->key, err) != 0)
		return -1;
	while (!buf_failed(&draft->der) &&
	       draft->der.len < HEAD_ROOM + issuer_name(spec).len)
		buf_append(&draft->der, zeros, sizeof(zeros));
	draft->room = draft->der.len;
	return buf_failed(&draft->der) ? error_set(err, ERROR_INTERNAL, "out of memory")
				       : 0;
}

/* RFC 5280 sections 5.3.1 and 5.3.2: no reasonCode at all for unspecified. */
static void
write_entry_extensions(struct buffer *out, const struct revocation *revocation)
{
	unsigned char reason[] = { 0x30, 0x0a, 0x06, 0x03, OID_ARC, 21, 0x04, 0x03, 0x0a,
		0x01, (unsigned char)revocation->reason };
	static const unsigned char invalidity[] = { 0x30, 0x18, 0x06, 0x03, OID_ARC, 24,
		0x04, 0x11 };
	size_t len = 0;

	if (revocation->reason != REASON_UNSPECIFIED)
		len += sizeof(reason);
	if (revocation->invalidity_date != 0)
		len += sizeof(invalidity) + TIME_OCTETS;
	if (len == 0)
		return;
	der_header(out, DER_SEQUENCE, len);
	if (revocation->reason != REASON_UNSPECIFIED)
		buf_append(out, reason, sizeof(reason));
	if (revocation->invalidity_date == 0)
		return;
	buf_append(out, invalidity, sizeof(invalidity));
	der_generalized_time(out, revocation->invalidity_date);
}

int
crl_add(struct crl_draft *draft, const struct revocation *revocation, struct error *err)
{
	unsigned char serial[SERIAL_BYTES], memory[2 * ENTRY_MAX];
	size_t len = strlen(revocation->serial) / 2;
	struct buffer entry = { .data = memory, .capacity = sizeof(memory) };

	entry.max_bytes = ENTRY_MAX; /* so that it never grows out of memory[] */
	if (len == 0 || len > sizeof(serial) ||
	    hex_decode(serial, len, revocation->serial) != 0 ||
	    reason_name(revocation->reason) == NULL)
		return error_set(err, ERROR_IO,
		    "revocation of %s: not as keyhold wrote it", revocation->serial);
	der_integer(&entry, (struct bytes){ serial, len });
	der_time(&entry, revocation->revoked_at);
	write_entry_extensions(&entry, revocation);
	der_value(&draft->der, DER_SEQUENCE, buf_bytes(&entry));
	draft->count++;
	if (buf_failed(&entry) || buf_failed(&draft->der))
		return error_set(err, ERROR_INTERNAL, "no memory for a CRL");
	return 0;
}

static void
write_extension(
    struct buffer *out, unsigned char oid, bool critical, const struct buffer *value)
{
	const unsigned char type[] = { 0x06, 0x03, OID_ARC, oid };
	static const unsigned char yes[] = { 0x01, 0x01, 0xff };
	struct buffer octets;

	buf_init(&octets, 0);
	der_value(&octets, DER_OCTET_STRING, buf_bytes(value));
	der_header(
	    out, DER_SEQUENCE, sizeof(type) + (critical ? sizeof(yes) : 0) + octets.len);
	buf_append(out, type, sizeof(type));
	if (critical)
		buf_append(out, yes, sizeof(yes));
	buf_append(out, octets.data, octets.len);
	buf_free(&octets);
}

/* Wraps what is in value in one more tag. */
static void
wrap(struct buffer *value, unsigned char tag)
{
	struct buffer outer;

	buf_init(&outer, 0);
	der_value(&outer, tag, buf_bytes(value));
	buf_free(value);
	*value = outer;
}

/* A DistributionPointName with one URL, in its tag [0] of either structure. */
static void
write_point(struct buffer *out, const char *url)
{
	der_value(out, DER_CONTEXT(6),
	    (struct bytes){ (const unsigned char *)url, strlen(url) });
	wrap(out, DER_CONSTRUCTED(DER_CONTEXT(0))); /* fullName */
	wrap(out, DER_CONSTRUCTED(DER_CONTEXT(0))); /* distributionPoint */
}

/* RFC 5280 section 5.2.1: the key identifier, as in the certificates. */
static int
write_key_id(OSSL_LIB_CTX *libctx, struct buffer *out, const struct crl_spec *spec,
    struct error *err)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(spec->issuer);
	unsigned char computed[SPKI_KEY_ID_BYTES];
	struct bytes octets = { computed, sizeof(computed) };
	struct buffer value;

	if (id != NULL)
		octets = (struct bytes){ ASN1_STRING_get0_data(id),
			(size_t)ASN1_STRING_length(id) };
	else if (spki_key_id(libctx, spec->issuer, computed, err) != 0)
		return -1;
	buf_init(&value, 0);
	der_value(&value, DER_CONTEXT(0), octets);
	wrap(&value, DER_SEQUENCE);
	write_extension(out, OID_AKI, false, &value);
	buf_free(&value);
	return 0;
}

static void
write_number(struct buffer *out, unsigned char oid, bool critical, int64_t number)
{
	struct buffer value;

	buf_init(&value, 0);
	der_number(&value, (uint64_t)number);
	write_extension(out, oid, critical, &value);
	buf_free(&value);
}

static int
write_extensions(OSSL_LIB_CTX *libctx, struct buffer *out, const struct crl_spec *spec,
    struct error *err)
{
	struct buffer value;

	if (write_key_id(libctx, out, spec, err) != 0)
		return -1;
	write_number(out, OID_NUMBER, false, spec->number);
	if (spec->base != 0)
		write_number(out, OID_DELTA, true, spec->base);
	buf_init(&value, 0);
	if (spec->point_url != NULL) {
		write_point(&value, spec->point_url);
		wrap(&value, DER_SEQUENCE);
		write_extension(out, OID_POINT, true, &value);
		buf_free(&value);
	}
	if (spec->delta_url != NULL) {
		write_point(&value, spec->delta_url);
		wrap(&value, DER_SEQUENCE);
		wrap(&value, DER_SEQUENCE);
		write_extension(out, OID_FRESH, false, &value);
		buf_free(&value);
	}
	wrap(out, DER_SEQUENCE);
	wrap(out, DER_CONSTRUCTED(DER_CONTEXT(0)));
	return 0;
}

/* Everything of the TBSCertList before the first entry, headers included. */
static void
write_head(const struct crl_draft *draft, size_t entries_len, size_t extensions_len,
    struct buffer *out)
{
	const struct crl_spec *spec = draft->spec;
	struct bytes name = issuer_name(spec);
	struct buffer fields;

	buf_init(&fields, 0);
	der_number(&fields, 1); /* v2 */
	buf_append(&fields, draft->signer.algorithm, draft->signer.algorithm_len);
	buf_append(&fields, name.data, name.len);
	der_time(&fields, spec->this_update);
	der_time(&fields, spec->next_update);
	/* RFC 5280 section 5.1.2.6: absent when there is none. */
	if (draft->count > 0)
		der_header(&fields, DER_SEQUENCE, entries_len);
	der_header(out, DER_SEQUENCE, fields.len + entries_len + extensions_len);
	buf_append(out, fields.data, fields.len);
	buf_free(&fields);
}

/* Puts bytes right before what begins at *at. */
static int
put_before(
    struct crl_draft *draft, size_t *at, const struct buffer *bytes, struct error *err)
{
	if (buf_failed(bytes) || bytes->len > *at)
		return error_set(err, ERROR_INTERNAL, "no room for the head of a CRL");
	*at -= bytes->len;
	memcpy(draft->der.data + *at, bytes->data, bytes->len);
	return 0;
}

/* *at becomes where the TBSCertList begins; it ends with the buffer. */
static int
write_tbs(OSSL_LIB_CTX *libctx, struct crl_draft *draft, size_t *at, struct error *err)
{
	size_t entries_len = draft->der.len - draft->room;
	struct buffer extensions, head;
	int rc;

	buf_init(&extensions, 0);
	buf_init(&head, 0);
	rc = write_extensions(libctx, &extensions, draft->spec, err);
	if (rc == 0 && buf_failed(&extensions))
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	if (rc == 0) {
		buf_append(&draft->der, extensions.data, extensions.len);
		write_head(draft, entries_len, extensions.len, &head);
		*at = draft->room;
		rc = buf_failed(&draft->der)
			 ? error_set(err, ERROR_INTERNAL, "no memory for a CRL")
			 : put_before(draft, at, &head, err);
	}
	buf_free(&head);
	buf_free(&extensions);
	return rc;
}

/* Adds the signature, and the outermost header in front. */
static int
write_signature(struct crl_draft *draft, struct bytes sig, size_t *at, struct error *err)
{
	static const unsigned char no_unused_bits;
	struct buffer head;
	int rc = -1;

	buf_append(&draft->der, draft->signer.algorithm, draft->signer.algorithm_len);
	der_header(&draft->der, DER_BIT_STRING, sig.len + 1);
	buf_append(&draft->der, &no_unused_bits, 1);
	buf_append(&draft->der, sig.data, sig.len);
	buf_init(&head, 0);
	if (buf_failed(&draft->der)) {
		error_set(err, ERROR_INTERNAL, "no memory for a CRL");
	} else {
		der_header(&head, DER_SEQUENCE, draft->der.len - *at);
		rc = put_before(draft, at, &head, err);
	}
	buf_free(&head);
	return rc;
}

int
crl_sign(
    OSSL_LIB_CTX *libctx, struct crl_draft *draft, struct shared **crl, struct error *err)
{
	unsigned char sig[SIGNER_SIGNATURE_MAX];
	struct bytes signature = { sig, 0 }, tbs;
	size_t at;

	if (write_tbs(libctx, draft, &at, err) != 0)
		return -1;
	tbs = (struct bytes){ draft->der.data + at, draft->der.len - at };
	if (signer_sign(&draft->signer, tbs, sig, &signature.len, err) != 0 ||
	    write_signature(draft, signature, &at, err) != 0)
		return -1;
	if (crl_check(libctx, (struct bytes){ draft->der.data + at, draft->der.len - at },
		draft->spec, draft->count, err) != 0)
		return -1;
	if ((*crl = shared_new(&draft->der, at)) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

void
crl_clear(struct crl_draft *draft)
{
	signer_clear(&draft->signer);
	buf_free(&draft->der);
}
