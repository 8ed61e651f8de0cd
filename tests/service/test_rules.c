/* test_rules.c - access rules: what they become, and what is refused and where. */
#include "service/rules.h"

#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service/config.h"
#include "tests/base/directory.h"
#include "tests/service/settings.h"

/* Its rules begin on line 5. */
#define WITH_RULES(rules)                                                                \
	"token: { module: m, label: l }\nstate: /s\nlisten: [ { unix: /a } ]\n"          \
	"access:\n" rules

static void
reads_rules(void **state)
{
	const struct passwd *user = getpwuid(1);
	const struct group *group = getgrgid(2);
	const struct access_rule *rules;
	struct config *config;
	char text[512];

	assert_true(user != NULL && group != NULL);
	snprintf(text, sizeof(text),
	    WITH_RULES("  - { who: \"unix:%s\", may: [use], keys: [web, \"api-*\"] }\n"
		       "  - { who: \"unix:group:%s\", may: [read, use], keys: [\"*\"] }\n"
		       "  - who: unix:group:4000000\n    may: [admin]\n"
		       "  - { who: unix:4294967294, may: [read] }\n"
		       "  - { who: unix:0, may: [use, read, issue], keys: [a], "
		       "issuers: [internal, \"team-*\"] }\n"),
	    user->pw_name, group->gr_name);
	assert_int_equal(read_text(state, text, &config, NULL), 0);
	assert_int_equal(config->access.count, 5);
	rules = config->access.rules;
	assert_false(rules[0].who.kind == WHO_GROUP);
	assert_int_equal(rules[0].who.id, 1);
	assert_int_equal(rules[0].may, ACCESS_USE);
	assert_int_equal(rules[0].keys.count, 2);
	assert_string_equal(rules[0].keys.items[0], "web");
	assert_string_equal(rules[0].keys.items[1], "api-*");
	assert_non_null(strstr(text, rules[0].who_text));
	assert_string_equal(rules[3].who_text, "unix:4294967294");
	assert_true(rules[1].who.kind == WHO_GROUP);
	assert_int_equal(rules[1].who.id, 2);
	assert_int_equal(rules[1].may, ACCESS_USE | ACCESS_READ);
	assert_true(rules[2].who.kind == WHO_GROUP);
	assert_int_equal(rules[2].who.id, 4000000);
	assert_int_equal(rules[2].may, ACCESS_ADMIN);
	assert_int_equal(rules[2].keys.count, 0);
	assert_false(rules[3].who.kind == WHO_GROUP);
	assert_true(rules[3].who.id == 4294967294U);
	assert_int_equal(rules[3].issuers.count, 0);
	assert_int_equal(rules[4].may, ACCESS_USE | ACCESS_READ | ACCESS_ISSUE);
	assert_int_equal(rules[4].issuers.count, 2);
	assert_string_equal(rules[4].issuers.items[1], "team-*");
	config_free(config);
}

static void
reads_rules_about_certificates_and_tokens(void **state)
{
	static const char *const whom[] = { "dns:ci.example", "dns:*.ci.example",
		"uri:spiffe://example/ci", "ip:10.0.0.1", "ip:fd00::1",
		"subject:CN=ci,O=example" };
	struct config *config;

	assert_int_equal(
	    read_text(state,
		WITH_RULES("  - { who: \"cert:dns:ci.example\", may: [read] }\n"
			   "  - { who: \"cert:dns:*.ci.example\", may: [read] }\n"
			   "  - { who: \"cert:uri:spiffe://example/ci\", may: [read] }\n"
			   "  - { who: \"cert:ip:10.0.0.1\", may: [read] }\n"
			   "  - { who: \"cert:ip:fd00::1\", may: [read] }\n"
			   "  - { who: \"cert:subject:CN=ci,O=example\", may: [read] }\n"
			   "  - { who: \"token:deploy\", may: [read] }\n"),
		&config, NULL),
	    0);
	assert_int_equal(config->access.count, 7);
	for (size_t i = 0; i < 6; i++) {
		const struct access_rule *rule = &config->access.rules[i];

		assert_int_equal(rule->who.kind, WHO_CERTIFICATE);
		assert_string_equal(rule->who.name, whom[i]);
	}
	assert_int_equal(config->access.rules[6].who.kind, WHO_TOKEN);
	assert_string_equal(config->access.rules[6].who.name, "deploy");
	config_free(config);
}

static void
reads_what_a_rule_is_limited_to(void **state)
{
	const struct access_rule *rules;
	struct config *config;

	assert_int_equal(
	    read_text(state,
		WITH_RULES("  - who: unix:0\n    may: [issue, revoke]\n"
			   "    issuers: [internal]\n    profiles: [server, \"web-*\"]\n"
			   "    names: [\"*.svc.example\", 10.0.0.0/8, "
			   "\"spiffe://example/*\", \"*@example\"]\n"
			   "  - { who: unix:1, may: [manage], keys: [\"api-*\"] }\n"
			   "  - { who: unix:2, may: [manage, revoke, read] }\n"),
		&config, NULL),
	    0);
	rules = config->access.rules;
	assert_int_equal(rules[0].may, ACCESS_ISSUE | ACCESS_REVOKE);
	assert_int_equal(rules[0].profiles.count, 2);
	assert_string_equal(rules[0].profiles.items[1], "web-*");
	assert_int_equal(rules[0].names.count, 4);
	assert_string_equal(rules[0].names.items[1], "10.0.0.0/8");
	assert_int_equal(rules[0].line, 5);
	assert_int_equal(rules[1].may, ACCESS_MANAGE_KEY | ACCESS_MANAGE);
	assert_int_equal(rules[1].keys.count, 1);
	assert_int_equal(rules[1].line, 10);
	assert_int_equal(rules[2].keys.count, 0);
	assert_int_equal(rules[2].may_words.count, 3);
	assert_string_equal(rules[2].may_words.items[1], "revoke");
	config_free(config);
}

static void
without_access_there_are_no_rules(void **state)
{
	struct config *config;

	assert_int_equal(
	    read_text(state,
		"token: { module: m, label: l }\nstate: /s\nlisten: [ { unix: /a } ]\n",
		&config, NULL),
	    0);
	assert_int_equal(config->access.count, 0);
	config_free(config);
}

static void
prints_the_rules_that_it_would_read(void **state)
{
	struct config *config, *again;
	char *first, *second;

	assert_int_equal(
	    read_text(state,
		WITH_RULES(
		    "  - { who: \"unix:33\", may: [ use, read ], keys: [web, '*'] }\n"
		    "  - { who: unix:group:7, may: [admin] }\n"
		    "  - { who: unix:8, may: [issue], issuers: [internal, 't-*'], "
		    "profiles: [server], names: ['*.example', 10.0.0.0/8] }\n"),
		&config, NULL),
	    0);
	first = printed(config);
	assert_non_null(strstr(first, "access:\n"
				      "  - who: \"unix:33\"\n"
				      "    may: [use, read]\n"
				      "    keys: [\"web\", \"*\"]\n"
				      "  - who: \"unix:group:7\"\n"
				      "    may: [admin]\n"
				      "  - who: \"unix:8\"\n"
				      "    may: [issue]\n"
				      "    issuers: [\"internal\", \"t-*\"]\n"
				      "    profiles: [\"server\"]\n"
				      "    names: [\"*.example\", \"10.0.0.0/8\"]\n"));
	assert_int_equal(read_text(state, first, &again, NULL), 0);
	second = printed(again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	config_free(config);
	config_free(again);
}

/* The rule is the second one, on line 6. */
#define RULE(rule) WITH_RULES("  - { who: unix:0, may: [admin] }\n  - " rule "\n")

#define NO_WHO "none of unix:USER, unix:group:GROUP, cert:KIND:NAME and token:NAME"

static void
refuses_whom_it_does_not_know(void **state)
{
	static const struct refusal refusals[] = {
		{ RULE("{ who: unix:no-such-user, may: [read] }"),
		    "6: access[1].who: no user named \"no-such-user\"" AWAY },
		{ RULE("may: [read]\n    who: unix:group:no-such-group"),
		    "7: access[1].who: no group named \"no-such-group\"" AWAY },
		{ RULE("{ who: www-data, may: [read] }"),
		    "6: access[1].who: is " NO_WHO },
		{ RULE("{ who: \"unix:\", may: [read] }"),
		    "6: access[1].who: is " NO_WHO },
		{ RULE("{ who: \"unix:group:\", may: [read] }"),
		    "6: access[1].who: is " NO_WHO },
		{ RULE("{ who: \"cert:ci.example\", may: [read] }"),
		    "6: access[1].who: after cert: comes dns:, uri:, ip: or subject:, "
		    "and "
		    "the name" },
		{ RULE("{ who: \"cert:dns:CI.example\", may: [read] }"),
		    "6: access[1].who: \"CI.example\" is no DNS name in lower case; a "
		    "label may be *" },
		{ RULE("{ who: \"cert:dns:\", may: [read] }"),
		    "6: access[1].who: \"\" is no DNS name in lower case; a label may be "
		    "*" },
		{ RULE("{ who: \"cert:ip:10.0.0.0/8\", may: [read] }"),
		    "6: access[1].who: \"10.0.0.0/8\" is not an address" },
		{ RULE("{ who: \"cert:ip:FD00:0::1\", may: [read] }"),
		    "6: access[1].who: write this address as fd00::1" },
		{ RULE("{ who: \"cert:uri:spiffe://example/*\", may: [read] }"),
		    "6: access[1].who: \"spiffe://example/*\" is no URI; it is compared "
		    "as it is" },
		{ RULE("{ who: \"cert:uri:ci\", may: [read] }"),
		    "6: access[1].who: \"ci\" is no URI; it is compared as it is" },
		{ RULE("{ who: \"cert:subject:/CN=ci\", may: [read] }"),
		    "6: access[1].who: \"/CN=ci\" is no subject such as CN=ci,O=example "
		    "(RFC 4514)" },
		{ RULE("{ who: \"token:De ploy\", may: [read] }"),
		    "6: access[1].who: \"De ploy\" is no token's name" },
		{ RULE("{ who: \"token:\", may: [read] }"),
		    "6: access[1].who: is " NO_WHO },
		{ RULE("{ who: unix:4294967295, may: [read] }"),
		    "6: access[1].who: no user named \"4294967295\"" AWAY },
		{ RULE("{ who: unix:-1, may: [read] }"),
		    "6: access[1].who: no user named \"-1\"" AWAY },
		{ RULE("{ who: \"\", may: [read] }"), "6: access[1].who: is " NO_WHO },
	};

	CHECK_REFUSALS(state, refusals);
}

static void
refuses_a_right_that_there_is_not(void **state)
{
	static const struct refusal refusals[] = {
		{ RULE("{ who: unix:0, may: [read, sign] }"),
		    "6: access[1].may[1]: \"sign\" is not " ACCESS_RIGHTS },
		{ RULE("who: unix:0\n    may:\n      - read\n      - USE\n"
		       "    keys: [web]"),
		    "9: access[1].may[1]: \"USE\" is not " ACCESS_RIGHTS },
		{ RULE("{ who: unix:0, may: [read, admin] }"),
		    "6: access[1].may: admin includes the others; it stands alone" },
	};

	CHECK_REFUSALS(state, refusals);
}

static void
refuses_keys_that_say_nothing_or_too_little(void **state)
{
	static const struct refusal refusals[] = {
		{ RULE("{ who: unix:0, may: [use] }"),
		    "6: access[1].keys: is required: which keys may be used?" },
		{ RULE("{ who: unix:0, may: [admin], keys: [web] }"),
		    "6: access[1].keys: limits nothing without may: [use] or [manage]" },
		{ RULE("{ who: unix:0, may: [read], keys: [web] }"),
		    "6: access[1].keys: limits nothing without may: [use] or [manage]" },
		{ RULE("who: unix:0\n    may: [use]\n    keys:\n      - web\n      - "
		       "Web"),
		    "10: access[1].keys[1]: \"Web\" matches no name: [a-z0-9._-] "
		    "and *" },
		{ RULE("{ who: unix:0, may: [use], keys: [\"\"] }"),
		    "6: access[1].keys[0]: \"\" matches no name: [a-z0-9._-] and "
		    "*" },
	};

	CHECK_REFUSALS(state, refusals);
}

static void
refuses_issuers_that_say_nothing_or_too_little(void **state)
{
	static const struct refusal refusals[] = {
		{ RULE("{ who: unix:0, may: [issue] }"),
		    "6: access[1].issuers: is required: from which issuers?" },
		{ RULE("{ who: unix:0, may: [admin], issuers: [internal] }"),
		    "6: access[1].issuers: limits nothing without may: [issue] or "
		    "[revoke]" },
		{ RULE("{ who: unix:0, may: [use], keys: [web], issuers: [internal] }"),
		    "6: access[1].issuers: limits nothing without may: [issue] or "
		    "[revoke]" },
		{ RULE("{ who: unix:0, may: [issue], keys: [web], issuers: [a] }"),
		    "6: access[1].keys: limits nothing without may: [use] or [manage]" },
		{ RULE("who: unix:0\n    may: [issue]\n    issuers: [a, A]"),
		    "8: access[1].issuers[1]: \"A\" matches no name: [a-z0-9._-] and "
		    "*" },
		{ RULE("who: unix:0\n    may: [issue]\n    issuers: []"),
		    "8: access[1].issuers: is empty" },
	};

	CHECK_REFUSALS(state, refusals);
}

static void
refuses_limits_of_other_rights(void **state)
{
	static const struct refusal refusals[] = {
		{ RULE("{ who: unix:0, may: [revoke], profiles: [server] }"),
		    "6: access[1].profiles: limits nothing without may: [issue]" },
		{ RULE("{ who: unix:0, may: [manage], issuers: [internal] }"),
		    "6: access[1].issuers: limits nothing without may: [issue] or "
		    "[revoke]" },
		{ RULE("{ who: unix:0, may: [read], names: [\"**\"] }"),
		    "6: access[1].names: limits nothing without may: [issue]" },
		{ RULE("who: unix:0\n    may: [issue]\n    issuers: [a]\n    names:\n"
		       "      - a.example\n      - 10.0.0.1/8"),
		    "11: access[1].names[1]: \"10.0.0.1/8\" matches no name: "
		    "*.svc.example, 10.0.0.0/8, spiffe://example/web or *@example, in "
		    "lower case" },
		{ RULE("who: unix:0\n    may: [issue]\n    issuers: [a]\n    profiles: "
		       "[Server]"),
		    "9: access[1].profiles[0]: \"Server\" matches no name: [a-z0-9._-] "
		    "and *" },
	};

	CHECK_REFUSALS(state, refusals);
}

static void
refuses_what_is_no_list_of_rules(void **state)
{
	static const struct refusal refusals[] = {
		{ WITH_RULES("  []\n"), "4: access: is empty" },
		{ WITH_RULES("  all\n"), "4: access: is not a list" },
		{ WITH_RULES("  - admin\n"), "5: access[0]: is not a group of settings" },
		{ RULE("{ who: unix:0 }"), "6: missing setting \"may\"" },
		{ RULE("{ may: [read] }"), "6: missing setting \"who\"" },
		{ RULE("{ who: unix:0, may: [read], key: [web] }"),
		    "6: unknown setting \"key\"" },
		{ RULE("{ who: [unix:0], may: [read] }"),
		    "6: access[1].who: is not a single value" },
		{ RULE("who: unix:0\n    may: read"), "7: access[1].may: is not a list" },
		{ RULE("who: unix:0\n    may: []"), "7: access[1].may: is empty" },
		{ RULE("who: unix:0\n    may: [[read]]"),
		    "7: access[1].may[0]: is not a single value" },
		{ RULE("who: unix:0\n    may: [use]\n    keys: []"),
		    "8: access[1].keys: is empty" },
		{ RULE("who: unix:0\n    may: [use, use, use, use, use, use]\n    keys: "
		       "[web]"),
		    "7: access[1].may: has too many entries" },
	};

	CHECK_REFUSALS(state, refusals);
}

#define FILE_TEST(name)                                                                  \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(reads_rules),
		FILE_TEST(reads_rules_about_certificates_and_tokens),
		FILE_TEST(reads_what_a_rule_is_limited_to),
		FILE_TEST(without_access_there_are_no_rules),
		FILE_TEST(prints_the_rules_that_it_would_read),
		FILE_TEST(refuses_whom_it_does_not_know),
		FILE_TEST(refuses_a_right_that_there_is_not),
		FILE_TEST(refuses_keys_that_say_nothing_or_too_little),
		FILE_TEST(refuses_issuers_that_say_nothing_or_too_little),
		FILE_TEST(refuses_limits_of_other_rights),
		FILE_TEST(refuses_what_is_no_list_of_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
