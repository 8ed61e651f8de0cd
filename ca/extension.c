/*
 * extension.c - requested extensions: only subjectAltName and a bit of keyUsage are ever
 * used, the rest is read to refuse what the requester must not believe to have got.
 */
#include "ca/extension.h"

#include <stdbool.h>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "ca/der.h"

#define KEY_USAGE_CERT_SIGN 5 /* bit number, RFC 5280 section 4.2.1.3 */
#define OID_SIZE            64

static bool
is_understood(int nid)
{
	switch (nid) {
	case NID_subject_alt_name:
	case NID_basic_constraints:
	case NID_key_usage:
	case NID_ext_key_usage:
	case NID_subject_key_identifier:
		return true;
	default:
		return false;
	}
}

static const char *
name_of(const X509_EXTENSION *ext, char oid[static OID_SIZE])
{
	const ASN1_OBJECT *object = X509_EXTENSION_get_object((X509_EXTENSION *)ext);
	int nid = OBJ_obj2nid(object);

	if (nid != NID_undef)
		return OBJ_nid2sn(nid);
	OBJ_obj2txt(oid, OID_SIZE, object, 1);
	return oid;
}

static int
nid_of(const X509_EXTENSION *ext)
{
	return OBJ_obj2nid(X509_EXTENSION_get_object((X509_EXTENSION *)ext));
}

static void
check_authority(X509_EXTENSION *ext, void *value, struct violations *v)
{
	if (nid_of(ext) == NID_basic_constraints && ((BASIC_CONSTRAINTS *)value)->ca)
		violations_add(v, RULE_CSR_CA_REQUESTED, "basicConstraints",
		    "a request cannot make a certificate authority");
	if (nid_of(ext) == NID_key_usage &&
	    ASN1_BIT_STRING_get_bit(value, KEY_USAGE_CERT_SIGN))
		violations_add(v, RULE_CSR_CA_REQUESTED, "keyUsage",
		    "keyCertSign is for certificate authorities");
}

static void
check_value(X509_EXTENSION *ext, struct violations *v)
{
	const ASN1_OCTET_STRING *octets = X509_EXTENSION_get_data(ext);
	const struct bytes der = { ASN1_STRING_get0_data(octets),
		(size_t)ASN1_STRING_length(octets) };
	const X509V3_EXT_METHOD *method = X509V3_EXT_get(ext);
	char oid[OID_SIZE];
	void *value;

	/* X509V3_EXT_d2i ignores what follows the value; the strict walk does not. */
	if (!der_is_strict(der)) {
		violations_add(v, RULE_CSR_EXTENSION_ENCODING, name_of(ext, oid),
		    "the value is not one value in DER");
		return;
	}
	if (!is_understood(nid_of(ext)))
		return;
	if ((value = X509V3_EXT_d2i(ext)) == NULL) {
		violations_add(v, RULE_CSR_EXTENSION_ENCODING, name_of(ext, oid),
		    "the value cannot be read");
		return;
	}
	check_authority(ext, value, v);
	ASN1_item_free(value, ASN1_ITEM_ptr(method->it));
}

static void
check_one(const X509_EXTENSIONS *all, int index, struct violations *v)
{
	X509_EXTENSION *ext = sk_X509_EXTENSION_value(all, index);
	char oid[OID_SIZE];

	if (X509v3_get_ext_by_OBJ(all, X509_EXTENSION_get_object(ext), index) >= 0)
		violations_add(v, RULE_CSR_EXTENSION_DUPLICATE, name_of(ext, oid),
		    "asked for more than once");
	if (X509_EXTENSION_get_critical(ext) && !is_understood(nid_of(ext)))
		violations_add(v, RULE_CSR_EXTENSION_CRITICAL, name_of(ext, oid),
		    "asked for as critical, and not granted here");
	check_value(ext, v);
}

/* Counts values, not attributes: one attribute with two values is as ambiguous as two. */
static int
count_requests(const X509_REQ *req)
{
	static const int nids[] = { NID_ext_req, NID_ms_ext_req };
	int count = 0;

	for (size_t i = 0; i < sizeof(nids) / sizeof(nids[0]); i++)
		for (int at = -1; (at = X509_REQ_get_attr_by_NID(req, nids[i], at)) >= 0;)
			count += X509_ATTRIBUTE_count(X509_REQ_get_attr(req, at));
	return count;
}

void
extension_read(X509_REQ *req, X509_EXTENSIONS **extensions, struct violations *v)
{
	int requests = count_requests(req);
	X509_EXTENSIONS *all;

	*extensions = NULL;
	if (requests == 0)
		return;
	if (requests > 1) {
		violations_add(v, RULE_CSR_ATTRIBUTE_DUPLICATE, "extensionRequest",
		    "asked for more than once");
		return;
	}
	if ((all = X509_REQ_get_extensions(req)) == NULL) {
		violations_add(v, RULE_CSR_EXTENSION_ENCODING, "extensionRequest",
		    "the value cannot be read");
		return;
	}
	for (int i = 0; i < sk_X509_EXTENSION_num(all); i++)
		check_one(all, i, v);
	*extensions = all;
}

void
extension_warn(const X509_EXTENSIONS *extensions, struct warnings *w)
{
	char oid[OID_SIZE];

	for (int i = 0; i < sk_X509_EXTENSION_num(extensions); i++) {
		const X509_EXTENSION *ext = sk_X509_EXTENSION_value(extensions, i);

		switch (nid_of(ext)) {
		case NID_subject_alt_name:
		case NID_basic_constraints:
		case NID_key_usage: /* keyusage.c */
		case NID_subject_key_identifier:
			continue;
		default:
			warnings_add(w, "extension %s was not copied", name_of(ext, oid));
		}
	}
}
