/* opensslcnf.c - the settings of openssl ca, and what all of a file comes to. */
#include "cli/opensslcnf.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>

#include "base/text.h"
#include "cli/output.h"

#define DAY_SECONDS  86400
#define DAYS_MAX     36525
#define BROWSER_DAYS 398

void
opensslcnf_note(
    struct import *import, const char *section, const CONF_VALUE *line, const char *why)
{
	buf_text(&import->notes, "[");
	output_text(&import->notes, section);
	buf_text(&import->notes, "] ");
	output_text(&import->notes, line->name);
	buf_text(&import->notes, " = ");
	output_text(&import->notes, line->value);
	buf_printf(&import->notes, ": %s\n", why);
}

void
opensslcnf_add(struct import *import, const char *member, const char *text)
{
	json_t *list = json_object_get(import->profile, member);
	const json_t *item;
	size_t i;

	if (list == NULL) {
		json_object_set_new(import->profile, member, json_array());
		list = json_object_get(import->profile, member);
	}
	json_array_foreach (list, i, item) {
		if (strcmp(json_string_value(item), text) == 0)
			return;
	}
	json_array_append_new(list, json_string(text));
}

static void
take_days(struct import *import, const char *section, const CONF_VALUE *line)
{
	json_int_t seconds;
	uint64_t days;

	if (text_to_uint(line->value, 1, DAYS_MAX, &days, NULL) != 0) {
		opensslcnf_note(import, section, line, "not a number of days");
		return;
	}
	seconds = (json_int_t)days * DAY_SECONDS;
	json_object_set_new(
	    import->profile, "default_validity_seconds", json_integer(seconds));
	json_object_set_new(
	    import->profile, "max_validity_seconds", json_integer(seconds));
	if (days > BROWSER_DAYS)
		opensslcnf_note(import, section, line,
		    "taken as it is; browsers refuse a server's certificate of more than "
		    "398 days");
}

static void
take_copy_extensions(struct import *import, const char *section, const CONF_VALUE *line)
{
	if (strcmp(line->value, "none") == 0)
		return;
	opensslcnf_note(import, section, line,
	    "left out: it puts into a certificate whatever extension its request asks "
	    "for "
	    "and the file does not set; of a request keyhold takes the key, and the "
	    "names "
	    "that the profile allows");
}

static void
take_policy(struct import *import, const char *section, const CONF_VALUE *line)
{
	if (import->policy == NULL || strcmp(import->policy, line->value) != 0)
		opensslcnf_note(import, section, line,
		    "left out: to take it, give --policy and its name");
}

static const struct {
	const char *name;
	void (*take)(struct import *, const char *section, const CONF_VALUE *line);
	const char *why; /* of what is left out */
} settings[] = {
	{ "default_days", take_days, NULL },
	{ "copy_extensions", take_copy_extensions, NULL },
	{ "policy", take_policy, NULL },
	{ "default_md", NULL, "left out: the CA's key decides, SHA-256 at least" },
	{ "private_key", NULL, "left out: a CA's key is in the token and in no file" },
	{ "default_startdate", NULL,
	    "left out: certificates begin when they are signed" },
	{ "default_enddate", NULL, "left out: give a length in default_days" },
	{ "default_crl_days", NULL, "left out: CRLs are the CA's affair" },
	{ "crl_extensions", NULL, "left out: CRLs are the CA's affair" },
	{ "preserve", NULL,
	    "left out: the fixed part of a subject comes first, then what is copied" },
	{ "email_in_dn", NULL, "left out: e-mail addresses belong into email_addresses" },
	{ "unique_subject", NULL,
	    "left out: two certificates may have one subject, or none could be renewed" },
	{ "msie_hack", NULL, "left out: for a browser of the nineties" },
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* False for what no certificate shows. */
static bool
take_setting(struct import *import, const char *section, const CONF_VALUE *line)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		if (strcmp(settings[i].name, line->name) != 0)
			continue;
		if (settings[i].take != NULL)
			settings[i].take(import, section, line);
		else
			opensslcnf_note(import, section, line, settings[i].why);
		return true;
	}
	return false;
}

static void
take_settings(
    struct import *import, const char *section, const STACK_OF(CONF_VALUE) * lines)
{
	struct buffer others;

	buf_init(&others, 0);
	for (int i = 0; i < sk_CONF_VALUE_num(lines); i++) {
		const CONF_VALUE *line = sk_CONF_VALUE_value(lines, i);

		if (take_setting(import, section, line))
			continue;
		buf_text(&others, " ");
		output_text(&others, line->name);
	}
	if (others.len > 0) {
		buf_text(&import->notes, "[");
		output_text(&import->notes, section);
		buf_printf(&import->notes,
		    "]%s: left out: files, and what openssl ca does and shows\n",
		    buf_string(&others));
	}
	buf_free(&others);
}

/* [ca] default_ca names the section that openssl ca goes by. */
static void
take_ca(struct import *import)
{
	const char *section = NCONF_get_string(import->conf, "ca", "default_ca");

	if (section != NULL)
		take_settings(import, section, NCONF_get_section(import->conf, section));
	ERR_clear_error();
}

/* Neither tool limits names; the list is what a reader of the profile has to shorten. */
static void
fill_in_names(struct import *import)
{
	static const char *const members[] = { "dns_names", "ip_addresses", "uris",
		"email_addresses" };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_object_get(import->profile, members[i]) != NULL)
			return;
	opensslcnf_add(import, "dns_names", "**");
	opensslcnf_add(import, "ip_addresses", "0.0.0.0/0");
	opensslcnf_add(import, "ip_addresses", "::/0");
	json_object_set_new(import->profile, "san_from_common_name", json_true());
	buf_text(&import->notes,
	    "dns_names, ip_addresses: any, for the file limits no names; shorten the "
	    "lists\n");
}

static void
fill_in_purposes(struct import *import)
{
	if (json_object_get(import->profile, "ext_key_usage") != NULL)
		return;
	opensslcnf_add(import, "ext_key_usage", "serverAuth");
	opensslcnf_add(import, "ext_key_usage", "clientAuth");
	buf_printf(&import->notes,
	    "ext_key_usage: serverAuth and clientAuth; without an extendedKeyUsage in "
	    "[%s] the file's certificates are good for anything\n",
	    import->section);
}

int
opensslcnf_convert(struct import *import, struct error *err)
{
	if ((import->profile = json_object()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (opensslcnf_policy(import, err) != 0 ||
	    opensslcnf_extensions(import, err) != 0)
		return -1;
	take_ca(import);
	fill_in_names(import);
	fill_in_purposes(import);
	return buf_failed(&import->notes)
		   ? error_set(err, ERROR_INTERNAL, "out of memory")
		   : 0;
}
