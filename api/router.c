/* router.c - the table of resources. */
#include "api/router.h"

#include <stdio.h>
#include <string.h>

#include "api/url.h"
#include "ca/ocsp_query.h"

#define SMALL_BODY 16384
#define CSR_BODY                                                                         \
	(CSR_BODY_PEM + CSR_BODY_PEM / 2) /* in JSON, line ends are two characters */
#define CSR_BODY_PEM 65536
#define MANAGED_BODY 65536
#define MESSAGE_BODY (256 * 1024)

static const struct route routes[] = {
	/* The hot path first. */
	{ "POST", "/v1/keys/{}/sign", post_sign, ACCESS_USE, "scheme", MESSAGE_BODY },
	{ "POST", "/v1/keys/{}/decrypt", post_decrypt, ACCESS_USE, "scheme", SMALL_BODY },
	{ "GET", "/healthz", get_health, ACCESS_PUBLIC, NULL, 0 },
	{ "GET", "/v1/clock", get_clock, ACCESS_PUBLIC, NULL, 0 },
	{ "GET", "/readyz", get_ready, ACCESS_PUBLIC, NULL, 0 },
	{ "GET", "/metrics", get_metrics, ACCESS_READ, NULL, 0 },
	{ "GET", "/v1/keys", get_keys, ACCESS_READ | ACCESS_MANAGE_KEY, NULL, 0 },
	{ "POST", "/v1/keys", post_keys, ACCESS_MANAGE_KEY, NULL, SMALL_BODY },
	{ "GET", "/v1/keys/{}", get_key, ACCESS_READ | ACCESS_MANAGE_KEY, NULL, 0 },
	{ "DELETE", "/v1/keys/{}", delete_key, ACCESS_MANAGE_KEY, NULL, SMALL_BODY },
	{ "POST", "/v1/keys/{}/adopt", post_adopt, ACCESS_MANAGE_KEY, NULL, SMALL_BODY },
	{ "POST", "/v1/keys/{}/rotate", post_rotate, ACCESS_MANAGE_KEY, NULL,
	    SMALL_BODY },
	/* Of a token that others may use too. */
	{ "GET", "/v1/left-keys", get_left_keys, ACCESS_ADMIN, NULL, 0 },
	{ "DELETE", "/v1/left-keys/{}", delete_left_key, ACCESS_ADMIN, "token", 0 },
	{ "GET", "/v1/keys/{}/public", get_public,
	    ACCESS_USE | ACCESS_READ | ACCESS_MANAGE_KEY, NULL, 0 },
	{ "GET", "/v1/keys/{}/reference", get_reference,
	    ACCESS_USE | ACCESS_READ | ACCESS_MANAGE_KEY, NULL, 0 },
	{ "POST", "/v1/keys/{}/csr", post_csr, ACCESS_MANAGE_KEY, NULL, SMALL_BODY },
	{ "GET", "/v1/issuers", get_issuers, ACCESS_READ, NULL, 0 },
	{ "POST", "/v1/issuers", post_issuers, ACCESS_MANAGE, NULL, CSR_BODY },
	{ "GET", "/v1/issuers/{}", get_issuer, ACCESS_READ, NULL, 0 },
	{ "PATCH", "/v1/issuers/{}", patch_issuer, ACCESS_MANAGE, NULL, SMALL_BODY },
	{ "GET", "/v1/issuers/{}/certificate", get_issuer_certificate, ACCESS_PUBLIC,
	    NULL, 0 },
	{ "PUT", "/v1/issuers/{}/certificate", put_issuer_certificate, ACCESS_MANAGE,
	    NULL, CSR_BODY_PEM },
	{ "GET", "/v1/issuers/{}/csr", get_issuer_csr, ACCESS_READ, NULL, 0 },
	{ "POST", "/v1/issuers/{}/rotate", post_issuer_rotate, ACCESS_MANAGE, NULL,
	    SMALL_BODY },
	{ "GET", "/v1/issuers/{}/chain", get_issuer_chain, ACCESS_PUBLIC, "via", 0 },
	{ "GET", "/v1/issuers/{}/crl", get_crl, ACCESS_PUBLIC, NULL, 0 },
	{ "GET", "/v1/issuers/{}/crl/delta", get_delta_crl, ACCESS_PUBLIC, NULL, 0 },
	{ "GET", "/v1/issuers/{}/crl/{}", get_crl_shard, ACCESS_PUBLIC, NULL, 0 },
	{ "POST", "/v1/issuers/{}/certificates", post_certificates, ACCESS_ISSUE,
	    "profile dry_run", CSR_BODY },
	{ "POST", "/v1/issuers/{}/ocsp", post_ocsp, ACCESS_PUBLIC, NULL,
	    OCSP_QUERY_MAX_BYTES },
	/* A proxy may leave a slash at the end of what it puts in front. */
	{ "POST", "/v1/issuers/{}/ocsp/", post_ocsp, ACCESS_PUBLIC, NULL,
	    OCSP_QUERY_MAX_BYTES },
	{ "GET", "/v1/issuers/{}/ocsp/{*}", get_ocsp, ACCESS_PUBLIC, NULL, 0 },
	{ "GET", "/v1/certificates", get_certificates, ACCESS_READ,
	    "issuer status san key expires_before cursor limit", 0 },
	{ "GET", "/v1/certificates/{}", get_certificate, ACCESS_READ, NULL, 0 },
	{ "GET", "/v1/certificates/{}/chain", get_certificate_chain, ACCESS_READ, NULL,
	    0 },
	{ "GET", "/v1/certificates/{}/revocation", get_certificate_revocation,
	    ACCESS_READ, NULL, 0 },
	{ "POST", "/v1/certificates/{}/revocation", post_certificate_revocation,
	    ACCESS_REVOKE, NULL, SMALL_BODY },
	{ "POST", "/v1/revocations", post_revocations, ACCESS_REVOKE,
	    "reason invalidity_date", CSR_BODY },
	{ "POST", "/v1/certificates/{}/renewals", post_renewals, ACCESS_ISSUE, "dry_run",
	    CSR_BODY },
	{ "GET", "/v1/certificates/{}/renewal-info", get_renewal_info,
	    ACCESS_READ | ACCESS_ISSUE, NULL, 0 },
	{ "GET", "/.well-known/est/cacerts", get_est_cacerts, ACCESS_PUBLIC, NULL, 0 },
	{ "GET", "/.well-known/est/{}/cacerts", get_est_cacerts, ACCESS_PUBLIC, NULL, 0 },
	{ "GET", "/.well-known/est/csrattrs", get_est_csrattrs, ACCESS_PUBLIC, NULL, 0 },
	{ "GET", "/.well-known/est/{}/csrattrs", get_est_csrattrs, ACCESS_PUBLIC, NULL,
	    0 },
	{ "POST", "/.well-known/est/simpleenroll", post_est_enroll, ACCESS_ISSUE, NULL,
	    CSR_BODY },
	{ "POST", "/.well-known/est/{}/simpleenroll", post_est_enroll, ACCESS_ISSUE, NULL,
	    CSR_BODY },
	{ "POST", "/.well-known/est/simplereenroll", post_est_reenroll, ACCESS_ISSUE,
	    NULL, CSR_BODY },
	{ "POST", "/.well-known/est/{}/simplereenroll", post_est_reenroll, ACCESS_ISSUE,
	    NULL, CSR_BODY },
	{ "GET", "/v1/expiry", get_expiry, ACCESS_READ, "before cursor limit", 0 },
	{ "GET", "/v1/trust/bundle", get_trust_bundle, ACCESS_PUBLIC, NULL, 0 },
	{ "GET", "/v1/managed", get_managed_all, ACCESS_READ | ACCESS_MANAGE_KEY, NULL,
	    0 },
	/* Who defines one has its agent, which may be root, run a program. */
	{ "POST", "/v1/managed", post_managed, ACCESS_ADMIN, "dry_run", MANAGED_BODY },
	{ "GET", "/v1/managed/{}", get_managed, ACCESS_READ | ACCESS_MANAGE_KEY, NULL,
	    0 },
	{ "PUT", "/v1/managed/{}", put_managed, ACCESS_ADMIN, "dry_run", MANAGED_BODY },
	{ "DELETE", "/v1/managed/{}", delete_managed, ACCESS_ADMIN, NULL, 0 },
	{ "PUT", "/v1/managed/{}/state", put_managed_state, ACCESS_MANAGE_KEY, NULL,
	    MANAGED_BODY },
	{ "POST", "/v1/managed/{}/renew", post_managed_renew, ACCESS_MANAGE_KEY, NULL,
	    SMALL_BODY },
	{ "GET", "/v1/profiles", get_profiles, ACCESS_READ, NULL, 0 },
	{ "GET", "/v1/profiles/{}", get_profile, ACCESS_READ, NULL, 0 },
	{ "PUT", "/v1/profiles/{}", put_profile, ACCESS_MANAGE, NULL, SMALL_BODY },
	{ "DELETE", "/v1/profiles/{}", delete_profile, ACCESS_MANAGE, NULL, 0 },
	{ "GET", "/v1/access", get_access, ACCESS_ADMIN, NULL, 0 },
	{ "GET", "/v1/access/decision", get_access_decision, ACCESS_READ,
	    "who may key issuer profile name", 0 },
	{ "GET", "/v1/token", get_token_info, ACCESS_READ, NULL, 0 },
	{ "POST", "/v1/token/check", post_token_check, ACCESS_ADMIN, "token",
	    SMALL_BODY },
	{ "GET", "/v1/tokens", get_tokens, ACCESS_READ, NULL, 0 },
	{ "POST", "/v1/tokens", post_tokens, ACCESS_ADMIN, NULL, SMALL_BODY },
	{ "GET", "/v1/tokens/{}", get_token, ACCESS_READ, NULL, 0 },
	{ "DELETE", "/v1/tokens/{}", delete_token, ACCESS_ADMIN, NULL, 0 },
	/* Who did what is for those who may do all; how far the record reaches, for those
	 * who watch it. */
	{ "GET", "/v1/audit", get_audit, ACCESS_ADMIN,
	    "actor action object since until cursor limit", 0 },
	{ "GET", "/v1/audit/head", get_audit_head, ACCESS_READ, NULL, 0 },
	{ "GET", "/v1/audit/heads", get_audit_heads, ACCESS_READ, "cursor limit", 0 },
	{ "GET", "/v1/backup", get_backup, ACCESS_ADMIN, NULL, 0 },
	{ "GET", "/v1/rules", get_rules, ACCESS_READ, NULL, 0 },
	{ "GET", "/v1/blocked-keys", get_blocked_keys, ACCESS_READ, "cursor limit", 0 },
	{ "GET", "/v1/blocked-keys/{}", get_blocked_key, ACCESS_READ, NULL, 0 },
	{ "PUT", "/v1/blocked-keys/{}", put_blocked_key, ACCESS_MANAGE, NULL,
	    SMALL_BODY },
	{ "DELETE", "/v1/blocked-keys/{}", delete_blocked_key, ACCESS_MANAGE, NULL, 0 },
};
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

struct span {
	const char *text;
	size_t len;
};

struct match {
	struct span params[REQUEST_PARAMS], rest;
};

/* Matches pattern against path; {} takes one segment that is not empty, {*} at the end
 * the rest, slashes and all, that is not empty. */
static bool
path_matches(const char *pattern, const char *path, size_t path_len, struct match *match)
{
	const char *end = path + path_len;
	size_t n = 0;

	*match = (struct match){ 0 };
	while (*pattern != '\0') {
		if (strcmp(pattern, "{*}") == 0) {
			match->rest = (struct span){ path, (size_t)(end - path) };
			return path < end;
		}
		if (strncmp(pattern, "{}", 2) == 0) {
			size_t len = 0;

			while (path + len < end && path[len] != '/')
				len++;
			if (len == 0)
				return false;
			match->params[n++] = (struct span){ path, len };
			pattern += 2;
			path += len;
		} else if (path < end && *path == *pattern) {
			pattern++;
			path++;
		} else {
			return false;
		}
	}
	return path == end;
}

static int
take_params(struct request *req, const struct match *match, struct error *err)
{
	const struct span *params = match->params;

	req->rest = match->rest.text;
	req->rest_len = match->rest.len;
	for (size_t i = 0; i < REQUEST_PARAMS; i++)
		if (params[i].text != NULL &&
		    url_decode(req->params[i], sizeof(req->params[i]), params[i].text,
			params[i].len, err) != 0)
			return -1;
	return 0;
}

int
router_find(struct request *req, const struct route **route, char *allow,
    size_t allow_size, struct error *err)
{
	size_t path_len = strcspn(req->target, "?"), used = 0;

	*route = NULL;
	req->query = req->target[path_len] == '?' ? req->target + path_len + 1 : "";
	for (size_t i = 0; i < ROUTES; i++) {
		struct match match;

		if (!path_matches(routes[i].path, req->target, path_len, &match))
			continue;
		if (strcmp(routes[i].method, req->method) == 0) {
			*route = &routes[i];
			return take_params(req, &match, err);
		}
		used += (size_t)snprintf(allow + used, allow_size - used, "%s%s",
		    used > 0 ? ", " : "", routes[i].method);
	}
	if (used == 0)
		return error_set(err, ERROR_NOT_FOUND, "no resource at %.*s",
		    (int)(path_len > 100 ? 100 : path_len), req->target);
	return 0;
}

size_t
router_body_max(const char *target)
{
	size_t path_len = strcspn(target, "?"), max = 0;

	for (size_t i = 0; i < ROUTES; i++) {
		struct match match;

		if (routes[i].body_max > max &&
		    path_matches(routes[i].path, target, path_len, &match))
			max = routes[i].body_max;
	}
	return max;
}

size_t
router_count(void)
{
	return ROUTES;
}

size_t
router_index(const struct route *route)
{
	return (size_t)(route - routes);
}

const struct route *
router_at(size_t index)
{
	return &routes[index];
}
