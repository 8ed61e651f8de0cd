/* test_profile.c - keyhold profile, but for the import. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/cli/run.h"

/* The fake daemon writes one more header field; this one has another behind it. */
#define ETAG "<x>\r\nETag: \"17\""
#define OWN                                                                              \
	"{\"name\":\"own\",\"description\":\"ours\",\"dns_names\":[\"*.svc.example\"],"  \
	"\"ext_key_usage\":[\"serverAuth\"],\"wildcards\":false,"                        \
	"\"max_validity_seconds\":86400}"

static const struct route routes[] = {
	{ "GET /v1/profiles ", 200, JSON, "{\"profiles\":[" OWN "]}", NULL },
	{ "GET /v1/profiles/own ", 200, JSON, OWN, ETAG },
	{ "GET /v1/profiles/server ", 200, JSON,
	    "{\"name\":\"server\",\"built_in\":true,\"max_names\":100}", NULL },
	{ "PUT /v1/profiles/own ", 200, JSON, OWN, ETAG },
	{ "PUT /v1/profiles/changed ", 412, PROBLEM, "{\"detail\":\"no\"}", NULL },
	{ "PUT /v1/profiles/bad ", 400, PROBLEM,
	    "{\"detail\":\"dns_names[1]: \\\"w*\\\" is not a pattern\"}", NULL },
	{ "PUT /v1/profiles/odd ", 400, PROBLEM,
	    "{\"detail\":\"JSON: no member \\\"dns\\\" here\"}", NULL },
	{ "PUT /v1/profiles/less ", 400, PROBLEM,
	    "{\"detail\":\"ext_key_usage: say what for\"}", NULL },
	{ "DELETE /v1/profiles/own ", 204, JSON, "", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

static void
set(struct run *run, const char *name, const char *yaml, const char *option)
{
	const char *path = run_path(run, "p.yaml");

	run_write(path, yaml, strlen(yaml));
	run_keyhold(run, "profile", "set", name, path, option, NULL);
}

static void
lists_and_shows_profiles(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "profile", "list", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "own   serverAuth  *.svc.example  ours\n"));
	run_keyhold(run, "profile", "show", "own", NULL);
	assert_string_equal(run->out,
	    "version: 17\ndescription: \"ours\"\ndns_names:\n  - \"*.svc.example\"\n"
	    "ext_key_usage:\n  - \"serverAuth\"\nwildcards: false\n"
	    "max_validity_seconds: 86400  # 1 day\n");
	run_keyhold(run, "profile", "show", "own", "--json", NULL);
	assert_non_null(strstr(run->out, "\"name\": \"own\""));
	run_keyhold(run, "profile", "show", "server", NULL);
	assert_string_equal(run->out, "max_names: 100\n");
}

static void
changes_the_version_that_the_file_says(void **state)
{
	struct run *run = *state;

	set(run, "own", "version: 16\ndns_names: [a.example]\n", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "profile own: version 17\n");
	assert_true(fake_server_saw(run->server, "If-Match: \"16\"\r\n"));
	assert_true(
	    fake_server_saw(run->server, "\r\n\r\n{\"dns_names\":[\"a.example\"]}"));
	set(run, "own", "dns_names: [b.example]\n", NULL);
	assert_true(fake_server_saw(run->server, "If-None-Match: *\r\n"));
}

static void
replaces_whatever_is_there_when_forced(void **state)
{
	struct run *run = *state;

	set(run, "own", "version: 16\ndns_names: [c.example]\n", "--force");
	assert_int_equal(run->status, 0);
	assert_false(fake_server_saw(run->server, "Match"));
}

static void
says_what_to_do_when_somebody_was_faster(void **state)
{
	struct run *run = *state;

	set(run, "changed", "version: 16\ndns_names: [a.example]\n", NULL);
	assert_int_equal(run->status, 1);
	assert_string_equal(run->errors,
	    "keyhold: profile changed is no longer at version 16\n"
	    "  What it is now: keyhold profile show changed\n"
	    "  To replace it whatever it is: --force\n");
	set(run, "changed", "dns_names: [a.example]\n", NULL);
	assert_non_null(strstr(run->errors, "profile changed exists already\n"));
	assert_non_null(strstr(run->errors, "keyhold profile show changed > FILE"));
}

static void
names_the_line_that_the_daemon_refuses(void **state)
{
	struct run *run = *state;

	set(run, "bad", "max_names: 1\ndns_names:\n  - a\n  - \"w*\"\n", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "p.yaml:4: dns_names[1]: \"w*\""));
	set(run, "odd", "max_names: 1\ndns: []\n", NULL);
	assert_non_null(strstr(run->errors, "p.yaml:2: JSON: no member \"dns\""));
	set(run, "less", "max_names: 1\n", NULL);
	assert_non_null(strstr(run->errors, "keyhold: ext_key_usage: say what for"));
}

static void
sends_nothing_that_is_not_yaml(void **state)
{
	struct run *run = *state;

	set(run, "absent", "max_names: 1\ndns_names: [*.a]\n", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "p.yaml:2: put what begins with *"));
	set(run, "absent", "version: one\n", NULL);
	assert_non_null(strstr(run->errors, "p.yaml:1: version is the number"));
	run_keyhold(run, "profile", "set", "absent", "/nowhere.yaml", NULL);
	assert_int_equal(run->status, 4);
	run_keyhold(run, "profile", "set", "absent", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "profile set needs NAME FILE"));
	run_keyhold(run, "profile", "set", "a", "b", "c", NULL);
	assert_non_null(strstr(run->errors, "\"c\" is one argument too many"));
	assert_false(fake_server_saw(run->server, "absent"));
}

static void
deletes_a_profile(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "profile", "delete", "own", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "deleted profile own\n");
	run_keyhold(run, "profile", "delete", "absent", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "See: keyhold profile list"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, run_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lists_and_shows_profiles),
		TEST(changes_the_version_that_the_file_says),
		TEST(replaces_whatever_is_there_when_forced),
		TEST(says_what_to_do_when_somebody_was_faster),
		TEST(names_the_line_that_the_daemon_refuses),
		TEST(sends_nothing_that_is_not_yaml),
		TEST(deletes_a_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
