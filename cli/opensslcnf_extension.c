/* opensslcnf_extension.c - a section of extensions, line by line. */
#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "cli/opensslcnf.h"

#define VALUE_MAX 4096
#define NAME_SIZE 256

struct extension {
	const char *name;
	int (*take)(struct import *import, const CONF_VALUE *line, struct error *err);
	const char *why; /* of one that is left out */
};

/* One part of a value such as "critical, DNS:a, DNS:b". */
struct part {
	char text[NAME_SIZE];
	const char *rest;
};

/* False at the end. Parts are trimmed; one that is too long is cut, and fits nothing. */
static bool
next_part(struct part *part)
{
	const char *p = part->rest + strspn(part->rest, ", \t");
	size_t len = strcspn(p, ",");

	part->rest = p + len;
	while (len > 0 && strchr(" \t", p[len - 1]) != NULL)
		len--;
	if (len >= sizeof(part->text))
		len = sizeof(part->text) - 1;
	memcpy(part->text, p, len);
	part->text[len] = '\0';
	return len > 0;
}

static void
note(struct import *import, const CONF_VALUE *line, const char *why)
{
	opensslcnf_note(import, import->section, line, why);
}

/* A note on one part of a line. */
static void
note_part(
    struct import *import, const CONF_VALUE *line, const char *text, const char *why)
{
	const CONF_VALUE one = { .name = line->name, .value = (char *)text };

	opensslcnf_note(import, import->section, &one, why);
}

static int
take_basic_constraints(struct import *import, const CONF_VALUE *line, struct error *err)
{
	struct part part = { .rest = line->value };

	while (next_part(&part))
		if (strcasecmp(part.text, "CA:TRUE") == 0)
			return error_set(err, ERROR_CONFIG,
			    "[%.64s] is for a CA, which no profile makes: keyhold ca "
			    "create",
			    import->section);
	note(import, line, "left out: no certificate of a profile is a CA's");
	return 0;
}

static int
take_key_usage(struct import *import, const CONF_VALUE *line, struct error *err)
{
	struct part part = { .rest = line->value };

	(void)err;
	while (next_part(&part)) {
		if (strcmp(part.text, "critical") == 0 ||
		    strcmp(part.text, "digitalSignature") == 0)
			continue; /* always */
		if (strcmp(part.text, "keyEncipherment") == 0)
			json_object_set_new(
			    import->profile, "key_encipherment", json_true());
		else if (strcmp(part.text, "nonRepudiation") == 0)
			note_part(import, line, part.text,
			    "left out: a key for TLS signs handshakes, and nothing that "
			    "it must answer for later");
		else
			note_part(import, line, part.text,
			    "left out: a profile gives digitalSignature and, to RSA keys "
			    "that ask, keyEncipherment");
	}
	return 0;
}

static bool
is_a_name_of_purposes(const char *text)
{
	static const char *const names[] = { "serverAuth", "clientAuth", "codeSigning",
		"emailProtection", "timeStamping" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], text) == 0)
			return true;
	return false;
}

/* Names that a profile does not know are written as OIDs. */
static void
take_purpose(struct import *import, const CONF_VALUE *line, const char *text)
{
	ASN1_OBJECT *object = OBJ_txt2obj(text, 0);
	int nid = object != NULL ? OBJ_obj2nid(object) : NID_undef;
	char oid[NAME_SIZE];

	if (object == NULL)
		note_part(import, line, text, "left out: not a purpose");
	else if (nid == NID_anyExtendedKeyUsage)
		note_part(import, line, text, "left out: a key for anything");
	else if (nid == NID_OCSP_sign)
		note_part(
		    import, line, text, "left out: it would answer for the CA itself");
	else if (is_a_name_of_purposes(text))
		opensslcnf_add(import, "ext_key_usage", text);
	else if (OBJ_obj2txt(oid, sizeof(oid), object, 1) > 0)
		opensslcnf_add(import, "ext_key_usage", oid);
	ASN1_OBJECT_free(object);
	ERR_clear_error();
}

static int
take_purposes(struct import *import, const CONF_VALUE *line, struct error *err)
{
	struct part part = { .rest = line->value };

	(void)err;
	while (next_part(&part)) {
		if (strcmp(part.text, "critical") != 0)
			take_purpose(import, line, part.text);
		else if (strstr(line->value, "timeStamping") == NULL)
			note_part(import, line, part.text,
			    "left out: only timeStamping is critical");
	}
	return 0;
}

static const struct {
	const char *prefix, *member;
} kinds[] = {
	{ "DNS", "dns_names" },
	{ "IP", "ip_addresses" },
	{ "URI", "uris" },
	{ "email", "email_addresses" },
};

/* "DNS.1" in a section is the same as "DNS". */
static void
take_name(
    struct import *import, const CONF_VALUE *line, const char *kind, const char *name)
{
	size_t len = strcspn(kind, ".");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].prefix) != len ||
		    strncasecmp(kinds[i].prefix, kind, len) != 0)
			continue;
		if (strcmp(name, "copy") == 0 || strcmp(name, "move") == 0)
			break;
		if (strchr(name, '*') != NULL)
			note_part(import, line, name,
			    "taken as a pattern of one label; a certificate for the "
			    "wildcard itself needs \"wildcards: true\" as well");
		opensslcnf_add(import, kinds[i].member, name);
		return;
	}
	note_part(import, line, name,
	    "left out: not a DNS name, address, URI or e-mail address");
}

static void
take_names_of_section(struct import *import, const CONF_VALUE *line, const char *section)
{
	STACK_OF(CONF_VALUE) *lines = NCONF_get_section(import->conf, section);

	if (lines == NULL)
		note_part(import, line, section, "left out: there is no such section");
	for (int i = 0; i < sk_CONF_VALUE_num(lines); i++) {
		const CONF_VALUE *name = sk_CONF_VALUE_value(lines, i);

		take_name(import, line, name->name, name->value);
	}
	ERR_clear_error();
}

static int
take_names(struct import *import, const CONF_VALUE *line, struct error *err)
{
	struct part part = { .rest = line->value };

	(void)err;
	while (next_part(&part)) {
		char *colon = strchr(part.text, ':');

		if (strcmp(part.text, "critical") == 0)
			continue;
		if (part.text[0] == '@') {
			take_names_of_section(import, line, part.text + 1);
			continue;
		}
		if (colon != NULL)
			*colon = '\0';
		take_name(import, line, part.text, colon != NULL ? colon + 1 : "");
	}
	note(import, line,
	    "taken as the names that requests may ask for; a certificate has those that "
	    "its request asks for");
	return 0;
}

static int
take_policies(struct import *import, const CONF_VALUE *line, struct error *err)
{
	struct part part = { .rest = line->value };

	(void)err;
	while (next_part(&part)) {
		const char *oid = part.text;

		if (*oid == '@') {
			note_part(import, line, oid,
			    "its qualifiers are left out (RFC 5280 section 4.2.1.4)");
			oid = NCONF_get_string(import->conf, oid + 1, "policyIdentifier");
		}
		if (oid != NULL && oid[0] != '\0' &&
		    oid[strspn(oid, "0123456789.")] == '\0')
			opensslcnf_add(import, "policies", oid);
		else if (strcmp(part.text, "critical") != 0)
			note_part(import, line, part.text, "left out: not an OID");
	}
	ERR_clear_error();
	return 0;
}

static int
take_access(struct import *import, const CONF_VALUE *line, struct error *err)
{
	static const struct {
		const char *prefix, *member;
	} methods[] = {
		{ "OCSP;URI:", "ocsp_url" },
		{ "caIssuers;URI:", "ca_issuers_url" },
	};
	struct part part = { .rest = line->value };

	(void)err;
	while (next_part(&part)) {
		const char *url = NULL, *member = NULL;

		for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
			if (strncmp(part.text, methods[i].prefix,
				strlen(methods[i].prefix)) == 0) {
				url = part.text + strlen(methods[i].prefix);
				member = methods[i].member;
			}
		if (url != NULL && strncmp(url, "http://", strlen("http://")) == 0)
			json_object_set_new(import->profile, member, json_string(url));
		else
			note_part(import, line, part.text,
			    "left out: not an OCSP or caIssuers URL of http://");
	}
	return 0;
}

static int
take_tls_feature(struct import *import, const CONF_VALUE *line, struct error *err)
{
	(void)err;
	if (strcmp(line->value, "status_request") == 0)
		json_object_set_new(import->profile, "must_staple", json_true());
	else
		note(import, line, "left out: only status_request is known");
	return 0;
}

static const struct extension extensions[] = {
	{ "basicConstraints", take_basic_constraints, NULL },
	{ "keyUsage", take_key_usage, NULL },
	{ "extendedKeyUsage", take_purposes, NULL },
	{ "subjectAltName", take_names, NULL },
	{ "certificatePolicies", take_policies, NULL },
	{ "authorityInfoAccess", take_access, NULL },
	{ "tlsfeature", take_tls_feature, NULL },
	{ "subjectKeyIdentifier", NULL, "left out: every certificate has it" },
	{ "authorityKeyIdentifier", NULL, "left out: every certificate has it" },
	{ "crlDistributionPoints", NULL,
	    "left out: a CRL names its own URL, which is the CA's to say" },
	{ "nsCertType", NULL, "left out: extendedKeyUsage took its place" },
};

static int
take_line(struct import *import, const CONF_VALUE *line, struct error *err)
{
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		if (strcmp(extensions[i].name, line->name) != 0)
			continue;
		if (extensions[i].take != NULL)
			return extensions[i].take(import, line, err);
		note(import, line, extensions[i].why);
		return 0;
	}
	note(import, line, "left out: no certificate of keyhold's has this extension");
	return 0;
}

int
opensslcnf_extensions(struct import *import, struct error *err)
{
	STACK_OF(CONF_VALUE) *lines = NCONF_get_section(import->conf, import->section);

	if (lines == NULL) {
		ERR_clear_error();
		return error_set(err, ERROR_CONFIG, "the file has no section [%.64s]",
		    import->section);
	}
	for (int i = 0; i < sk_CONF_VALUE_num(lines); i++)
		if (take_line(import, sk_CONF_VALUE_value(lines, i), err) != 0)
			return -1;
	return 0;
}
