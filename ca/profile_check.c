/* profile_check.c - whether a profile makes sense; the reason begins with the member. */
#include "ca/profile.h"

#include <inttypes.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "ca/dnspattern.h"
#include "ca/emailname.h"
#include "ca/extkeyusage.h"
#include "ca/issuer_url.h"
#include "ca/keytype.h"
#include "ca/network.h"
#include "ca/subject.h"
#include "ca/uriname.h"

#define DESCRIPTION_MAX 200
#define SUBJECT_MAX     500

static struct bytes
bytes_of(const char *text)
{
	return (struct bytes){ (const unsigned char *)text, strlen(text) };
}

static bool
is_dns_pattern(const char *text)
{
	return dnspattern_is_valid(bytes_of(text));
}

static bool
is_network(const char *text)
{
	struct network network;

	return network_read(text, &network) == 0;
}

static bool
is_uri_pattern(const char *text)
{
	return uriname_pattern_is_valid(bytes_of(text));
}

static bool
is_email_pattern(const char *text)
{
	return emailname_pattern_is_valid(bytes_of(text));
}

static bool
is_key_type(const char *text)
{
	for (const char *const *p = keytype_names; *p != NULL; p++)
		if (strcmp(*p, text) == 0)
			return true;
	return false;
}

/* Any but anyPolicy, which is for authorities that trust others. */
static bool
is_policy(const char *text)
{
	ASN1_OBJECT *object =
	    text[strspn(text, "0123456789.")] == '\0' ? OBJ_txt2obj(text, 1) : NULL;
	bool fine = object != NULL && OBJ_obj2nid(object) != NID_any_policy;

	ASN1_OBJECT_free(object);
	ERR_clear_error();
	return fine;
}

/* A list, what its entries are, and what is said of one that is not. */
struct list {
	const char *member;
	const char *const *entries;
	bool (*is_fine)(const char *entry);
	const char *wanted;
};

static bool
is_same_object(const char *a, const char *b)
{
	ASN1_OBJECT *first = OBJ_txt2obj(a, 0), *second = OBJ_txt2obj(b, 0);
	bool same = first != NULL && second != NULL && OBJ_cmp(first, second) == 0;

	ASN1_OBJECT_free(first);
	ASN1_OBJECT_free(second);
	ERR_clear_error();
	return same;
}

/* "serverAuth" and 1.3.6.1.5.5.7.3.1 are the same. */
static bool
repeats_an_earlier(const struct list *list, size_t index)
{
	const bool objects =
	    list->is_fine == is_policy || list->is_fine == extkeyusage_is_allowed;

	for (size_t i = 0; i < index; i++)
		if (strcmp(list->entries[i], list->entries[index]) == 0 ||
		    (objects && is_same_object(list->entries[i], list->entries[index])))
			return true;
	return false;
}

static int
check_list(const struct list *list, struct error *err)
{
	for (size_t i = 0; list->entries != NULL && list->entries[i] != NULL; i++) {
		const char *entry = list->entries[i];

		if (i == PROFILE_LIST_MAX)
			return error_set(err, ERROR_BAD_REQUEST,
			    "%s: more than %d entries", list->member, PROFILE_LIST_MAX);
		if (strlen(entry) > PROFILE_ENTRY_MAX || !list->is_fine(entry))
			return error_set(err, ERROR_BAD_REQUEST,
			    "%s[%zu]: \"%.64s\" is not %s", list->member, i, entry,
			    list->wanted);
		if (repeats_an_earlier(list, i))
			return error_set(err, ERROR_BAD_REQUEST,
			    "%s[%zu]: \"%.64s\" is there twice", list->member, i, entry);
	}
	return 0;
}

static int
check_lists(const struct profile *p, struct error *err)
{
	static const char type[] = "one of C ST L O OU serialNumber CN";
	const struct list lists[] = {
		{ "subject_allowed", p->subject_allowed, subject_type_is_known, type },
		{ "subject_required", p->subject_required, subject_type_is_known, type },
		{ "dns_names", p->dns_names, is_dns_pattern,
		    "a lower-case name or a pattern such as *.svc.example" },
		{ "ip_addresses", p->ip_addresses, is_network,
		    "an address or a network such as 10.0.0.0/8" },
		{ "uris", p->uris, is_uri_pattern,
		    "a URI or a pattern such as spiffe://prod.example/ns/*" },
		{ "email_addresses", p->email_addresses, is_email_pattern,
		    "an address or a pattern such as *@example.com" },
		{ "key_types", p->key_types, is_key_type,
		    "a type of key such as ec-p256" },
		{ "ext_key_usage", p->ekus, extkeyusage_is_allowed,
		    "serverAuth, clientAuth, codeSigning, emailProtection, timeStamping "
		    "or the OID of another purpose (not any purpose, not OCSP signing)" },
		{ "policies", p->policies, is_policy,
		    "an OID such as 1.3.6.1.4.1.311.1 (and not anyPolicy)" },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (check_list(&lists[i], err) != 0)
			return -1;
	return 0;
}

static int
check_admitted(const struct profile *p, struct error *err)
{
	for (const char *const *a = p->subject_allowed; a != NULL && *a != NULL; a++)
		for (const char *const *r = p->subject_required; r != NULL && *r != NULL;
		     r++)
			if (strcmp(*a, *r) == 0)
				return error_set(err, ERROR_BAD_REQUEST,
				    "subject_required: %s is in subject_allowed as well",
				    *r);
	return 0;
}

static int
check_subject(const struct profile *p, struct error *err)
{
	struct error why;
	X509_NAME *fixed;
	int rc = 0;

	if (p->subject == NULL)
		return 0;
	if (strlen(p->subject) > SUBJECT_MAX)
		return error_set(err, ERROR_BAD_REQUEST,
		    "subject: of more than %d octets", SUBJECT_MAX);
	if (subject_from_text(p->subject, &fixed, &why) != 0)
		return error_set(err, why.code, "subject: %s", why.text);
	for (int i = 0; i < X509_NAME_entry_count(fixed) && rc == 0; i++) {
		int nid = OBJ_obj2nid(
		    X509_NAME_ENTRY_get_object(X509_NAME_get_entry(fixed, i)));

		if (nid == NID_commonName)
			rc = error_set(err, ERROR_BAD_REQUEST,
			    "subject: a CN names one certificate and cannot be fixed");
		else if (subject_admits(p, OBJ_nid2sn(nid)))
			rc = error_set(err, ERROR_BAD_REQUEST,
			    "subject: %s is fixed, and cannot be asked for as well",
			    OBJ_nid2sn(nid));
	}
	X509_NAME_free(fixed);
	return rc;
}

static int
check_names(const struct profile *p, struct error *err)
{
	if (p->dns_names == NULL && p->ip_addresses == NULL && p->uris == NULL &&
	    p->email_addresses == NULL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "dns_names: no kind of name is allowed; fill in dns_names, "
		    "ip_addresses, uris or email_addresses");
	if (p->san_from_common_name && p->dns_names == NULL)
		return error_set(
		    err, ERROR_BAD_REQUEST, "san_from_common_name: needs dns_names");
	if (p->allow_wildcard && p->dns_names == NULL)
		return error_set(
		    err, ERROR_BAD_REQUEST, "wildcards: they need dns_names");
	if (p->max_names < 1 || p->max_names > PROFILE_NAMES_MAX)
		return error_set(err, ERROR_BAD_REQUEST,
		    "max_names: %d is not between 1 and %d", p->max_names,
		    PROFILE_NAMES_MAX);
	return 0;
}

static int
check_usage(const struct profile *p, struct error *err)
{
	if (p->key_types == NULL)
		return error_set(err, ERROR_BAD_REQUEST, "key_types: none is allowed");
	if (p->ekus == NULL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "ext_key_usage: say what the certificates are for, such as "
		    "serverAuth; without it they would be for anything");
	for (size_t i = 0; p->ekus[i] != NULL; i++)
		if (extkeyusage_is_time_stamping(p->ekus[i]) &&
		    (i > 0 || p->ekus[1] != NULL))
			return error_set(err, ERROR_BAD_REQUEST,
			    "ext_key_usage: timeStamping stands alone (RFC 3161 section "
			    "2.3)");
	return 0;
}

static int
check_range(
    const char *member, int64_t value, int64_t min, int64_t max, struct error *err)
{
	if (value >= min && value <= max)
		return 0;
	return error_set(err, ERROR_BAD_REQUEST,
	    "%s: %" PRId64 " is not between %" PRId64 " and %" PRId64, member, value, min,
	    max);
}

static int
check_validity(const struct profile *p, struct error *err)
{
	if (check_range("max_validity_seconds", p->max_validity_s, 1, PROFILE_VALIDITY_S,
		err) != 0 ||
	    check_range("default_validity_seconds", p->default_validity_s, 1,
		p->max_validity_s, err) != 0)
		return -1;
	return check_range("backdate_seconds", p->backdate_s, 0, PROFILE_BACKDATE_S, err);
}

/* NULL and PROFILE_URL_OMITTED are fine. */
static int
check_url(const char *member, const char *url, struct error *err)
{
	const char *why;

	if (url == NULL || *url == '\0' || issuer_url_is_fine(url, &why))
		return 0;
	return error_set(err, ERROR_BAD_REQUEST,
	    "%s: \"issuer\", \"none\" or a URL, which %s", member, why);
}

static int
check_urls(const struct profile *p, struct error *err)
{
	if (p->crl_url != NULL && *p->crl_url != '\0')
		return error_set(err, ERROR_BAD_REQUEST,
		    "crl_url: \"issuer\" or \"none\"; a CRL names the URL that its "
		    "issuer has for it");
	if (p->must_staple && p->ocsp_url != NULL && *p->ocsp_url == '\0')
		return error_set(err, ERROR_BAD_REQUEST,
		    "must_staple: a server needs an ocsp_url to have something to "
		    "staple");
	if (check_url("ocsp_url", p->ocsp_url, err) != 0)
		return -1;
	return check_url("ca_issuers_url", p->ca_issuers_url, err);
}

static int
check_texts(const struct profile *p, struct error *err)
{
	const char *text = p->description != NULL ? p->description : "";

	if (p->name == NULL || !name_is_valid(p->name))
		return error_set(err, ERROR_BAD_REQUEST,
		    "name: lower-case letters, digits, '.', '_' and '-'; at most %d "
		    "characters, the first a letter or digit",
		    NAME_MAX_CHARS);
	if (strlen(text) > DESCRIPTION_MAX)
		return error_set(err, ERROR_BAD_REQUEST,
		    "description: of more than %d octets", DESCRIPTION_MAX);
	if (text_has_control(text))
		return error_set(err, ERROR_BAD_REQUEST,
		    "description: one line without control characters");
	return 0;
}

int
profile_check(const struct profile *p, struct error *err)
{
	if (check_texts(p, err) != 0 || check_lists(p, err) != 0 ||
	    check_admitted(p, err) != 0 || check_subject(p, err) != 0 ||
	    check_names(p, err) != 0 || check_usage(p, err) != 0 ||
	    check_validity(p, err) != 0)
		return -1;
	return check_urls(p, err);
}
