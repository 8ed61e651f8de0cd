/* profile.c - the built-in profiles. */
#include "ca/profile.h"

#include <string.h>

#include "ca/keytype.h"

#define DAY_S      INT64_C(86400)
#define BACKDATE_S 300

static const char *const common_name[] = { "CN", NULL };
static const char *const any_dns[] = { "**", NULL };
static const char *const any_ip[] = { "0.0.0.0/0", "::/0", NULL };
static const char *const server_auth[] = { "serverAuth", NULL };
static const char *const client_auth[] = { "clientAuth", NULL };
static const char *const both_auth[] = { "serverAuth", "clientAuth", NULL };
static const char *const ocsp_signing[] = { "OCSPSigning", NULL };

/* 398 days is the longest that browsers take from any authority (BR 6.3.2 until 2026). */
#define LEAF                                                                             \
	.default_validity_s = 90 * DAY_S, .max_validity_s = 398 * DAY_S,                 \
	.backdate_s = BACKDATE_S, .subject_allowed = common_name, .dns_names = any_dns,  \
	.ip_addresses = any_ip, .max_names = PROFILE_NAMES_MAX,                          \
	.key_types = keytype_names, .san_from_common_name = true

static const struct profile profiles[] = {
	{ .name = "server",
	    .description = "a TLS server",
	    .ekus = server_auth,
	    .allow_key_encipherment = true,
	    LEAF },
	{ .name = "client", .description = "a TLS client", .ekus = client_auth, LEAF },
	{ .name = "peer",
	    .description = "a TLS server that is also a client of its peers",
	    .ekus = both_auth,
	    .allow_key_encipherment = true,
	    LEAF },
};

static const struct profile root = {
	.name = "root",
	.description = "a self-signed certificate authority",
	.default_validity_s = 3650 * DAY_S,
	.max_validity_s = 9131 * DAY_S,
	.backdate_s = BACKDATE_S,
	.key_types = keytype_names,
	.ca = true,
};

static const struct profile intermediate = {
	.name = "intermediate",
	.description = "a certificate authority under another",
	.default_validity_s = 1825 * DAY_S,
	.max_validity_s = 5479 * DAY_S,
	.backdate_s = BACKDATE_S,
	.key_types = keytype_names,
	.ca = true,
};

/* Short, because it cannot be revoked. */
static const struct profile ocsp_signer = {
	.name = "ocsp-signer",
	.description = "answers OCSP requests for its issuer",
	.ekus = ocsp_signing,
	.default_validity_s = 30 * DAY_S,
	.max_validity_s = 90 * DAY_S,
	.backdate_s = BACKDATE_S,
	.key_types = keytype_names,
	.crl_url = PROFILE_URL_OMITTED,
	.ocsp_nocheck = true,
};

const struct profile *
profile_find(const char *name)
{
	const struct profile *p;

	for (size_t i = 0; (p = profile_at(i)) != NULL; i++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

const struct profile *
profile_at(size_t index)
{
	return index < sizeof(profiles) / sizeof(profiles[0]) ? &profiles[index] : NULL;
}

const struct profile *
profile_root(void)
{
	return &root;
}

const struct profile *
profile_intermediate(void)
{
	return &intermediate;
}

const struct profile *
profile_ocsp_signer(void)
{
	return &ocsp_signer;
}

bool
profile_is_built_in(const char *name)
{
	return profile_find(name) != NULL || strcmp(name, root.name) == 0 ||
	       strcmp(name, intermediate.name) == 0 ||
	       strcmp(name, ocsp_signer.name) == 0;
}

const char *
profile_url(const char *of_profile, const char *of_issuer)
{
	const char *url = of_profile != NULL ? of_profile : of_issuer;

	return url != NULL && *url != '\0' ? url : NULL;
}
