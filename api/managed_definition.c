/*
 * managed_definition.c - reads a definition, and completes it.
 *
 * What is stored is what it says and everything that it left open, so that a later
 * keyhold with other defaults changes nothing of it.
 */
#include "api/managed_definition.h"

#include <stdio.h>
#include <string.h>

#include "api/json.h"
#include "api/managed_field.h"
#include "api/managed_install.h"
#include "base/text.h"
#include "ca/profile.h"

#define DEFAULT_DAYS    90
#define ACME_BEFORE_S   (30 * MANAGED_DAY_S)
#define SHORTEST_S      3600 /* between two renewals */
#define DEFAULT_GRACE_S (7 * MANAGED_DAY_S)
#define SHOWN           80 /* of a name */
#define GRACE_MAX_S     (10 * 365 * MANAGED_DAY_S)

/* What is read before it is put together; what is NULL is left out. */
struct parts {
	const char *key_type, *new_key;
	struct json_t *names;
	struct managed_install install;
	int64_t grace_s;
	bool destroy_old_keys;
};

/* The other challenges show one host, not all of a domain (BR 3.2.2.4.19, 3.2.2.4.20). */
static void
refuse_wildcards(const GENERAL_NAMES *names, struct violations *v)
{
	char field[VIOLATION_FIELD_SIZE];

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		struct bytes text;

		if (name->type != GEN_DNS)
			continue;
		text = (struct bytes){ ASN1_STRING_get0_data(name->d.dNSName),
			(size_t)ASN1_STRING_length(name->d.dNSName) };
		if (text.len == 0 || text.data[0] != '*')
			continue;
		snprintf(field, sizeof(field), "san[%d]", i);
		violations_add(v, RULE_SAN_WILDCARD, field,
		    "\"%.*s\": an ACME server is shown a wildcard by challenge dns-01 "
		    "only",
		    text.len < SHOWN ? (int)text.len : SHOWN, (const char *)text.data);
	}
}

/* What an ACME server may certify; whether it does is for it to say. */
static void
check_acme_names(const GENERAL_NAMES *names, bool wildcards, struct violations *v)
{
	static const char *const any_name[] = { "**", NULL };
	static const char *const any_address[] = { "0.0.0.0/0", "::/0", NULL };
	const struct profile profile = { .name = "acme",
		.dns_names = any_name,
		.ip_addresses = any_address,
		.allow_wildcard = true,
		.max_names = PROFILE_NAMES_MAX };

	san_check(names, &profile, v);
	if (!wildcards)
		refuse_wildcards(names, v);
}

/* As san_from_text takes it: a prefix only where it would be missed. */
static struct json_t *
name_json(const GENERAL_NAME *name)
{
	struct json_t *json = NULL;
	struct buffer text;
	size_t prefix = 0;

	buf_init(&text, 0);
	san_name_text(name, &text);
	if (name->type == GEN_DNS || name->type == GEN_IPADD)
		prefix = strcspn(buf_string(&text), ":") + 1;
	if (!buf_failed(&text))
		json = json_make("s", buf_string(&text) + prefix);
	buf_free(&text);
	return json;
}

static struct json_t *
list_names(const GENERAL_NAMES *names)
{
	struct json_t *list = json_make("[]");

	for (int i = 0; list != NULL && i < sk_GENERAL_NAME_num(names); i++)
		if (json_append(list, name_json(sk_GENERAL_NAME_value(names, i)), NULL) !=
		    0) {
			json_free(list);
			list = NULL;
		}
	return list;
}

/* What an issuer's profile says to the names shows when a certificate is tried. */
static int
tidy_names(struct managed_definition *d, struct parts *parts, struct violations *v,
    struct error *err)
{
	GENERAL_NAMES *names = NULL;
	struct error why;
	int rc = -1;

	if (san_from_text(d->names, d->name_count, &names, &why) != 0)
		return error_set(err, why.code, "JSON: \"names\": %s", why.text);
	san_normalise(names);
	if (d->source.account != NULL)
		check_acme_names(names, d->source.allows_wildcards, v);
	if (violations_verdict(v, err) == 0) {
		parts->names = list_names(names);
		rc = 0;
	}
	GENERAL_NAMES_free(names);
	return rc;
}

static int
read_names(struct managed_definition *d, struct parts *parts, struct violations *v,
    struct error *err)
{
	if (json_texts(d->body, "names", d->names, SAN_NAMES_MAX, &d->name_count, err) !=
	    0)
		return -1;
	if (d->name_count == 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: \"names\" lists no name to certify");
	return tidy_names(d, parts, v, err);
}

static int
read_life(struct managed_definition *d, struct error *err)
{
	const bool acme = d->source.account != NULL;
	int64_t before;

	if (acme && json_has(d->body, "days"))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"days\": an ACME server decides how long a certificate "
		    "lives");
	if (json_number(d->body, "days", 1, PROFILE_VALIDITY_S / MANAGED_DAY_S,
		acme ? 0 : DEFAULT_DAYS, &d->days, err) != 0)
		return -1;
	before = acme ? ACME_BEFORE_S : d->days * MANAGED_DAY_S / 3;
	if (json_number(d->body, "renew_before_s", 60, PROFILE_VALIDITY_S, before,
		&d->renew_before_s, err) != 0)
		return -1;
	if (!acme && d->renew_before_s > d->days * MANAGED_DAY_S - SHORTEST_S)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"renew_before_s\" leaves less than an hour of %lld days "
		    "between two renewals",
		    (long long)d->days);
	return 0;
}

static int
read_key(struct managed_definition *d, struct parts *parts, struct error *err)
{
	static const char *const when[] = { "always", "never", "yearly", NULL };
	const char *type;

	if (json_text(d->body, "key_type", false, &type, err) != 0 ||
	    key_type_read(type != NULL ? type : "ec-p256", &d->key_type, err) != 0 ||
	    managed_choice(d->body, "new_key", when, &parts->new_key, err) != 0 ||
	    json_number(d->body, "grace_s", 0, GRACE_MAX_S, DEFAULT_GRACE_S,
		&parts->grace_s, err) != 0)
		return -1;
	parts->key_type = key_type_info(d->key_type)->name;
	return json_flag(
	    d->body, "destroy_old_keys", false, &parts->destroy_old_keys, err);
}

static int
read_name(struct managed_definition *d, const char *expected, struct error *err)
{
	if (managed_name(d->body, "name", expected == NULL, &d->name, err) != 0)
		return -1;
	if (d->name != NULL && expected != NULL && strcmp(d->name, expected) != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"name\" is %s, and %s in the URL; a name does not change",
		    d->name, expected);
	if (d->name == NULL)
		d->name = expected;
	return 0;
}

/* The first name that a client could ask for; none among nothing but addresses. */
static int
choose_host(struct json_t *json, struct error *err)
{
	const char *names[SAN_NAMES_MAX];
	size_t count;

	if (json_texts(json, "names", names, SAN_NAMES_MAX, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strpbrk(names[i], ":*@") == NULL &&
		    strspn(names[i], "0123456789.") != strlen(names[i]))
			return json_set(json, "verify_name", json_make("s", names[i])) ==
				       0
				   ? 0
				   : error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

/* Takes over what is JSON in parts. */
static int
compose(struct managed_definition *d, struct parts *p, struct error *err)
{
	const struct managed_install *i = &p->install;
	struct json_t *names = p->names, *source = d->source.json, *hook = i->hook;
	struct json_t *days = NULL;

	if (d->days != 0)
		days = json_make("I", (long long)d->days);
	p->names = d->source.json = p->install.hook = NULL;
	d->json =
	    json_make("{s:s,s:o,s:o,s:s,s:o*,s:I,s:s,s:s,s:s*,s:s*,s:s,s:o*,s:s*,s:s*,"
		      "s:I,s:b}",
		"name", d->name, "names", names, "source", source, "key_type",
		p->key_type, "days", days, "renew_before_s", (long long)d->renew_before_s,
		"new_key", p->new_key, "directory", i->directory, "owner", i->owner,
		"group", i->group, "mode", i->mode, "hook", hook, "verify", i->verify,
		"verify_name", i->verify_name, "grace_s", (long long)p->grace_s,
		"destroy_old_keys", p->destroy_old_keys);
	if (d->json == NULL || json_has(d->json, "days") != (d->days != 0))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (i->verify != NULL && i->verify_name == NULL)
		return choose_host(d->json, err);
	return 0;
}

int
managed_definition_read(const struct bytes *body, const char *name,
    struct managed_definition *d, struct violations *v, struct error *err)
{
	static const char *const members[] = { "name", "names", "source", "key_type",
		"days", "renew_before_s", "new_key", "directory", "owner", "group",
		"mode", "hook", "verify", "verify_name", "grace_s", "destroy_old_keys",
		NULL };
	struct parts parts = { 0 };
	int rc = -1;

	*d = (struct managed_definition){ 0 };
	if (json_read(body, members, &d->body, err) != 0)
		return -1;
	if (read_name(d, name, err) == 0 &&
	    managed_source_read(d->body, &d->source, err) == 0 &&
	    read_life(d, err) == 0 && read_key(d, &parts, err) == 0 &&
	    managed_install_read(d->body, &parts.install, err) == 0 &&
	    read_names(d, &parts, v, err) == 0)
		rc = compose(d, &parts, err);
	json_free(parts.names);
	json_free(parts.install.hook);
	return rc;
}

void
managed_definition_clear(struct managed_definition *d)
{
	json_free(d->source.json);
	json_free(d->json);
	json_free(d->body);
	*d = (struct managed_definition){ 0 };
}
