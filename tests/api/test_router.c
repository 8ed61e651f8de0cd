/* test_router.c - from a method and a path to a handler. */
#include "api/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* docs/api.md, row by row. */
static const struct {
	const char *method, *target;
	handler *run;
	unsigned access;
} resources[] = {
	{ "GET", "/v1/keys", get_keys, ACCESS_READ | ACCESS_MANAGE_KEY },
	{ "POST", "/v1/keys", post_keys, ACCESS_MANAGE_KEY },
	{ "GET", "/v1/keys/web", get_key, ACCESS_READ | ACCESS_MANAGE_KEY },
	{ "DELETE", "/v1/keys/web", delete_key, ACCESS_MANAGE_KEY },
	{ "POST", "/v1/keys/web/adopt", post_adopt, ACCESS_MANAGE_KEY },
	{ "POST", "/v1/keys/web/rotate", post_rotate, ACCESS_MANAGE_KEY },
	{ "GET", "/v1/keys/web/public", get_public,
	    ACCESS_USE | ACCESS_READ | ACCESS_MANAGE_KEY },
	{ "GET", "/v1/keys/web/reference", get_reference,
	    ACCESS_USE | ACCESS_READ | ACCESS_MANAGE_KEY },
	{ "POST", "/v1/keys/web/csr", post_csr, ACCESS_MANAGE_KEY },
	{ "POST", "/v1/keys/web/sign", post_sign, ACCESS_USE },
	{ "POST", "/v1/keys/web/decrypt", post_decrypt, ACCESS_USE },
	{ "GET", "/v1/issuers", get_issuers, ACCESS_READ },
	{ "POST", "/v1/issuers", post_issuers, ACCESS_MANAGE },
	{ "GET", "/v1/issuers/root", get_issuer, ACCESS_READ },
	{ "PATCH", "/v1/issuers/root", patch_issuer, ACCESS_MANAGE },
	{ "GET", "/v1/issuers/root/certificate", get_issuer_certificate, ACCESS_PUBLIC },
	{ "PUT", "/v1/issuers/root/certificate", put_issuer_certificate, ACCESS_MANAGE },
	{ "GET", "/v1/issuers/root/csr", get_issuer_csr, ACCESS_READ },
	{ "POST", "/v1/issuers/root/rotate", post_issuer_rotate, ACCESS_MANAGE },
	{ "GET", "/v1/issuers/root/chain", get_issuer_chain, ACCESS_PUBLIC },
	{ "POST", "/v1/issuers/root/certificates", post_certificates, ACCESS_ISSUE },
	{ "POST", "/v1/issuers/root/ocsp", post_ocsp, ACCESS_PUBLIC },
	{ "POST", "/v1/issuers/root/ocsp/", post_ocsp, ACCESS_PUBLIC },
	{ "GET", "/v1/issuers/root/ocsp/MEM/%2F+=", get_ocsp, ACCESS_PUBLIC },
	{ "GET", "/v1/certificates", get_certificates, ACCESS_READ },
	{ "GET", "/v1/certificates/0a", get_certificate, ACCESS_READ },
	{ "GET", "/v1/certificates/0a/chain", get_certificate_chain, ACCESS_READ },
	{ "GET", "/v1/issuers/root/crl", get_crl, ACCESS_PUBLIC },
	{ "GET", "/v1/issuers/root/crl/delta", get_delta_crl, ACCESS_PUBLIC },
	{ "GET", "/v1/issuers/root/crl/3", get_crl_shard, ACCESS_PUBLIC },
	{ "GET", "/v1/certificates/0a/revocation", get_certificate_revocation,
	    ACCESS_READ },
	{ "POST", "/v1/certificates/0a/revocation", post_certificate_revocation,
	    ACCESS_REVOKE },
	{ "POST", "/v1/revocations", post_revocations, ACCESS_REVOKE },
	{ "POST", "/v1/certificates/0a/renewals", post_renewals, ACCESS_ISSUE },
	{ "GET", "/v1/certificates/0a/renewal-info", get_renewal_info,
	    ACCESS_READ | ACCESS_ISSUE },
	{ "GET", "/.well-known/est/cacerts", get_est_cacerts, ACCESS_PUBLIC },
	{ "GET", "/.well-known/est/root/cacerts", get_est_cacerts, ACCESS_PUBLIC },
	{ "GET", "/.well-known/est/csrattrs", get_est_csrattrs, ACCESS_PUBLIC },
	{ "GET", "/.well-known/est/root/csrattrs", get_est_csrattrs, ACCESS_PUBLIC },
	{ "POST", "/.well-known/est/simpleenroll", post_est_enroll, ACCESS_ISSUE },
	{ "POST", "/.well-known/est/a~b/simpleenroll", post_est_enroll, ACCESS_ISSUE },
	{ "POST", "/.well-known/est/simplereenroll", post_est_reenroll, ACCESS_ISSUE },
	{ "POST", "/.well-known/est/a~b/simplereenroll", post_est_reenroll,
	    ACCESS_ISSUE },
	{ "GET", "/v1/expiry", get_expiry, ACCESS_READ },
	{ "GET", "/v1/trust/bundle", get_trust_bundle, ACCESS_PUBLIC },
	{ "GET", "/v1/managed", get_managed_all, ACCESS_READ | ACCESS_MANAGE_KEY },
	{ "POST", "/v1/managed", post_managed, ACCESS_ADMIN },
	{ "GET", "/v1/managed/web", get_managed, ACCESS_READ | ACCESS_MANAGE_KEY },
	{ "PUT", "/v1/managed/web", put_managed, ACCESS_ADMIN },
	{ "DELETE", "/v1/managed/web", delete_managed, ACCESS_ADMIN },
	{ "PUT", "/v1/managed/web/state", put_managed_state, ACCESS_MANAGE_KEY },
	{ "POST", "/v1/managed/web/renew", post_managed_renew, ACCESS_MANAGE_KEY },
	{ "GET", "/v1/profiles", get_profiles, ACCESS_READ },
	{ "GET", "/v1/profiles/server", get_profile, ACCESS_READ },
	{ "PUT", "/v1/profiles/own", put_profile, ACCESS_MANAGE },
	{ "DELETE", "/v1/profiles/own", delete_profile, ACCESS_MANAGE },
	{ "GET", "/v1/access", get_access, ACCESS_ADMIN },
	{ "GET", "/v1/access/decision", get_access_decision, ACCESS_READ },
	{ "GET", "/v1/left-keys", get_left_keys, ACCESS_ADMIN },
	{ "DELETE", "/v1/left-keys/00ff", delete_left_key, ACCESS_ADMIN },
	{ "GET", "/v1/backup", get_backup, ACCESS_ADMIN },
	{ "GET", "/v1/token", get_token_info, ACCESS_READ },
	{ "POST", "/v1/token/check", post_token_check, ACCESS_ADMIN },
	{ "GET", "/v1/tokens", get_tokens, ACCESS_READ },
	{ "POST", "/v1/tokens", post_tokens, ACCESS_ADMIN },
	{ "GET", "/v1/tokens/deploy", get_token, ACCESS_READ },
	{ "DELETE", "/v1/tokens/deploy", delete_token, ACCESS_ADMIN },
	{ "GET", "/v1/audit", get_audit, ACCESS_ADMIN },
	{ "GET", "/v1/audit/head", get_audit_head, ACCESS_READ },
	{ "GET", "/v1/audit/heads", get_audit_heads, ACCESS_READ },
	{ "GET", "/v1/rules", get_rules, ACCESS_READ },
	{ "GET", "/v1/blocked-keys", get_blocked_keys, ACCESS_READ },
	{ "GET", "/v1/blocked-keys/spki:0a", get_blocked_key, ACCESS_READ },
	{ "PUT", "/v1/blocked-keys/spki:0a", put_blocked_key, ACCESS_MANAGE },
	{ "DELETE", "/v1/blocked-keys/spki:0a", delete_blocked_key, ACCESS_MANAGE },
	{ "GET", "/healthz", get_health, ACCESS_PUBLIC },
	{ "GET", "/readyz", get_ready, ACCESS_PUBLIC },
	{ "GET", "/v1/clock", get_clock, ACCESS_PUBLIC },
	{ "GET", "/metrics", get_metrics, ACCESS_READ },
};
#define RESOURCES (sizeof(resources) / sizeof(resources[0]))

static int
find(struct request *req, const struct route **route, char allow[static 64])
{
	struct error err = { 0 };

	allow[0] = '\0';
	if (router_find(req, route, allow, 64, &err) == 0)
		return 0;
	assert_int_not_equal(err.code, ERROR_NONE);
	return (int)err.code;
}

static void
finds_every_resource(void **state)
{
	(void)state;
	assert_int_equal(RESOURCES, router_count());
	for (size_t i = 0; i < RESOURCES; i++) {
		struct request req = { .method = resources[i].method,
			.target = resources[i].target };
		const struct route *route;
		char allow[64];

		assert_int_equal(find(&req, &route, allow), 0);
		if (route == NULL)
			fail_msg("%s %s", req.method, req.target);
		assert_true(route->run == resources[i].run);
		assert_int_equal(route->access, resources[i].access);
		assert_string_equal(req.query, "");
	}
}

static void
splits_the_query_off(void **state)
{
	struct request req = { .method = "GET",
		.target = "/v1/certificates?status=valid&san=a/b?c" };
	const struct route *route;
	char allow[64];

	(void)state;
	assert_int_equal(find(&req, &route, allow), 0);
	assert_true(route->run == get_certificates);
	assert_string_equal(req.query, "status=valid&san=a/b?c");
}

static void
decodes_the_key_of_a_path(void **state)
{
	static const struct {
		const char *target, *key;
	} cases[] = {
		{ "/v1/keys/web", "web" },
		{ "/v1/keys/%77e%62", "web" },
		{ "/v1/keys/spki%3A00", "spki:00" },
		{ "/v1/keys/spki:00?", "spki:00" },
		{ "/v1/keys/a%2Fsign", "a/sign" },
		{ "/v1/keys/..", ".." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request req = { .method = "GET", .target = cases[i].target };
		const struct route *route;
		char allow[64];

		assert_int_equal(find(&req, &route, allow), 0);
		assert_non_null(route);
		assert_true(route->run == get_key);
		assert_string_equal(req.params[0], cases[i].key);
	}
}

static void
leaves_the_rest_of_a_path_as_it_came(void **state)
{
	struct request req = { .method = "GET",
		.target = "/v1/issuers/ro%6ft/ocsp/a%2F//b+=?" };
	const struct route *route;
	char allow[64];

	(void)state;
	assert_int_equal(find(&req, &route, allow), 0);
	assert_true(route->run == get_ocsp);
	assert_string_equal(req.params[0], "root");
	assert_int_equal(req.rest_len, strlen("a%2F//b+="));
	assert_memory_equal(req.rest, "a%2F//b+=", req.rest_len);
	req.target = "/v1/issuers/root/ocsp/";
	assert_int_equal(find(&req, &route, allow), 0);
	assert_null(route);
}

static void
knows_no_other_path(void **state)
{
	static const char *const targets[] = { "", "/", "//", "*", "/v1", "/v1/",
		"/v1/key", "/v1/keys/", "/v1/keys//", "/v1/keys//sign", "/v1/keys/web/",
		"/v1/keys/web/x", "/v1/keys/web/sign/", "/v1/keysweb", "/V1/keys",
		"/v2/keys", "v1/keys", "/v1/keys/web/signx", "/healthz/", "/healthz/x",
		"/v1/%6beys", "//v1/keys", "/v1/issuers//certificates", "?/v1/keys",
		"http://localhost/v1/keys" };

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct request req = { .method = "GET", .target = targets[i] };
		const struct route *route;
		char allow[64];

		if (find(&req, &route, allow) != ERROR_NOT_FOUND)
			fail_msg("\"%s\"", targets[i]);
	}
}

static void
names_the_methods_of_a_known_path(void **state)
{
	static const struct {
		const char *method, *target, *allow;
	} cases[] = {
		{ "PUT", "/v1/keys", "GET, POST" },
		{ "get", "/v1/keys", "GET, POST" },
		{ "", "/v1/keys", "GET, POST" },
		{ "POST", "/v1/keys/web", "GET, DELETE" },
		{ "GET", "/v1/keys/web/sign", "POST" },
		{ "POST", "/healthz", "GET" },
		{ "DELETE", "/v1/certificates/0a", "GET" },
		{ "PATCH", "/v1/issuers/root/certificates", "POST" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request req = { .method = cases[i].method,
			.target = cases[i].target };
		const struct route *route;
		char allow[64];

		assert_int_equal(find(&req, &route, allow), 0);
		assert_null(route);
		assert_string_equal(allow, cases[i].allow);
	}
}

static void
refuses_bad_escapes_in_a_path(void **state)
{
	static const char *const targets[] = { "/v1/keys/%", "/v1/keys/%2",
		"/v1/keys/%zz", "/v1/keys/a%00", "/v1/keys/%2?a" };

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct request req = { .method = "GET", .target = targets[i] };
		const struct route *route;
		char allow[64];

		assert_int_equal(find(&req, &route, allow), ERROR_BAD_REQUEST);
	}
}

static void
refuses_overlong_names(void **state)
{
	char target[1100] = "/v1/keys/";
	struct request req = { .method = "GET", .target = target };
	const struct route *route;
	char allow[64];

	(void)state;
	memset(target + strlen(target), 'a', 1000);
	assert_int_equal(find(&req, &route, allow), ERROR_BAD_REQUEST);
	target[strlen("/v1/keys/") + REQUEST_PARAM_SIZE] = '\0';
	assert_int_equal(find(&req, &route, allow), ERROR_BAD_REQUEST);
	target[strlen("/v1/keys/") + REQUEST_PARAM_SIZE - 1] = '\0';
	assert_int_equal(find(&req, &route, allow), 0);
	memset(target, '/', sizeof(target) - 1);
	assert_int_equal(find(&req, &route, allow), ERROR_NOT_FOUND);
}

static void
bounds_every_body(void **state)
{
	(void)state;
	assert_int_equal(router_body_max("/v1/keys/web/sign"), 262144);
	assert_int_equal(router_body_max("/v1/keys/web/sign?scheme=x"), 262144);
	assert_true(router_body_max("/v1/issuers/root/certificates") > 65536);
	assert_int_equal(router_body_max("/v1/keys"), 16384);
	assert_int_equal(router_body_max("/v1/keys/web"), 16384);
	/* A last_error of 12288 bytes takes twice as many in JSON. */
	assert_int_equal(router_body_max("/v1/managed/web/state"), 65536);
	assert_int_equal(router_body_max("/healthz"), 0);
	assert_int_equal(router_body_max("/nowhere"), 0);
	assert_int_equal(router_body_max(""), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_every_resource),
		cmocka_unit_test(splits_the_query_off),
		cmocka_unit_test(decodes_the_key_of_a_path),
		cmocka_unit_test(leaves_the_rest_of_a_path_as_it_came),
		cmocka_unit_test(knows_no_other_path),
		cmocka_unit_test(names_the_methods_of_a_known_path),
		cmocka_unit_test(refuses_bad_escapes_in_a_path),
		cmocka_unit_test(refuses_overlong_names),
		cmocka_unit_test(bounds_every_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
