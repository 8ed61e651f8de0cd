/* managed_source.c - "source" of a definition: { "issuer": ... } or { "acme": ... }. */
#include "api/managed_source.h"

#include <string.h>

#include "api/json.h"
#include "api/managed_field.h"

#define HTTP_01     "http-01"
#define DNS_01      "dns-01"
#define TLS_ALPN_01 "tls-alpn-01"

static int
read_issuer(
    const struct json_t *definition, struct managed_source *source, struct error *err)
{
	static const char *const members[] = { "issuer", "profile", NULL };
	const struct json_t *inner;

	if (json_member(definition, "source", members, &inner, err) != 0 ||
	    managed_name(inner, "issuer", true, &source->issuer, err) != 0 ||
	    managed_name(inner, "profile", false, &source->profile, err) != 0)
		return -1;
	if (source->profile == NULL)
		source->profile = "server";
	source->json =
	    json_make("{s:s,s:s}", "issuer", source->issuer, "profile", source->profile);
	return 0;
}

struct acme {
	const char *url, *account, *challenge, *listen, *webroot, *ca_file, *profile;
	struct json_t *dns_hook;
};

static int
check_url(const char *url, struct error *err)
{
	static const char https[] = "https://";

	if (strncmp(url, https, strlen(https)) == 0 && url[strlen(https)] != '\0' &&
	    strpbrk(url, " \"<>\\^`{|}#") == NULL)
		return 0;
	return error_set(err, ERROR_BAD_REQUEST,
	    "JSON: \"acme\" is not the https:// URL of a directory");
}

static int
misfit(const struct acme *a, const char *member, struct error *err)
{
	return error_set(err, ERROR_BAD_REQUEST,
	    "JSON: \"%s\" does not go with challenge %s", member, a->challenge);
}

/* How the server is shown that the names are ours; a listener of the agent's own, on all
 * addresses of both families, unless there is something else. */
static int
check_challenge(const struct acme *a, struct error *err)
{
	bool http = strcmp(a->challenge, HTTP_01) == 0;
	bool dns = strcmp(a->challenge, DNS_01) == 0;

	if (a->webroot != NULL && !http)
		return misfit(a, "webroot", err);
	if (a->listen != NULL && dns)
		return misfit(a, "listen", err);
	if (a->dns_hook != NULL && !dns)
		return misfit(a, "dns_hook", err);
	if (dns && a->dns_hook == NULL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"dns_hook\" is missing: challenge dns-01 needs a program "
		    "that sets the record");
	if (a->listen != NULL && a->webroot != NULL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"listen\" and \"webroot\" exclude each other");
	return 0;
}

static int
read_acme_members(const struct json_t *inner, struct acme *a, struct error *err)
{
	static const char *const challenges[] = { HTTP_01, DNS_01, TLS_ALPN_01, NULL };

	if (managed_line(inner, "acme", true, &a->url, err) != 0 ||
	    check_url(a->url, err) != 0 ||
	    managed_name(inner, "account", true, &a->account, err) != 0 ||
	    managed_choice(inner, "challenge", challenges, &a->challenge, err) != 0 ||
	    managed_endpoint(inner, "listen", &a->listen, err) != 0 ||
	    managed_path(inner, "webroot", false, &a->webroot, err) != 0 ||
	    managed_path(inner, "ca_file", false, &a->ca_file, err) != 0 ||
	    managed_line(inner, "profile", false, &a->profile, err) != 0 ||
	    managed_argv(inner, "dns_hook", true, &a->dns_hook, err) != 0)
		return -1;
	return check_challenge(a, err);
}

static int
read_acme(
    const struct json_t *definition, struct managed_source *source, struct error *err)
{
	static const char *const members[] = { "acme", "account", "challenge", "listen",
		"webroot", "dns_hook", "ca_file", "profile", NULL };
	const struct json_t *inner;
	struct acme a = { 0 };

	if (json_member(definition, "source", members, &inner, err) != 0 ||
	    read_acme_members(inner, &a, err) != 0) {
		json_free(a.dns_hook);
		return -1;
	}
	source->account = a.account;
	source->allows_wildcards = strcmp(a.challenge, DNS_01) == 0;
	source->json = json_make("{s:s,s:s,s:s,s:s*,s:s*,s:o*,s:s*,s:s*}", "acme", a.url,
	    "account", a.account, "challenge", a.challenge, "listen", a.listen, "webroot",
	    a.webroot, "dns_hook", a.dns_hook, "ca_file", a.ca_file, "profile",
	    a.profile);
	return 0;
}

int
managed_source_read(
    const struct json_t *definition, struct managed_source *source, struct error *err)
{
	const struct json_t *inner;
	int rc;

	*source = (struct managed_source){ 0 };
	if (json_member(definition, "source", NULL, &inner, err) != 0)
		return -1;
	if (inner == NULL || json_has(inner, "issuer") == json_has(inner, "acme"))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"source\" takes \"issuer\" or \"acme\"");
	rc = json_has(inner, "issuer") ? read_issuer(definition, source, err)
				       : read_acme(definition, source, err);
	if (rc == 0 && source->json == NULL)
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	return rc;
}
