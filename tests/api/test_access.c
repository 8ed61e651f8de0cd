/* test_access.c - who may do what by which rule. */
#include "api/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ca/san.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static char *const web_keys[] = { "web", "api-*" };
static char *const all_keys[] = { "*" };
static char *const other_key[] = { "other" };
static char *const internal[] = { "internal", "team-*" };

static char *const server[] = { "server", "web-*" };
static char *const names[] = { "*.svc.example", "svc.example", "10.0.0.0/8",
	"spiffe://example/*" };
static char *const lab_names[] = { "**.lab.example" };

/* docs/configuration.md's example, and a second rule for one user. */
static const struct access_rule rules[] = {
	{ .who = { .id = 33 },
	    .may = ACCESS_USE,
	    .who_text = "unix:www-data",
	    .keys = { web_keys, COUNT(web_keys) } },
	{ .who = { WHO_GROUP, 100, NULL },
	    .may = ACCESS_USE | ACCESS_READ,
	    .who_text = "unix:group:proxies",
	    .keys = { all_keys, COUNT(all_keys) } },
	{ .who = { WHO_GROUP, 200, NULL }, .may = ACCESS_ADMIN },
	{ .who = { .id = 33 },
	    .may = ACCESS_USE,
	    .who_text = "unix:33",
	    .keys = { other_key, COUNT(other_key) } },
	{ .who = { .id = 44 }, .may = ACCESS_READ },
	{ .who = { .id = 55 },
	    .may = ACCESS_ISSUE,
	    .who_text = "unix:est",
	    .issuers = { internal, COUNT(internal) } },
	{ .who = { WHO_CERTIFICATE, 0, "dns:ci.example" },
	    .may = ACCESS_ISSUE | ACCESS_REVOKE,
	    .issuers = { internal, COUNT(internal) },
	    .profiles = { server, COUNT(server) },
	    .names = { names, COUNT(names) } },
	{ .who = { WHO_CERTIFICATE, 0, "dns:*.proxies.example" },
	    .may = ACCESS_USE,
	    .keys = { web_keys, COUNT(web_keys) } },
	{ .who = { WHO_TOKEN, 0, "deploy" },
	    .may = ACCESS_MANAGE_KEY | ACCESS_MANAGE,
	    .keys = { web_keys, COUNT(web_keys) } },
	{ .who = { WHO_TOKEN, 0, "ops" },
	    .may = ACCESS_MANAGE_KEY | ACCESS_MANAGE | ACCESS_REVOKE },
	{ .who = { WHO_CERTIFICATE, 0, "dns:ci.example" },
	    .may = ACCESS_ISSUE,
	    .issuers = { internal, COUNT(internal) },
	    .names = { lab_names, COUNT(lab_names) } },
	{ .who = { WHO_CERTIFICATE, 0, "uri:spiffe://example/reader" },
	    .may = ACCESS_READ },
};
static const struct access_rules all = { rules, COUNT(rules) };

static const gid_t other_groups[] = { 7, 33, 44 };
static const gid_t proxies_last[] = { 7, 100 };
static const gid_t admins_first[] = { 200, 7 };

static const struct caller root = { .admin = true };
static const struct caller web = { .actor = "uid:33", .uid = 33, .gid = 33 };
static const struct caller reader = { .actor = "uid:44", .uid = 44, .gid = 44 };
static const struct caller est = { .uid = 55, .gid = 55 };
static const struct caller proxy = { .uid = 5, .gid = 100 };
static const struct caller second = {
	.uid = 5, .gid = 5, .groups = proxies_last, .group_count = 2
};
static const struct caller pki = {
	.uid = 6, .gid = 6, .groups = admins_first, .group_count = 2
};
/* Their group ids are users' ids of the rules, their user id a group's. */
static const struct caller stranger = {
	.uid = 100, .gid = 44, .groups = other_groups, .group_count = 3
};

/* Their user id, and that of a member of a group, are of the rules: nobody's here. */
static const char *const ci_names[] = { "dns:other.example", "dns:ci.example" };
static const char *const proxy_names[] = { "dns:eu.proxies.example" };
static const char *const near_names[] = { "dns:a.ci.example", "ci.example",
	"uri:dns:ci.example", "dns:proxies.example", "dns:a.b.proxies.example",
	"uri:spiffe://example/reader/2", "subject:CN=ci.example" };
static const char *const spiffe_names[] = { "uri:spiffe://example/reader" };
static const struct caller ci = { .actor = "cert:dns:other.example",
	.kind = CALLER_CERTIFICATE,
	.uid = 33,
	.gid = 200,
	.names = ci_names,
	.name_count = COUNT(ci_names) };
static const struct caller edge = {
	.kind = CALLER_CERTIFICATE, .names = proxy_names, .name_count = 1
};
static const struct caller near = {
	.kind = CALLER_CERTIFICATE, .names = near_names, .name_count = COUNT(near_names)
};
static const struct caller spiffe = {
	.kind = CALLER_CERTIFICATE, .names = spiffe_names, .name_count = 1
};
static const struct caller deploy = {
	.actor = "token:deploy", .kind = CALLER_TOKEN, .uid = 33, .token = "deploy"
};
static const struct caller ops = { .kind = CALLER_TOKEN, .gid = 200, .token = "ops" };
static const struct caller nobody = {
	.actor = "nobody:127.0.0.1", .kind = CALLER_NOBODY, .uid = 33, .gid = 200
};

#define NONE   (-1)
#define REFER  (ACCESS_USE | ACCESS_READ)
#define LEARN  (ACCESS_ISSUE | ACCESS_READ)
#define KEY    ACCESS_MANAGE_KEY
#define MANAGE ACCESS_MANAGE

/* rule: of the table above, NONE when refused, COUNT(rules) when none was needed. */
static const struct {
	const struct caller *caller;
	struct access_question question;
	int rule;
} decisions[] = {
	{ &stranger, { .needed = ACCESS_PUBLIC }, COUNT(rules) },
	{ &root, { .needed = ACCESS_ADMIN }, COUNT(rules) },
	{ &root, { .needed = ACCESS_USE, .key = "web" }, COUNT(rules) },

	{ &web, { .needed = ACCESS_USE, .key = "web" }, 0 },
	{ &web, { .needed = ACCESS_USE, .key = "api-eu" }, 0 },
	{ &web, { .needed = ACCESS_USE, .key = "other" }, 3 },
	{ &web, { .needed = ACCESS_USE }, 0 },
	{ &web, { .needed = ACCESS_USE, .key = "web2" }, NONE },
	{ &web, { .needed = ACCESS_USE, .key = "" }, NONE },
	{ &web, { .needed = REFER, .key = "web" }, 0 },
	{ &web, { .needed = REFER, .key = "web2" }, NONE },
	{ &web, { .needed = ACCESS_READ }, NONE },
	{ &web, { .needed = ACCESS_ADMIN }, NONE },
	{ &web, { .needed = KEY, .key = "web" }, NONE },
	{ &web, { .needed = MANAGE }, NONE },
	{ &web, { .needed = ACCESS_REVOKE, .issuer = "internal" }, NONE },

	{ &proxy, { .needed = ACCESS_USE, .key = "whatever" }, 1 },
	{ &proxy, { .needed = ACCESS_READ }, 1 },
	{ &proxy, { .needed = ACCESS_ADMIN }, NONE },
	{ &second, { .needed = ACCESS_USE, .key = "whatever" }, 1 },

	{ &reader, { .needed = ACCESS_READ }, 4 },
	{ &reader, { .needed = REFER, .key = "web" }, 4 },
	{ &reader, { .needed = ACCESS_USE, .key = "web" }, NONE },
	{ &reader, { .needed = ACCESS_USE }, NONE },
	{ &reader, { .needed = ACCESS_ADMIN }, NONE },

	{ &pki, { .needed = ACCESS_ADMIN }, 2 },
	{ &pki, { .needed = ACCESS_READ }, 2 },
	{ &pki, { .needed = ACCESS_USE, .key = "web" }, 2 },
	{ &pki, { .needed = ACCESS_USE }, 2 },
	{ &pki, { .needed = KEY, .key = "web" }, 2 },
	{ &pki, { .needed = MANAGE }, 2 },
	{ &pki, { .needed = ACCESS_REVOKE, .issuer = "root" }, 2 },

	{ &est, { .needed = ACCESS_ISSUE, .issuer = "internal" }, 5 },
	{ &est, { .needed = ACCESS_ISSUE, .issuer = "team-a", .profile = "any" }, 5 },
	{ &est, { .needed = ACCESS_ISSUE }, 5 },
	{ &est, { .needed = LEARN, .issuer = "internal" }, 5 },
	{ &est, { .needed = ACCESS_ISSUE, .issuer = "root" }, NONE },
	{ &est, { .needed = LEARN, .issuer = "root" }, NONE },
	{ &est, { .needed = ACCESS_USE, .key = "internal" }, NONE },
	{ &est, { .needed = ACCESS_READ }, NONE },
	{ &est, { .needed = ACCESS_ADMIN }, NONE },
	{ &est, { .needed = ACCESS_REVOKE, .issuer = "internal" }, NONE },
	{ &reader, { .needed = LEARN, .issuer = "root" }, 4 },
	{ &reader, { .needed = ACCESS_ISSUE, .issuer = "internal" }, NONE },
	{ &proxy, { .needed = ACCESS_ISSUE, .issuer = "whatever" }, NONE },
	{ &pki, { .needed = ACCESS_ISSUE, .issuer = "root" }, 2 },

	{ &ci, { .needed = ACCESS_ISSUE, .issuer = "internal" }, 6 },
	{ &ci, { .needed = ACCESS_ISSUE, .issuer = "internal", .profile = "web-eu" }, 6 },
	{ &ci, { .needed = ACCESS_ISSUE, .issuer = "internal", .profile = "client" },
	    10 },
	{ &ci, { .needed = ACCESS_ISSUE, .issuer = "root", .profile = "server" }, NONE },
	{ &ci, { .needed = ACCESS_REVOKE }, 6 },
	{ &ci, { .needed = ACCESS_REVOKE, .issuer = "team-b" }, 6 },
	{ &ci, { .needed = ACCESS_REVOKE, .issuer = "root" }, NONE },
	/* Neither the user nor the group of its connection counts. */
	{ &ci, { .needed = ACCESS_USE, .key = "web" }, NONE },
	{ &ci, { .needed = ACCESS_ADMIN }, NONE },
	{ &edge, { .needed = ACCESS_USE, .key = "web" }, 7 },
	{ &spiffe, { .needed = ACCESS_READ }, 11 },
	{ &near, { .needed = ACCESS_USE }, NONE },
	{ &near, { .needed = ACCESS_ISSUE }, NONE },
	{ &near, { .needed = ACCESS_READ }, NONE },

	{ &deploy, { .needed = KEY, .key = "web" }, 8 },
	{ &deploy, { .needed = KEY }, 8 },
	{ &deploy, { .needed = KEY, .key = "other" }, NONE },
	{ &deploy, { .needed = KEY, .key = "" }, NONE },
	{ &deploy, { .needed = MANAGE }, NONE },
	{ &deploy, { .needed = ACCESS_USE, .key = "web" }, NONE },
	{ &ops, { .needed = KEY, .key = "other" }, 9 },
	{ &ops, { .needed = KEY, .key = "" }, 9 },
	{ &ops, { .needed = MANAGE }, 9 },
	{ &ops, { .needed = ACCESS_REVOKE, .issuer = "root" }, 9 },
	{ &ops, { .needed = ACCESS_ADMIN }, NONE },
	{ &ops, { .needed = ACCESS_READ }, NONE },

	{ &nobody, { .needed = ACCESS_PUBLIC }, COUNT(rules) },
	{ &nobody, { .needed = ACCESS_USE, .key = "web" }, NONE },
	{ &nobody, { .needed = ACCESS_READ }, NONE },

	{ &stranger, { .needed = ACCESS_USE, .key = "web" }, NONE },
	{ &stranger, { .needed = ACCESS_READ }, NONE },
	{ &stranger, { .needed = ACCESS_ADMIN }, NONE },
};

static void
decides_by_the_first_rule_that_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(decisions); i++) {
		int rule = decisions[i].rule;
		struct access_decision decision =
		    access_decide(&all, decisions[i].caller, &decisions[i].question);

		if (decision.allowed != (rule != NONE) ||
		    decision.rule !=
			(rule >= 0 && rule < (int)COUNT(rules) ? &rules[rule] : NULL))
			fail_msg("decision %zu", i);
	}
}

/* What ci may have certified by the profile server, and by which rule. */
static const struct {
	const char *names[3];
	int rule;
} certified[] = {
	{ { "a.svc.example" }, 6 },
	{ { "svc.example", "10.1.2.3", "uri:spiffe://example/web" }, 6 },
	{ { "a.b.lab.example" }, 10 },
	{ { "lab.example" }, NONE },
	{ { "a.b.svc.example" }, NONE },
	{ { "a.svc.example", "11.0.0.1" }, NONE },
	{ { "a.svc.example", "example" }, NONE },
	{ { "uri:spiffe://example/web/2" }, NONE },
	{ { "email:a@svc.example" }, NONE },
	{ { "fd00::1" }, NONE },
	/* Each by a rule, and no rule both. */
	{ { "a.svc.example", "a.lab.example" }, NONE },
};

static GENERAL_NAMES *
names_of(const char *const *texts)
{
	GENERAL_NAMES *list;
	size_t count = 0;

	while (count < 3 && texts[count] != NULL)
		count++;
	assert_int_equal(san_from_text(texts, count, &list, NULL), 0);
	return list;
}

static void
one_rule_has_to_allow_all_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(certified); i++) {
		GENERAL_NAMES *list = names_of(certified[i].names);
		const struct access_question question = { .needed = ACCESS_ISSUE,
			.issuer = "internal",
			.profile = "server",
			.names = list };
		struct access_decision decision = access_decide(&all, &ci, &question);
		int rule = certified[i].rule;

		if (decision.rule != (rule != NONE ? &rules[rule] : NULL))
			fail_msg("names %zu", i);
		assert_true(access_decide(&all, &est, &question).allowed);
		GENERAL_NAMES_free(list);
	}
}

static void
without_rules_only_admins_may_do_anything(void **state)
{
	static const struct access_question questions[] = {
		{ .needed = ACCESS_USE, .key = "web" }, { .needed = ACCESS_READ },
		{ .needed = MANAGE }, { .needed = ACCESS_ADMIN }
	};
	static const struct access_question public = { .needed = ACCESS_PUBLIC };
	static const struct access_rules none = { 0 };

	(void)state;
	assert_true(access_decide(&none, &web, &public).allowed);
	for (size_t i = 0; i < COUNT(questions); i++) {
		assert_true(access_decide(&none, &root, &questions[i]).allowed);
		assert_false(access_decide(&none, &web, &questions[i]).allowed);
	}
}

static const struct caller nameless = { .actor = "uid:100", .uid = 100, .gid = 100 };

/* A user by the first rule about it, which is a name or a number; never by a group's. */
static const struct {
	const struct caller *caller;
	struct access_question question;
	const char *text;
} refusals[] = {
	{ &web, { .needed = ACCESS_USE, .key = "else" },
	    "unix:www-data may not use key else" },
	{ &nameless, { .needed = REFER, .key = "spki:00" },
	    "uid:100 may not use key spki:00, or there is none" },
	{ &reader, { .needed = ACCESS_ADMIN }, "uid:44 lacks the right admin" },
	{ &est, { .needed = ACCESS_ISSUE, .issuer = "root" },
	    "unix:est may not issue from root, or there is none" },
	{ &reader, { .needed = ACCESS_ISSUE }, "uid:44 lacks the right issue" },
	{ &reader, { .needed = ACCESS_ISSUE, .issuer = "root" },
	    "uid:44 lacks the right issue" },
	{ &nameless, { .needed = ACCESS_READ }, "uid:100 lacks the right read" },
	{ &nobody, { .needed = ACCESS_READ }, "nobody:127.0.0.1 lacks the right read" },
	{ &web, { .needed = MANAGE }, "unix:www-data lacks the right manage" },
	{ &web, { .needed = KEY, .key = "web" }, "unix:www-data lacks the right manage" },
	{ &deploy, { .needed = KEY, .key = "other" },
	    "token:deploy may not manage key other" },
	{ &deploy, { .needed = MANAGE }, "token:deploy lacks the right manage" },
	{ &web, { .needed = ACCESS_REVOKE, .issuer = "root" },
	    "unix:www-data lacks the right revoke" },
	{ &ci, { .needed = ACCESS_REVOKE, .issuer = "root" },
	    "cert:dns:other.example may not revoke certificates of root" },
};

static void
says_who_lacks_what(void **state)
{
	static const struct access_rules none = { 0 };
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		assert_int_equal(
		    access_refuse(&all, refusals[i].caller, &refusals[i].question, &err),
		    -1);
		assert_int_equal(err.code, ERROR_FORBIDDEN);
		assert_string_equal(err.text, refusals[i].text);
	}
	/* Whatever the system calls user 33. */
	access_refuse(&none, &web, &refusals[0].question, &err);
	assert_string_equal(err.text, "uid:33 may not use key else");
	assert_int_equal(access_refuse(&all, &web, &refusals[0].question, NULL), -1);
}

static const char *
refused_names(const char *const *texts, const char *profile, struct error *err)
{
	GENERAL_NAMES *list = names_of(texts);
	const struct access_rules one = { rules, 10 };
	const struct access_question question = { .needed = ACCESS_ISSUE,
		.issuer = "internal",
		.profile = profile,
		.names = list };

	access_refuse(texts[2] != NULL ? &all : &one, &ci, &question, err);
	GENERAL_NAMES_free(list);
	return err->text;
}

static void
says_what_of_a_certificate_no_rule_allows(void **state)
{
	static const char *const outside[3] = { "a.svc.example", "b.example" };
	static const char *const mixed[3] = { "a.svc.example", "svc.example",
		"a.lab.example" };
	struct error err;

	(void)state;
	assert_string_equal(refused_names(outside, "server", &err),
	    "cert:dns:other.example may not issue for dns:b.example from internal by "
	    "profile server");
	assert_string_equal(refused_names(outside, "client", &err),
	    "cert:dns:other.example may not issue from internal by profile client");
	assert_string_equal(refused_names(mixed, "server", &err),
	    "cert:dns:other.example may not issue for all these names together from "
	    "internal by profile server");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_by_the_first_rule_that_fits),
		cmocka_unit_test(one_rule_has_to_allow_all_names),
		cmocka_unit_test(without_rules_only_admins_may_do_anything),
		cmocka_unit_test(says_who_lacks_what),
		cmocka_unit_test(says_what_of_a_certificate_no_rule_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
