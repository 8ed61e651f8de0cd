/* profile_json.c - one table for the lists, so that what is read is what is written. */
#include "api/profile_json.h"

#include <stddef.h>
#include <string.h>

#include "api/json.h"
#include "base/text.h"
#include "ca/keytype.h"
#include "ca/profile.h"

#define DAY_S              INT64_C(86400)
#define DEFAULT_VALIDITY_S (90 * DAY_S)
#define MAX_VALIDITY_S     (398 * DAY_S)
#define BACKDATE_S         300

#define ISSUERS_URL "issuer"
#define NO_URL      "none"

static const char *const members[] = { "name", "description", "subject",
	"subject_allowed", "subject_required", "san_from_common_name", "dns_names",
	"ip_addresses", "uris", "email_addresses", "wildcards", "max_names", "key_types",
	"ext_key_usage", "key_encipherment", "policies", "must_staple",
	"default_validity_seconds", "max_validity_seconds", "backdate_seconds",
	"beyond_issuer", "crl_url", "ocsp_url", "ca_issuers_url", NULL };

static const char *const beyond_issuer[] = {
	[BEYOND_ISSUER_TRUNCATE_DEFAULT] = "truncate_default",
	[BEYOND_ISSUER_REJECT] = "reject",
	[BEYOND_ISSUER_TRUNCATE] = "truncate",
};
#define BEYOND_ISSUERS (sizeof(beyond_issuer) / sizeof(beyond_issuer[0]))

#define LISTS 9

/* A document while it is read: profile points into it. */
struct reading {
	struct json_t *json;
	struct profile profile;
	const char *lists[LISTS][PROFILE_LIST_MAX + 1];
};

struct list_member {
	const char *name;
	const char *const **list;
};

/* Where the lists of a profile go. */
static void
list_members(struct profile *p, struct list_member found[static LISTS])
{
	const struct list_member all[LISTS] = {
		{ "subject_allowed", &p->subject_allowed },
		{ "subject_required", &p->subject_required },
		{ "dns_names", &p->dns_names },
		{ "ip_addresses", &p->ip_addresses },
		{ "uris", &p->uris },
		{ "email_addresses", &p->email_addresses },
		{ "key_types", &p->key_types },
		{ "ext_key_usage", &p->ekus },
		{ "policies", &p->policies },
	};

	memcpy(found, all, sizeof(all));
}

/* An absent list is what a certificate for TLS has; an empty one allows nothing. */
static void
fill_in_lists(struct reading *r)
{
	static const char *const common_name[] = { "CN", NULL };

	if (!json_has(r->json, "subject_allowed") &&
	    !text_in_list(r->profile.subject_required, "CN"))
		r->profile.subject_allowed = common_name;
	if (!json_has(r->json, "key_types"))
		r->profile.key_types = keytype_names;
}

static int
read_lists(struct reading *r, struct error *err)
{
	struct list_member lists[LISTS];
	size_t count;

	list_members(&r->profile, lists);
	for (size_t i = 0; i < LISTS; i++) {
		if (json_texts(r->json, lists[i].name, r->lists[i], PROFILE_LIST_MAX,
			&count, err) != 0)
			return -1;
		*lists[i].list = count > 0 ? r->lists[i] : NULL;
	}
	fill_in_lists(r);
	return 0;
}

static int
read_url(
    const struct json_t *json, const char *member, const char **url, struct error *err)
{
	if (json_text(json, member, false, url, err) != 0)
		return -1;
	if (*url == NULL || strcmp(*url, ISSUERS_URL) == 0)
		*url = NULL;
	else if (strcmp(*url, NO_URL) == 0)
		*url = PROFILE_URL_OMITTED;
	else if (**url == '\0')
		return error_set(
		    err, ERROR_BAD_REQUEST, "%s: \"issuer\", \"none\" or a URL", member);
	return 0;
}

static int
read_beyond_issuer(struct reading *r, struct error *err)
{
	const char *text;

	if (json_text(r->json, "beyond_issuer", false, &text, err) != 0)
		return -1;
	for (size_t i = 0; text != NULL && i < BEYOND_ISSUERS; i++)
		if (strcmp(text, beyond_issuer[i]) == 0) {
			r->profile.beyond_issuer = (enum beyond_issuer)i;
			return 0;
		}
	if (text != NULL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "beyond_issuer: truncate_default, reject or truncate");
	return 0;
}

static int
read_texts(struct reading *r, const char *name, struct error *err)
{
	struct profile *p = &r->profile;
	const char *given;

	p->name = name;
	if (json_text(r->json, "name", false, &given, err) != 0 ||
	    json_text(r->json, "description", false, &p->description, err) != 0 ||
	    json_text(r->json, "subject", false, &p->subject, err) != 0 ||
	    read_url(r->json, "crl_url", &p->crl_url, err) != 0 ||
	    read_url(r->json, "ocsp_url", &p->ocsp_url, err) != 0 ||
	    read_url(r->json, "ca_issuers_url", &p->ca_issuers_url, err) != 0)
		return -1;
	if (given != NULL && strcmp(given, name) != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "name: \"%.64s\" is not the %s of the URL", given, name);
	if (p->description == NULL)
		p->description = "";
	if (p->subject != NULL && *p->subject == '\0')
		p->subject = NULL;
	return 0;
}

static int
read_flags(struct reading *r, struct error *err)
{
	struct profile *p = &r->profile;
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "san_from_common_name", &p->san_from_common_name },
		{ "wildcards", &p->allow_wildcard },
		{ "key_encipherment", &p->allow_key_encipherment },
		{ "must_staple", &p->must_staple },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (json_flag(r->json, flags[i].name, false, flags[i].flag, err) != 0)
			return -1;
	return 0;
}

/* Whoever shortens the longest life need not say what the usual one is. */
static int
read_numbers(struct reading *r, struct error *err)
{
	struct profile *p = &r->profile;
	int64_t max_names, usual;

	if (json_number(r->json, "max_names", 1, PROFILE_NAMES_MAX, PROFILE_NAMES_MAX,
		&max_names, err) != 0 ||
	    json_number(r->json, "max_validity_seconds", 1, PROFILE_VALIDITY_S,
		MAX_VALIDITY_S, &p->max_validity_s, err) != 0)
		return -1;
	p->max_names = (int)max_names;
	usual = p->max_validity_s < DEFAULT_VALIDITY_S ? p->max_validity_s
						       : DEFAULT_VALIDITY_S;
	if (json_number(r->json, "default_validity_seconds", 1, PROFILE_VALIDITY_S, usual,
		&p->default_validity_s, err) != 0)
		return -1;
	return json_number(r->json, "backdate_seconds", 0, PROFILE_BACKDATE_S, BACKDATE_S,
	    &p->backdate_s, err);
}

int
profile_json_read(
    struct bytes document, const char *name, struct profile **profile, struct error *err)
{
	struct reading r = { 0 };
	int rc = -1;

	if (json_read(&document, members, &r.json, err) != 0)
		return -1;
	if (read_texts(&r, name, err) == 0 && read_lists(&r, err) == 0 &&
	    read_flags(&r, err) == 0 && read_numbers(&r, err) == 0 &&
	    read_beyond_issuer(&r, err) == 0)
		rc = profile_new(&r.profile, profile, err);
	json_free(r.json);
	return rc;
}

static struct json_t *
list_of(const char *const *texts)
{
	struct json_t *list = json_make("[]");

	for (; list != NULL && texts != NULL && *texts != NULL; texts++)
		if (json_append(list, json_make("s", *texts), NULL) != 0) {
			json_free(list);
			return NULL;
		}
	return list;
}

static const char *
url_text(const char *url)
{
	if (url == NULL)
		return ISSUERS_URL;
	return *url == '\0' ? NO_URL : url;
}

struct json_t *
profile_json_describe(const struct profile *p)
{
	return json_make("{s:s,s:s,s:s,s:o,s:o,s:b,s:o,s:o,s:o,s:o,s:b,s:i,s:o,s:o,"
			 "s:b,s:o,s:b,s:I,s:I,s:I,s:s,s:s,s:s,s:s}",
	    "name", p->name, "description", p->description, "subject",
	    p->subject != NULL ? p->subject : "", "subject_allowed",
	    list_of(p->subject_allowed), "subject_required", list_of(p->subject_required),
	    "san_from_common_name", p->san_from_common_name, "dns_names",
	    list_of(p->dns_names), "ip_addresses", list_of(p->ip_addresses), "uris",
	    list_of(p->uris), "email_addresses", list_of(p->email_addresses), "wildcards",
	    p->allow_wildcard, "max_names", p->max_names, "key_types",
	    list_of(p->key_types), "ext_key_usage", list_of(p->ekus), "key_encipherment",
	    p->allow_key_encipherment, "policies", list_of(p->policies), "must_staple",
	    p->must_staple, "default_validity_seconds", (long long)p->default_validity_s,
	    "max_validity_seconds", (long long)p->max_validity_s, "backdate_seconds",
	    (long long)p->backdate_s, "beyond_issuer", beyond_issuer[p->beyond_issuer],
	    "crl_url", url_text(p->crl_url), "ocsp_url", url_text(p->ocsp_url),
	    "ca_issuers_url", url_text(p->ca_issuers_url));
}
