/* profile.c - the built-in profiles. */
#include "ca/profile.h"

#include <string.h>

#define DAY_S      INT64_C(86400)
#define BACKDATE_S 300

/* 398 days is the longest that browsers take from any authority (BR 6.3.2 until 2026). */
#define LEAF                                                                             \
	.default_validity_s = 90 * DAY_S, .max_validity_s = 398 * DAY_S,                 \
	.backdate_s = BACKDATE_S, .allow_dns = true, .allow_ip = true,                   \
	.san_from_common_name = true

static const struct profile profiles[] = {
	{ .name = "server",
	    .description = "a TLS server",
	    .ekus = { "serverAuth" },
	    .allow_key_encipherment = true,
	    LEAF },
	{ .name = "client",
	    .description = "a TLS client",
	    .ekus = { "clientAuth" },
	    LEAF },
	{ .name = "peer",
	    .description = "a TLS server that is also a client of its peers",
	    .ekus = { "serverAuth", "clientAuth" },
	    .allow_key_encipherment = true,
	    LEAF },
};

static const struct profile root = {
	.name = "root",
	.description = "a self-signed certificate authority",
	.default_validity_s = 3650 * DAY_S,
	.max_validity_s = 9131 * DAY_S,
	.backdate_s = BACKDATE_S,
	.ca = true,
};

static const struct profile intermediate = {
	.name = "intermediate",
	.description = "a certificate authority under another",
	.default_validity_s = 1825 * DAY_S,
	.max_validity_s = 5479 * DAY_S,
	.backdate_s = BACKDATE_S,
	.ca = true,
};

/* Short, because it cannot be revoked. */
static const struct profile ocsp_signer = {
	.name = "ocsp-signer",
	.description = "answers OCSP requests for its issuer",
	.ekus = { "OCSPSigning" },
	.default_validity_s = 30 * DAY_S,
	.max_validity_s = 90 * DAY_S,
	.backdate_s = BACKDATE_S,
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
