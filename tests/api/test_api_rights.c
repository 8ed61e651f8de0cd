/* test_api_rights.c - issuing, revoking and managing, each within the limits of a rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/api/issuing.h"

static char *const internal[] = { "internal" };
static char *const server[] = { "server" };
static char *const names[] = { "localhost", "*.svc.example" };
static char *const api_keys[] = { "api-*" };
static const struct access_rule rules[] = {
	{ .who = { WHO_CERTIFICATE, 0, "dns:ci.example" },
	    .may = ACCESS_ISSUE,
	    .issuers = { internal, 1 },
	    .profiles = { server, 1 },
	    .names = { names, 2 } },
	{ .who = { WHO_TOKEN, 0, "deploy" },
	    .may = ACCESS_MANAGE_KEY | ACCESS_MANAGE,
	    .keys = { api_keys, 1 } },
	{ .who = { WHO_TOKEN, 0, "ops" }, .may = ACCESS_MANAGE_KEY | ACCESS_MANAGE },
	{ .who = { WHO_TOKEN, 0, "revoker" },
	    .who_text = "token:revoker",
	    .may = ACCESS_REVOKE,
	    .issuers = { internal, 1 } },
	{ .who = { WHO_TOKEN, 0, "security" }, .may = ACCESS_REVOKE },
};

static char *const successors[] = { "internal-2" };
static const struct access_rule for_successors[] = {
	{ .who = { WHO_TOKEN, 0, "revoker" },
	    .may = ACCESS_REVOKE,
	    .issuers = { successors, 1 } },
};

static const char *const ci_names[] = { "dns:ci.example" };
static const struct caller admin = { .actor = "uid:0", .admin = true };
static const struct caller ci = { .actor = "cert:dns:ci.example",
	.kind = CALLER_CERTIFICATE,
	.names = ci_names,
	.name_count = 1 };
static const struct caller deploy = {
	.actor = "token:deploy", .kind = CALLER_TOKEN, .token = "deploy"
};
static const struct caller ops = {
	.actor = "token:ops", .kind = CALLER_TOKEN, .token = "ops"
};
static const struct caller revoker = {
	.actor = "token:revoker", .kind = CALLER_TOKEN, .token = "revoker"
};
static const struct caller security = {
	.actor = "token:security", .kind = CALLER_TOKEN, .token = "security"
};

/* Asks with a request of the key web, of which body is what POST .../csr takes. */
static int
issue(
    struct fixture *f, const struct caller *caller, const char *target, const char *body)
{
	struct buffer csr;

	f->caller = admin;
	request_for(f, body, &csr);
	f->caller = *caller;
	send_bytes(f, "POST", target, PKCS10, buf_bytes(&csr));
	f->caller = admin;
	buf_free(&csr);
	return f->res.status;
}

static void
assert_refused(struct fixture *f, const char *detail)
{
	assert_problem(f, 403, "forbidden");
	assert_string_equal(member(f, "detail"), detail);
}

#define INSIDE  "{\"sans\":[\"a.svc.example\",\"localhost\"]}"
#define OUTSIDE "{\"sans\":[\"a.svc.example\",\"b.example\"]}"

static void
issues_for_the_names_of_its_rule(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(issue(f, &ci, ISSUE, INSIDE), 201);
	assert_int_equal(issue(f, &ci, ISSUE "&dry_run=true", INSIDE), 200);
	assert_int_equal(
	    issue(f, &ci, ISSUE, "{\"subject\":\"/CN=A.svc.example\"}"), 201);
}

static void
issues_for_no_other_name(void **state)
{
	static const char detail[] =
	    "cert:dns:ci.example may not issue for dns:b.example from internal by "
	    "profile server";
	struct fixture *f = *state;
	size_t before = count_certificates(f);

	issue(f, &ci, ISSUE, OUTSIDE);
	assert_refused(f, detail);
	issue(f, &ci, ISSUE "&dry_run=true", OUTSIDE);
	assert_refused(f, detail);
	/* The profile makes a name of it. */
	issue(f, &ci, ISSUE, "{\"subject\":\"/CN=b.example\"}");
	assert_refused(f, detail);
	issue(f, &ci, ISSUE, "{\"sans\":[\"localhost\",\"127.0.0.1\"]}");
	assert_problem(f, 403, "forbidden");
	assert_non_null(strstr(member(f, "detail"), "for ip:127.0.0.1 from internal"));
	assert_int_equal(count_certificates(f), before);
	/* A request that breaks a rule of the CA's is told which. */
	issue(f, &ci, ISSUE, "{\"sans\":[\"b_c.example\"]}");
	assert_problem(f, 422, "refused");
}

static void
issues_by_no_other_profile_and_from_no_other_issuer(void **state)
{
	struct fixture *f = *state;

	issue(f, &ci, "/v1/issuers/internal/certificates?profile=client", INSIDE);
	assert_refused(
	    f, "cert:dns:ci.example may not issue from internal by profile client");
	issue(f, &ci, "/v1/issuers/internal/certificates?profile=absent", INSIDE);
	assert_refused(
	    f, "cert:dns:ci.example may not issue from internal by profile absent");
	issue(f, &ci, "/v1/issuers/root/certificates?profile=server", INSIDE);
	assert_refused(
	    f, "cert:dns:ci.example may not issue from root, or there is none");
	issue(f, &ci, "/v1/issuers/internal/certificates?profile=intermediate", INSIDE);
	assert_refused(f, "cert:dns:ci.example lacks the right admin");
}

static int
renew(struct fixture *f, const struct caller *caller, const char *location)
{
	char target[256];

	snprintf(target, sizeof(target), "%s/renewals", location);
	f->caller = *caller;
	send_text(f, "POST", target, NULL, "");
	f->caller = admin;
	return f->res.status;
}

static void
renews_what_it_may_issue(void **state)
{
	struct fixture *f = *state;
	char inside[192], outside[192];

	assert_int_equal(issue(f, &admin, ISSUE, INSIDE), 201);
	snprintf(inside, sizeof(inside), "%s", f->res.location);
	assert_int_equal(issue(f, &admin, ISSUE, OUTSIDE), 201);
	snprintf(outside, sizeof(outside), "%s", f->res.location);
	assert_int_equal(renew(f, &ci, inside), 201);
	renew(f, &ci, outside);
	assert_problem(f, 403, "forbidden");
	assert_non_null(strstr(member(f, "detail"), "for dns:b.example from internal"));
}

static void
enrols_for_what_it_may_issue(void **state)
{
	static const char enroll[] = "/.well-known/est/internal~server/simpleenroll";
	static const char reenroll[] = "/.well-known/est/internal~server/simplereenroll";
	struct fixture *f = *state;

	assert_int_equal(issue(f, &ci, enroll, INSIDE), 200);
	assert_int_equal(issue(f, &ci, reenroll, INSIDE), 200);
	issue(f, &ci, enroll, OUTSIDE);
	assert_problem(f, 403, "forbidden");
	assert_int_equal(issue(f, &admin, enroll, OUTSIDE), 200);
	issue(f, &ci, reenroll, OUTSIDE);
	assert_problem(f, 403, "forbidden");
	issue(f, &ci, "/.well-known/est/internal~client/simpleenroll", INSIDE);
	assert_problem(f, 403, "forbidden");
}

static int
create(struct fixture *f, const char *name)
{
	char body[192];

	snprintf(body, sizeof(body),
	    "{\"name\":\"%s\",\"type\":\"ec-p256\",\"use\":\"tls\"}", name);
	return post_json(f, "/v1/keys", body);
}

/* Asks for a key's deletion by its hash, which it must repeat. */
static int
destroy(struct fixture *f, const char *hash)
{
	char target[256], body[192];

	snprintf(target, sizeof(target), "/v1/keys/spki:%s", hash);
	snprintf(body, sizeof(body), "{\"spki_sha256\":\"%s\"}", hash);
	return send_text(f, "DELETE", target, JSON, body);
}

static void
manages_the_keys_of_its_rule(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];

	f->caller = deploy;
	assert_int_equal(create(f, "api-1"), 201);
	snprintf(hash, sizeof(hash), "%s", member(f, "spki_sha256"));
	assert_int_equal(rotate(f, "api-1", "{}"), 201);
	assert_int_equal(
	    post_json(f, "/v1/keys/api-1/csr", "{\"sans\":[\"localhost\"]}"), 200);
	assert_int_equal(destroy(f, hash), 204);
	assert_int_equal(post_json(f, "/v1/keys/api-9/adopt", "{\"use\":\"tls\"}"), 404);
	f->caller = admin;
}

/* Enough for who renews a certificate: the key, its reference and those it replaced. */
static void
sees_the_keys_that_it_manages_and_no_others(void **state)
{
	struct fixture *f = *state;

	f->caller = deploy;
	assert_int_equal(create(f, "api-seen"), 201);
	assert_int_equal(get(f, "/v1/keys/api-seen"), 200);
	assert_int_equal(get(f, "/v1/keys/api-seen/reference"), 200);
	assert_int_equal(get(f, "/v1/keys"), 200);
	for (size_t i = 0; i < list_size(f, "keys"); i++)
		assert_int_equal(
		    strncmp(list_member(f, "keys", i, "name"), "api-", 4), 0);
	assert_true(list_size(f, "keys") > 0);
	get(f, "/v1/keys/web");
	assert_refused(f, "token:deploy may not manage key web");
	get(f, "/v1/keys/web/reference");
	assert_problem(f, 403, "forbidden");
	f->caller = admin;
}

static void
manages_nothing_but_these_keys(void **state)
{
	static const char *const others[][2] = {
		{ "POST", "/v1/issuers" },
		{ "PATCH", "/v1/issuers/internal" },
		{ "PUT", "/v1/issuers/internal/certificate" },
		{ "POST", "/v1/issuers/internal/rotate" },
		{ "PUT", "/v1/profiles/own" },
		{ "DELETE", "/v1/profiles/own" },
		{ "PUT", "/v1/blocked-keys/spki:00" },
		{ "DELETE", "/v1/blocked-keys/spki:00" },
	};
	struct fixture *f = *state;
	char hash[HASH_SIZE], absent[HASH_SIZE];

	assert_int_equal(get(f, "/v1/keys/web"), 200);
	snprintf(hash, sizeof(hash), "%s", member(f, "spki_sha256"));
	snprintf(absent, sizeof(absent), "%064d", 0);
	f->caller = deploy;
	create(f, "web-2");
	assert_refused(f, "token:deploy may not manage key web-2");
	rotate(f, "web", "{}");
	assert_refused(f, "token:deploy may not manage key web");
	post_json(f, "/v1/keys/web/csr", "{}");
	assert_refused(f, "token:deploy may not manage key web");
	post_json(f, "/v1/keys/web/adopt", "{}");
	assert_refused(f, "token:deploy may not manage key web");
	destroy(f, hash);
	assert_problem(f, 403, "forbidden");
	assert_non_null(strstr(member(f, "detail"), ", or there is none"));
	destroy(f, absent);
	assert_problem(f, 403, "forbidden");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		send_text(f, others[i][0], others[i][1], JSON, "{}");
		assert_refused(f, "token:deploy lacks the right manage");
	}
	f->caller = admin;
	assert_int_equal(get(f, "/v1/keys/web"), 200);
}

static void
manages_everything_without_a_limit(void **state)
{
	static const char *const profile =
	    "{\"dns_names\":[\"**\"],\"key_types\":[\"ec-p256\"],"
	    "\"ext_key_usage\":[\"serverAuth\"]}";
	struct fixture *f = *state;

	f->caller = ops;
	make_key(f, "any", "ec-p256", "tls");
	make_issuer(f, "team", "root");
	assert_int_equal(send_text(f, "PUT", "/v1/profiles/own", JSON, profile), 201);
	f->if_match = "*";
	assert_int_equal(send_text(f, "DELETE", "/v1/profiles/own", NULL, ""), 204);
	f->if_match = NULL;
	/* It sees what it manages, and neither reads, nor uses, nor issues, nor revokes.
	 */
	assert_int_equal(get(f, "/v1/keys/any/reference"), 200);
	get(f, "/v1/issuers");
	assert_refused(f, "token:ops lacks the right read");
	send_text(
	    f, "POST", "/v1/keys/any/sign?scheme=ecdsa_secp256r1_sha256", OCTETS, "x");
	assert_refused(f, "token:ops may not use key any");
	issue(f, &ops, ISSUE, INSIDE);
	assert_refused(f, "token:ops lacks the right issue");
	f->caller = ops;
	post_json(f, "/v1/certificates/0a/revocation", "{}");
	assert_refused(f, "token:ops lacks the right revoke");
	f->caller = admin;
}

static int
revoke_as(struct fixture *f, const struct caller *caller, const char *location)
{
	char target[256];

	snprintf(target, sizeof(target), "%s/revocation", location);
	f->caller = *caller;
	post_json(f, target, "{}");
	f->caller = admin;
	return f->res.status;
}

static void
revokes_certificates_of_its_issuers(void **state)
{
	struct fixture *f = *state;
	char ours[192], roots[192];

	assert_int_equal(issue(f, &admin, ISSUE, INSIDE), 201);
	snprintf(ours, sizeof(ours), "%s", f->res.location);
	assert_int_equal(
	    issue(f, &admin, "/v1/issuers/root/certificates?profile=server", INSIDE),
	    201);
	snprintf(roots, sizeof(roots), "%s", f->res.location);
	revoke_as(f, &revoker, roots);
	assert_refused(f, "token:revoker may not revoke certificates of root");
	revoke_as(f, &ci, ours);
	assert_refused(f, "cert:dns:ci.example lacks the right revoke");
	assert_int_equal(revoke_as(f, &revoker, ours), 200);
	revoke_as(f, &revoker, "/v1/certificates/0a");
	assert_problem(f, 404, "not-found");
	assert_int_equal(get(f, roots), 200);
	assert_string_equal(member(f, "status"), "valid");
	assert_int_equal(revoke_as(f, &security, roots), 200);
}

static void
revokes_what_it_has_the_octets_of(void **state)
{
	struct fixture *f = *state;
	struct buffer pem;

	buf_init(&pem, 0);
	f->accept = PEM;
	assert_int_equal(
	    issue(f, &admin, "/v1/issuers/root/certificates?profile=server", INSIDE),
	    201);
	f->accept = NULL;
	buf_append(&pem, f->res.body.data, f->res.body.len);
	f->caller = revoker;
	send_bytes(f, "POST", "/v1/revocations", PEM, buf_bytes(&pem));
	assert_refused(f, "token:revoker may not revoke certificates of root");
	f->caller = security;
	assert_int_equal(
	    send_bytes(f, "POST", "/v1/revocations", PEM, buf_bytes(&pem)), 200);
	f->caller = admin;
	buf_free(&pem);
}

static int
open_with_rules(void **state)
{
	if (issuing_open(state) != 0)
		return -1;
	fixture_rules(*state, rules, sizeof(rules) / sizeof(rules[0]));
	return 0;
}

static int
get_as(struct fixture *f, const struct caller *caller, const char *location,
    const char *what)
{
	char target[256];

	snprintf(target, sizeof(target), "%s/%s", location, what);
	f->caller = *caller;
	get(f, target);
	f->caller = admin;
	return f->res.status;
}

/* internal retires here: the last test. */
static void
goes_on_with_the_successor_of_its_issuer(void **state)
{
	struct fixture *f = *state;
	char old[192], new[192];

	assert_int_equal(issue(f, &ci, ISSUE, INSIDE), 201);
	snprintf(old, sizeof(old), "%s", f->res.location);
	assert_int_equal(post_json(f, "/v1/issuers/internal/rotate", "{}"), 201);
	assert_int_equal(issue(f, &ci, ISSUE, INSIDE), 201);
	snprintf(new, sizeof(new), "%s", f->res.location);
	assert_int_equal(get(f, new), 200);
	assert_string_equal(member(f, "issuer"), "internal-2");
	assert_int_equal(get_as(f, &ci, new, "renewal-info"), 200);
	assert_int_equal(renew(f, &ci, new), 201);
	assert_int_equal(
	    get(f, "/v1/access/decision?who=token:revoker&may=revoke&issuer=internal-2"),
	    200);
	assert_true(has_member(f, "rule"));
	assert_int_equal(revoke_as(f, &revoker, new), 200);
	/* But nobody with what the successor's predecessor issued. */
	fixture_rules(f, for_successors, 1);
	revoke_as(f, &revoker, old);
	assert_refused(f, "token:revoker may not revoke certificates of internal");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(issues_for_the_names_of_its_rule),
		cmocka_unit_test(issues_for_no_other_name),
		cmocka_unit_test(issues_by_no_other_profile_and_from_no_other_issuer),
		cmocka_unit_test(renews_what_it_may_issue),
		cmocka_unit_test(enrols_for_what_it_may_issue),
		cmocka_unit_test(manages_the_keys_of_its_rule),
		cmocka_unit_test(sees_the_keys_that_it_manages_and_no_others),
		cmocka_unit_test(manages_nothing_but_these_keys),
		cmocka_unit_test(manages_everything_without_a_limit),
		cmocka_unit_test(revokes_certificates_of_its_issuers),
		cmocka_unit_test(revokes_what_it_has_the_octets_of),
		cmocka_unit_test(goes_on_with_the_successor_of_its_issuer),
	};

	return cmocka_run_group_tests(tests, open_with_rules, fixture_close);
}
