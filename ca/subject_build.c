/* subject_build.c - the subject that a profile makes of the one asked for. */
#include "ca/subject.h"

#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509.h>

#include "base/text.h"

#define CN_TYPE "CN"
#define OID     48

/* In the order in which they are written; lengths in characters (RFC 5280 appendix A.1).
 */
static const struct attribute {
	const char *type; /* as OpenSSL abbreviates it */
	int nid, min, max;
	bool printable; /* a PrintableString, of which no other type is allowed */
} attributes[] = {
	{ "C", NID_countryName, 2, 2, true },
	{ "ST", NID_stateOrProvinceName, 1, 128, false },
	{ "L", NID_localityName, 1, 128, false },
	{ "O", NID_organizationName, 1, 64, false },
	{ "OU", NID_organizationalUnitName, 1, 64, false },
	{ "serialNumber", NID_serialNumber, 1, 64, true },
	{ CN_TYPE, NID_commonName, 1, SUBJECT_CN_MAX, false },
};
#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

bool
subject_type_is_known(const char *type)
{
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (strcmp(attributes[i].type, type) == 0)
			return true;
	return false;
}

bool
subject_admits(const struct profile *profile, const char *type)
{
	return text_in_list(profile->subject_allowed, type) ||
	       text_in_list(profile->subject_required, type);
}

static bool
admits_entry(const struct profile *profile, const X509_NAME_ENTRY *entry)
{
	int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));

	return nid != NID_undef && subject_admits(profile, OBJ_nid2sn(nid));
}

/* The same attribute with the same characters, of whatever string type. */
static bool
name_has(const X509_NAME *name, const X509_NAME_ENTRY *entry)
{
	const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);

	for (int at = -1; (at = X509_NAME_get_index_by_OBJ(
			       name, X509_NAME_ENTRY_get_object(entry), at)) >= 0;) {
		const ASN1_STRING *other =
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));

		if (ASN1_STRING_length(other) == ASN1_STRING_length(value) &&
		    memcmp(ASN1_STRING_get0_data(other), ASN1_STRING_get0_data(value),
			(size_t)ASN1_STRING_length(value)) == 0)
			return true;
	}
	return false;
}

static void
warn(const X509_NAME_ENTRY *entry, struct warnings *w)
{
	const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(entry);
	char oid[OID];

	if (OBJ_obj2nid(type) == NID_undef)
		OBJ_obj2txt(oid, sizeof(oid), type, 1);
	warnings_add(w, "subject %s was not copied",
	    OBJ_obj2nid(type) == NID_undef ? oid : OBJ_nid2sn(OBJ_obj2nid(type)));
}

/* Nobody minds that a value was not copied which is there already. */
static void
warn_of_the_rest(const X509_NAME *asked, const X509_NAME *made,
    const struct profile *profile, struct warnings *w)
{
	for (int i = 0; i < X509_NAME_entry_count(asked); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(asked, i);

		if (!admits_entry(profile, entry) && !name_has(made, entry))
			warn(entry, w);
	}
}

static int
copy(X509_NAME *made, const X509_NAME *asked, const struct common_name *cn,
    const struct attribute *attribute)
{
	if (attribute->nid == NID_commonName)
		return cn->len == 0 || X509_NAME_add_entry_by_NID(made, NID_commonName,
					   MBSTRING_UTF8, (const unsigned char *)cn->text,
					   (int)cn->len, -1, 0) == 1
			   ? 0
			   : -1;
	for (int at = -1;
	     (at = X509_NAME_get_index_by_NID(asked, attribute->nid, at)) >= 0;)
		if (X509_NAME_add_entry(made, X509_NAME_get_entry(asked, at), -1, 0) != 1)
			return -1;
	return 0;
}

int
subject_build(const X509_NAME *asked, const struct common_name *cn,
    const struct profile *profile, X509_NAME **name, struct warnings *w,
    struct error *err)
{
	X509_NAME *made = NULL;

	if (subject_from_text(
		profile->subject != NULL ? profile->subject : "", &made, err) != 0)
		return -1;
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (subject_admits(profile, attributes[i].type) &&
		    copy(made, asked, cn, &attributes[i]) != 0) {
			X509_NAME_free(made);
			return error_set_openssl(err, ERROR_INTERNAL, "subject");
		}
	warn_of_the_rest(asked, made, profile, w);
	*name = made;
	return 0;
}

static bool
is_control(unsigned long c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* The number of characters; -1 when one is not UTF-8 or not printable. */
static int
count_characters(const ASN1_STRING *value)
{
	const unsigned char *p = ASN1_STRING_get0_data(value);
	int rest = ASN1_STRING_length(value), count = 0;

	for (; rest > 0; count++) {
		unsigned long c;
		int len = UTF8_getc(p, rest, &c);

		if (len <= 0 || is_control(c))
			return -1;
		p += len;
		rest -= len;
	}
	return count;
}

static const char *
value_problem(const ASN1_STRING *value, const struct attribute *attribute)
{
	int type = ASN1_STRING_type(value), count;

	if (type != V_ASN1_PRINTABLESTRING &&
	    (attribute->printable || type != V_ASN1_UTF8STRING))
		return attribute->printable
			   ? "not a PrintableString"
			   : "neither a UTF8String nor a PrintableString";
	if ((count = count_characters(value)) < 0)
		return "a character that is not printable";
	if (count < attribute->min || count > attribute->max)
		return attribute->max == attribute->min ? "of another length than two"
							: "empty or too long";
	return NULL;
}

static void
check_attribute(const X509_NAME *name, const struct attribute *attribute,
    const struct profile *profile, struct violations *v)
{
	int at = X509_NAME_get_index_by_NID(name, attribute->nid, -1);
	const char *problem;

	if (at < 0) {
		if (text_in_list(profile->subject_required, attribute->type))
			violations_add(v, RULE_SUBJECT_REQUIRED, "subject",
			    "no %s, which the profile %s requires", attribute->type,
			    profile->name);
		return;
	}
	if (attribute->nid == NID_commonName)
		return; /* subject_common_name */
	if (X509_NAME_get_index_by_NID(name, attribute->nid, at) >= 0)
		violations_add(v, RULE_SUBJECT_SINGLE, "subject", "more than one %s",
		    attribute->type);
	problem = value_problem(
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)), attribute);
	if (problem != NULL)
		violations_add(
		    v, RULE_SUBJECT_VALUE, "subject", "%s: %s", attribute->type, problem);
}

void
subject_check(const X509_NAME *name, const struct profile *profile, struct violations *v)
{
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (subject_admits(profile, attributes[i].type))
			check_attribute(name, &attributes[i], profile, v);
}

bool
subject_is_of_profile(const X509_NAME *name, const struct profile *profile)
{
	X509_NAME *fixed = NULL;
	int count = X509_NAME_entry_count(name), at = 0;
	bool fine = subject_from_text(profile->subject != NULL ? profile->subject : "",
			&fixed, NULL) == 0 &&
		    X509_NAME_entry_count(fixed) <= count;

	for (; fine && at < X509_NAME_entry_count(fixed); at++)
		fine = OBJ_cmp(X509_NAME_ENTRY_get_object(X509_NAME_get_entry(name, at)),
			   X509_NAME_ENTRY_get_object(X509_NAME_get_entry(fixed, at))) ==
			   0 &&
		       ASN1_STRING_cmp(
			   X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)),
			   X509_NAME_ENTRY_get_data(X509_NAME_get_entry(fixed, at))) == 0;
	for (; fine && at < count; at++)
		fine = admits_entry(profile, X509_NAME_get_entry(name, at));
	X509_NAME_free(fixed);
	return fine;
}
