/* crl_check.c - reads, compares and verifies a CRL. */
#include "ca/crl_check.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "ca/crl.h"
#include "ca/der.h"
#include "ca/der_write.h"
#include "ca/reason.h"
#include "ca/serial.h"

#define EXTENSIONS_TAG DER_CONSTRUCTED(DER_CONTEXT(0))

/* Takes a value of this tag; whole has its header, content has not. */
static bool
take(struct bytes *in, unsigned char tag, struct bytes *whole, struct bytes *content)
{
	struct bytes before = *in, inside;
	unsigned char found;

	if (!der_take(in, &found, &inside) || found != tag)
		return false;
	if (whole != NULL)
		*whole = (struct bytes){ before.data, before.len - in->len };
	if (content != NULL)
		*content = inside;
	return true;
}

static bool
take_time(struct bytes *in)
{
	struct bytes text;
	unsigned char tag;

	if (!der_take(in, &tag, &text) || text.len == 0 || text.data[text.len - 1] != 'Z')
		return false;
	return (tag == DER_UTC_TIME && text.len == 13) ||
	       (tag == DER_GENERALIZED_TIME && text.len == 15);
}

static bool
read_head(struct bytes *in, struct crl_parts *parts)
{
	const unsigned char *start = in->data;
	struct bytes version;

	if (!take(in, DER_INTEGER, NULL, &version) || version.len != 1 ||
	    version.data[0] != 1 || !take(in, DER_SEQUENCE, &parts->inner, NULL) ||
	    !take(in, DER_SEQUENCE, NULL, NULL) || !take_time(in) || !take_time(in))
		return false;
	parts->head = (struct bytes){ start, (size_t)(in->data - start) };
	return true;
}

bool
crl_read(struct bytes der, struct crl_parts *parts)
{
	struct bytes outer, tbs, bits;

	*parts = (struct crl_parts){ .entries = { NULL, 0 } };
	if (!take(&der, DER_SEQUENCE, NULL, &outer) || der.len != 0 ||
	    !take(&outer, DER_SEQUENCE, &parts->tbs, &tbs) ||
	    !take(&outer, DER_SEQUENCE, &parts->outer, NULL) ||
	    !take(&outer, DER_BIT_STRING, NULL, &bits) || outer.len != 0 ||
	    bits.len < 2 || bits.data[0] != 0 || !read_head(&tbs, parts))
		return false;
	parts->signature = (struct bytes){ bits.data + 1, bits.len - 1 };
	if (tbs.len > 0 && tbs.data[0] == DER_SEQUENCE &&
	    (!take(&tbs, DER_SEQUENCE, NULL, &parts->entries) || parts->entries.len == 0))
		return false;
	return take(&tbs, EXTENSIONS_TAG, &parts->extensions, NULL) && tbs.len == 0;
}

static bool
starts_with(struct bytes *in, const unsigned char *prefix, size_t len)
{
	if (in->len < len || memcmp(in->data, prefix, len) != 0)
		return false;
	in->data += len;
	in->len -= len;
	return true;
}

/* reasonCode, invalidityDate, or both in this order. */
static bool
read_entry_extensions(struct bytes in)
{
	static const unsigned char reason[] = { 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15,
		0x04, 0x03, 0x0a, 0x01 };
	static const unsigned char invalidity[] = { 0x30, 0x18, 0x06, 0x03, 0x55, 0x1d,
		0x18, 0x04, 0x11 };

	if (in.len == 0)
		return false;
	if (starts_with(&in, reason, sizeof(reason))) {
		if (in.len == 0 || in.data[0] == REASON_UNSPECIFIED ||
		    reason_name(in.data[0]) == NULL)
			return false;
		in.data++;
		in.len--;
	}
	if (in.len == 0)
		return true;
	return starts_with(&in, invalidity, sizeof(invalidity)) &&
	       in.data[0] == DER_GENERALIZED_TIME && take_time(&in) && in.len == 0;
}

bool
crl_take_entry(struct bytes *entries, struct bytes *serial)
{
	struct bytes entry, extensions;

	if (!take(entries, DER_SEQUENCE, NULL, &entry) ||
	    !take(&entry, DER_INTEGER, NULL, serial) || serial->len == 0 ||
	    serial->len > SERIAL_BYTES || serial->data[0] >= 0x80 || !take_time(&entry))
		return false;
	if (serial->len > 1 && serial->data[0] == 0 && serial->data[1] < 0x80)
		return false;
	if (entry.len == 0)
		return true;
	return take(&entry, DER_SEQUENCE, NULL, &extensions) && entry.len == 0 &&
	       read_entry_extensions(extensions);
}

static int
check_entries(struct bytes entries, size_t count, struct error *err)
{
	struct bytes serial;
	size_t found = 0;

	for (; entries.len > 0; found++)
		if (!crl_take_entry(&entries, &serial))
			return error_set(err, ERROR_INTERNAL,
			    "entry %zu of the CRL just made cannot be read", found + 1);
	if (found != count)
		return error_set(err, ERROR_INTERNAL,
		    "the CRL just made has %zu entries, not %zu", found, count);
	return 0;
}

/* The CRL without its entries, for OpenSSL to read. */
static X509_CRL *
parse_hollow(OSSL_LIB_CTX *libctx, const struct crl_parts *parts)
{
	struct bytes sig = { parts->signature.data - 1, parts->signature.len + 1 };
	struct buffer tbs, inside, der;
	X509_CRL *crl = NULL;
	const unsigned char *p;

	buf_init(&tbs, 0);
	buf_init(&inside, 0);
	buf_init(&der, 0);
	buf_append(&tbs, parts->head.data, parts->head.len);
	buf_append(&tbs, parts->extensions.data, parts->extensions.len);
	der_value(&inside, DER_SEQUENCE, buf_bytes(&tbs));
	buf_append(&inside, parts->outer.data, parts->outer.len);
	der_value(&inside, DER_BIT_STRING, sig);
	der_value(&der, DER_SEQUENCE, buf_bytes(&inside));
	p = der.data;
	if (!buf_failed(&tbs) && !buf_failed(&inside) && !buf_failed(&der) &&
	    (crl = X509_CRL_new_ex(libctx, NULL)) != NULL &&
	    (d2i_X509_CRL(&crl, &p, (long)der.len) == NULL || p != der.data + der.len)) {
		X509_CRL_free(crl);
		crl = NULL;
	}
	buf_free(&der);
	buf_free(&inside);
	buf_free(&tbs);
	return crl;
}

static bool
has_number(const X509_CRL *crl, int nid, int64_t want, int want_critical)
{
	int critical;
	int64_t found = 0;
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, nid, &critical, NULL);
	bool same;

	if (number == NULL)
		return critical == -1 && want == 0;
	same = ASN1_INTEGER_get_int64(&found, number) == 1 && found == want;
	ASN1_INTEGER_free(number);
	return same && want != 0 && critical == want_critical;
}

static bool
is_url(const DIST_POINT_NAME *point, const char *url)
{
	const GENERAL_NAME *name;

	if (point == NULL || point->type != 0 ||
	    sk_GENERAL_NAME_num(point->name.fullname) != 1)
		return false;
	name = sk_GENERAL_NAME_value(point->name.fullname, 0);
	return name->type == GEN_URI &&
	       (size_t)ASN1_STRING_length(name->d.ia5) == strlen(url) &&
	       memcmp(ASN1_STRING_get0_data(name->d.ia5), url, strlen(url)) == 0;
}

static bool
has_point(const X509_CRL *crl, const char *url)
{
	int critical;
	ISSUING_DIST_POINT *idp =
	    X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);
	bool same;

	if (idp == NULL || url == NULL) {
		same = idp == NULL && url == NULL && critical == -1;
		ISSUING_DIST_POINT_free(idp);
		return same;
	}
	same = critical == 1 && is_url(idp->distpoint, url) && idp->onlyuser <= 0 &&
	       idp->onlyCA <= 0 && idp->onlyattr <= 0 && idp->indirectCRL <= 0 &&
	       idp->onlysomereasons == NULL;
	ISSUING_DIST_POINT_free(idp);
	return same;
}

static bool
has_delta(const X509_CRL *crl, const char *url)
{
	int critical;
	CRL_DIST_POINTS *points =
	    X509_CRL_get_ext_d2i(crl, NID_freshest_crl, &critical, NULL);
	bool same;

	if (points == NULL || url == NULL)
		same = points == NULL && url == NULL && critical == -1;
	else
		same = critical == 0 && sk_DIST_POINT_num(points) == 1 &&
		       is_url(sk_DIST_POINT_value(points, 0)->distpoint, url);
	CRL_DIST_POINTS_free(points);
	return same;
}

static bool
has_key_id(const X509_CRL *crl, X509 *issuer)
{
	const ASN1_OCTET_STRING *want = X509_get0_subject_key_id(issuer);
	int critical;
	AUTHORITY_KEYID *id =
	    X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, &critical, NULL);
	bool same = id != NULL && critical == 0 && id->keyid != NULL;

	if (same && want != NULL)
		same = ASN1_OCTET_STRING_cmp(id->keyid, want) == 0;
	AUTHORITY_KEYID_free(id);
	return same;
}

/* What is wrong, or NULL. */
static const char *
judge(const X509_CRL *crl, const struct crl_spec *spec)
{
	if (X509_NAME_cmp(
		X509_CRL_get_issuer(crl), X509_get_subject_name(spec->issuer)) != 0)
		return "the issuer";
	if (ASN1_TIME_cmp_time_t(
		X509_CRL_get0_lastUpdate(crl), (time_t)spec->this_update) != 0 ||
	    ASN1_TIME_cmp_time_t(
		X509_CRL_get0_nextUpdate(crl), (time_t)spec->next_update) != 0)
		return "thisUpdate or nextUpdate";
	if (!has_number(crl, NID_crl_number, spec->number, 0))
		return "the CRL number";
	if (!has_number(crl, NID_delta_crl, spec->base, 1))
		return "the delta CRL indicator";
	if (!has_point(crl, spec->point_url))
		return "the issuing distribution point";
	if (!has_delta(crl, spec->delta_url))
		return "the freshest CRL";
	if (!has_key_id(crl, spec->issuer))
		return "the authority key identifier";
	return NULL;
}

static int
check_rest(OSSL_LIB_CTX *libctx, const struct crl_parts *parts,
    const struct crl_spec *spec, struct error *err)
{
	X509_CRL *crl = parse_hollow(libctx, parts);
	const char *wrong;

	if (crl == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "parse the CRL just made");
	wrong = judge(crl, spec);
	X509_CRL_free(crl);
	if (wrong == NULL)
		return 0;
	return error_set(
	    err, ERROR_INTERNAL, "%s of the CRL just made is not as meant", wrong);
}

int
crl_check(OSSL_LIB_CTX *libctx, struct bytes der, const struct crl_spec *spec,
    size_t count, struct error *err)
{
	struct crl_parts parts;

	if (!crl_read(der, &parts))
		return error_set(err, ERROR_INTERNAL, "the CRL just made cannot be read");
	if (parts.inner.len != parts.outer.len ||
	    memcmp(parts.inner.data, parts.outer.data, parts.inner.len) != 0)
		return error_set(
		    err, ERROR_INTERNAL, "the CRL just made names two algorithms");
	if (check_entries(parts.entries, count, err) != 0 ||
	    check_rest(libctx, &parts, spec, err) != 0)
		return -1;
	return signer_verify(
	    libctx, X509_get0_pubkey(spec->issuer), parts.tbs, parts.signature, err);
}
