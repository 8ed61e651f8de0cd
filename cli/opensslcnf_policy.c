/* opensslcnf_policy.c - match, supplied and optional, said of a subject's attributes. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "cli/opensslcnf.h"

/* What a profile's subject may have (ca/subject_build.c). */
static bool
is_known(int nid)
{
	static const int nids[] = { NID_countryName, NID_stateOrProvinceName,
		NID_localityName, NID_organizationName, NID_organizationalUnitName,
		NID_serialNumber, NID_commonName };

	for (size_t i = 0; i < sizeof(nids) / sizeof(nids[0]); i++)
		if (nids[i] == nid)
			return true;
	return false;
}

/* "/O=a\/b": as the daemon reads a subject, and openssl(1) writes it. */
static void
append_attribute(struct buffer *subject, int nid, const unsigned char *value)
{
	buf_printf(subject, "/%s=", OBJ_nid2sn(nid));
	for (; *value != '\0'; value++) {
		if (*value == '/' || *value == '\\')
			buf_text(subject, "\\");
		buf_append(subject, value, 1);
	}
}

/* False when the CA's subject does not have the attribute, or not as a text. */
static bool
append_value_of_ca(const X509 *ca, int nid, struct buffer *subject)
{
	const X509_NAME *name = X509_get_subject_name(ca);
	int at = X509_NAME_get_index_by_NID(name, nid, -1), len;
	unsigned char *text;

	if (at < 0)
		return false;
	len = ASN1_STRING_to_UTF8(
	    &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (len <= 0 || strlen((const char *)text) != (size_t)len) {
		if (len >= 0)
			OPENSSL_free(text);
		return false;
	}
	append_attribute(subject, nid, text);
	OPENSSL_free(text);
	return true;
}

static void
take_match(struct import *import, const CONF_VALUE *line, int nid, struct buffer *subject)
{
	if (nid == NID_commonName)
		opensslcnf_note(import, import->policy, line,
		    "left out: a CN is one certificate's own");
	else if (import->ca == NULL)
		opensslcnf_note(import, import->policy, line,
		    "left out: it takes the CA's value, which --ca CA would tell");
	else if (!append_value_of_ca(import->ca, nid, subject))
		opensslcnf_note(
		    import, import->policy, line, "left out: the CA's subject has none");
}

static void
take_line(struct import *import, const CONF_VALUE *line, struct buffer *subject)
{
	int nid = OBJ_txt2nid(line->name);

	if (nid == NID_pkcs9_emailAddress)
		opensslcnf_note(import, import->policy, line,
		    "left out: RFC 5280 section 4.1.2.6 deprecates it in a subject; list "
		    "addresses in email_addresses, and let requests ask for email: "
		    "names");
	else if (!is_known(nid))
		opensslcnf_note(import, import->policy, line,
		    "left out: not an attribute that a profile's subject may have");
	else if (strcmp(line->value, "match") == 0)
		take_match(import, line, nid, subject);
	else if (strcmp(line->value, "supplied") == 0)
		opensslcnf_add(import, "subject_required", OBJ_nid2sn(nid));
	else if (strcmp(line->value, "optional") == 0)
		opensslcnf_add(import, "subject_allowed", OBJ_nid2sn(nid));
	else
		opensslcnf_note(import, import->policy, line,
		    "left out: neither match, supplied nor optional");
}

int
opensslcnf_policy(struct import *import, struct error *err)
{
	STACK_OF(CONF_VALUE) * lines;
	struct buffer subject;

	if (import->policy == NULL) {
		buf_text(&import->notes,
		    "subject_allowed: CN alone; openssl x509 copies all of a request's "
		    "subject\n");
		return 0;
	}
	if ((lines = NCONF_get_section(import->conf, import->policy)) == NULL) {
		ERR_clear_error();
		return error_set(
		    err, ERROR_CONFIG, "the file has no section [%.64s]", import->policy);
	}
	buf_init(&subject, 0);
	json_object_set_new(import->profile, "subject", json_string(""));
	/* Without the list a CommonName would be allowed, policy or not. */
	json_object_set_new(import->profile, "subject_allowed", json_array());
	for (int i = 0; i < sk_CONF_VALUE_num(lines); i++)
		take_line(import, sk_CONF_VALUE_value(lines, i), &subject);
	json_object_set_new(
	    import->profile, "subject", json_string(buf_string(&subject)));
	buf_free(&subject);
	ERR_clear_error();
	return 0;
}
