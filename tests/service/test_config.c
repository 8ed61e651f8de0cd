/* test_config.c - the settings, their defaults, and what is refused and where. */
#include "service/config.h"

#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/base/directory.h"
#include "tests/service/settings.h"

static void
fills_in_defaults(void **state)
{
	struct config *config;

	assert_int_equal(read_text(state, MINIMUM, &config, NULL), 0);
	assert_string_equal(config->tokens[0].module, "/usr/lib/softhsm/libsofthsm2.so");
	assert_string_equal(config->tokens[0].label, "keyhold");
	assert_null(config->tokens[0].serial);
	assert_null(config->tokens[0].pin_file);
	assert_null(config->tokens[0].init_args);
	assert_int_equal(config->tokens[0].max_sessions, 16);
	assert_int_equal(config->tokens[0].session_wait_ms, 1000);
	assert_int_equal(config->tokens[0].session_copies, 1024);
	assert_int_equal(config->tokens[0].verify_one_in, 256);
	assert_int_equal(config->tokens[0].hang_ms, 5000);
	assert_int_equal(config->tokens[0].reload_pause_ms, 1000);
	assert_int_equal(config->tokens[0].watchdog_s, 60);
	assert_int_equal(config->tokens[0].keepalive_s, 20);
	assert_int_equal(config->listener_count, 1);
	assert_string_equal(config->listeners[0].path, "/run/keyhold/keyhold.sock");
	assert_int_equal(config->listeners[0].mode, 0660);
	assert_null(config->listeners[0].group);
	assert_true(config->listeners[0].owners.uid == (uid_t)-1);
	assert_true(config->listeners[0].owners.gid == (gid_t)-1);
	assert_string_equal(config->state, "/var/lib/keyhold");
	assert_int_equal(config->log_level, LOG_LEVEL_INFO);
	assert_false(config->audit_each);
	assert_int_equal(config->audit_head_interval_s, 300);
	assert_int_equal(strlen(config->sha256), 64);
	assert_int_equal(config->cage.seccomp, CAGE_SECCOMP_ON);
	assert_true(config->cage.landlock);
	assert_int_equal(config->cage.read_count, 0);
	assert_int_equal(config->cage.connect_count, 0);
	config_free(config);
}

static void
reads_every_setting(void **state)
{
	const struct group *group = getgrgid(getgid());
	struct config *config;
	char text[1024];

	assert_non_null(group);
	snprintf(text, sizeof(text),
	    "token: { module: m.so, label: l, serial: \"0123\", pin_file: /p, init_args: "
	    "i,\n"
	    "  max_sessions: 1024, session_wait_ms: 1, session_copies: 0,\n"
	    "  verify_one_in: 1, hang_ms: 100, reload_pause_ms: 10, watchdog_s: 7,\n"
	    "  keepalive_s: 0 }\n"
	    "listen:\n"
	    "  - { unix: /a.sock, mode: 0600, group: %s }\n"
	    "  - { unix: \"@abstract\" }\n"
	    "audit: { tls: each, head_interval_s: 0 }\n"
	    "state: /s\nweak_keys: /lists\nlog_level: debug\n",
	    group->gr_name);
	assert_int_equal(read_text(state, text, &config, NULL), 0);
	assert_string_equal(config->tokens[0].serial, "0123");
	assert_string_equal(config->tokens[0].pin_file, "/p");
	assert_string_equal(config->tokens[0].init_args, "i");
	assert_int_equal(config->tokens[0].max_sessions, 1024);
	assert_int_equal(config->limits.threads_per_peer, 2048);
	assert_int_equal(config->tokens[0].session_wait_ms, 1);
	assert_int_equal(config->tokens[0].session_copies, 0);
	assert_int_equal(config->tokens[0].verify_one_in, 1);
	assert_int_equal(config->tokens[0].hang_ms, 100);
	assert_int_equal(config->tokens[0].reload_pause_ms, 10);
	assert_int_equal(config->tokens[0].watchdog_s, 7);
	assert_int_equal(config->tokens[0].keepalive_s, 0);
	assert_int_equal(config->listener_count, 2);
	assert_int_equal(config->listeners[0].mode, 0600);
	assert_int_equal(config->listeners[0].owners.gid, getgid());
	assert_string_equal(config->listeners[1].path, "@abstract");
	assert_string_equal(config->weak_keys, "/lists");
	assert_true(config->audit_each);
	assert_int_equal(config->audit_head_interval_s, 0);
	assert_int_equal(config->log_level, LOG_LEVEL_DEBUG);
	config_free(config);
}

static void
prints_what_it_would_read(void **state)
{
	static const char odd[] =
	    "token: { module: \"a \\\"b\\\" \\\\ \\n# c\", serial: \"12\" }\n"
	    "listen: [ { unix: /a, mode: \"0666\" }, { unix: \"@b\" } ]\n"
	    "state: \"/with: colon, and é\"\n";
	struct config *config, *again;
	char *first, *second;

	assert_int_equal(read_text(state, odd, &config, NULL), 0);
	first = printed(config);
	assert_int_equal(read_text(state, first, &again, NULL), 0);
	second = printed(again);
	assert_string_equal(first, second);
	assert_string_equal(again->tokens[0].module, "a \"b\" \\ \n# c");
	assert_string_equal(again->state, "/with: colon, and é");
	assert_non_null(strstr(first, "every local user can connect"));
	free(first);
	free(second);
	config_free(config);
	config_free(again);
}

static void
prints_the_path_of_the_pin_and_not_the_pin(void **state)
{
	char path[256], text[1024], *out;
	struct config *config;

	write_file(directory_path(state, "pin", path), "87654321\n", 0600);
	snprintf(text, sizeof(text),
	    "token: { module: m.so, label: l, pin_file: %s }\n"
	    "listen: [ { unix: /a } ]\nstate: /s\n",
	    path);
	assert_int_equal(read_text(state, text, &config, NULL), 0);
	out = printed(config);
	assert_non_null(strstr(out, path));
	assert_null(strstr(out, "87654321"));
	free(out);
	config_free(config);
}

static void
refuses_an_unknown_setting(void **state)
{
	static const struct refusal refusals[] = {
		{ MINIMUM "modul: x\n", "7: unknown setting \"modul\"" },
		{ "token:\n  label: \"modul: x\" # modul: y\n  modul: z\n",
		    "3: unknown setting \"modul\"" },
		{ "token: { module: m, label: l }\nlisten:\n  - unix: /a\n  - unix: /b\n"
		  "    mod: 1\n",
		    "5: unknown setting \"mod\"" },
		{ MINIMUM "acces: []\n", "7: unknown setting \"acces\"" },
	};

	CHECK_REFUSALS(state, refusals);
}

static void
refuses_a_missing_setting(void **state)
{
	static const struct refusal refusals[] = {
		{ "state: /s\nlisten: [ { unix: /a } ]\n",
		    "1: missing setting \"token\"" },
		{ "token: { module: m, label: l }\nstate: /s\n",
		    "1: missing setting \"listen\"" },
		{ "token: { module: m, label: l }\nlisten: [ { unix: /a } ]\n",
		    "1: missing setting \"state\"" },
		{ "state: /s\ntoken: { label: l }\nlisten: [ { unix: /a } ]\n",
		    "2: missing setting \"module\"" },
		{ "state: /s\ntoken: { module: m, label: l }\nlisten:\n  - unix: /a\n"
		  "  - mode: 0600\n",
		    "5: listen[1]: needs one of unix, https and http" },
		{ "state: /s\ntoken: { module: m }\nlisten: [ { unix: /a } ]\n",
		    "2: token: label or serial is required" },
		{ "", "1: no settings" },
	};

	CHECK_REFUSALS(state, refusals);
}

static void
refuses_a_wrong_type(void **state)
{
	static const struct refusal refusals[] = {
		{ "token: 5\n", "1: token: is not a group of settings" },
		{ "token: { module: [m] }\n", "1: token.module: is not a single value" },
		{ "state:\n  a: 1\n", "1: state: is not a single value" },
		{ "state: /s\nlisten: /a\n", "2: listen: is not a list" },
		{ "state: /s\nlisten: []\n", "2: listen: is empty" },
		{ "state: /s\nlisten:\n  - unix: /a\n  - /b\n",
		    "4: listen[1]: is not a group of settings" },
		{ "- a\n", "1: the file: is not a group of settings" },
		{ "hello\n", "1: the file: is not a group of settings" },
		{ "state: /s\nstate: /t\n", "1: repeated setting \"state\"" },
		{ "state: /s\n\tx: 1\n",
		    "2: found a tab character that violates indentation" },
	};

	CHECK_REFUSALS(state, refusals);
}

#define WITH_TOKEN(lines)                                                                \
	"listen: [ { unix: /a } ]\nstate: /s\ntoken:\n  module: m\n  label: l\n" lines

static void
refuses_a_wrong_value_of_the_token(void **state)
{
	static const struct refusal refusals[] = {
		{ WITH_TOKEN("  max_sessions: 0\n"),
		    "6: token.max_sessions: 0 is not between 1 and 1024" },
		{ WITH_TOKEN("  max_sessions: 1025\n"),
		    "6: token.max_sessions: 1025 is not between 1 and 1024" },
		{ WITH_TOKEN("  max_sessions: 16x\n"),
		    "6: token.max_sessions: \"16x\" is not a whole number" },
		{ WITH_TOKEN("  max_sessions: -1\n"),
		    "6: token.max_sessions: \"-1\" is not a whole number" },
		{ WITH_TOKEN("  max_sessions:\n"),
		    "6: token.max_sessions: \"\" is not a whole number" },
		{ WITH_TOKEN("  session_wait_ms: 60001\n"),
		    "6: token.session_wait_ms: 60001 is not between 1 and 60000" },
		{ WITH_TOKEN("  session_copies: 65537\n"),
		    "6: token.session_copies: 65537 is not between 0 and 65536" },
		{ WITH_TOKEN("  verify_one_in: 1000001\n"),
		    "6: token.verify_one_in: 1000001 is not between 0 and 1000000" },
		{ WITH_TOKEN("  hang_ms: 99\n"),
		    "6: token.hang_ms: 99 is not between 100 and 600000" },
		{ WITH_TOKEN("  reload_pause_ms: 9\n"),
		    "6: token.reload_pause_ms: 9 is not between 10 and 60000" },
		{ WITH_TOKEN("  watchdog_s: 86401\n"),
		    "6: token.watchdog_s: 86401 is not between 0 and 86400" },
		{ WITH_TOKEN("  watchdog_s: 4\n"),
		    "6: token.watchdog_s: is sooner than hang_ms says that a call "
		    "hangs" },
		{ WITH_TOKEN("  keepalive_s: 86401\n"),
		    "6: token.keepalive_s: 86401 is not between 0 and 86400" },
		{ WITH_TOKEN("  serial: \"01234567890123456\"\n"),
		    "6: token.serial: is too long" },
		{ WITH_TOKEN("  serial: \"\"\n"), "6: token.serial: is empty" },
		{ WITH_TOKEN("  pin_file: pin\n"),
		    "6: token.pin_file: must be an absolute path" },
	};

	CHECK_REFUSALS(state, refusals);
}

#define WITH_LISTENER(line)                                                              \
	"token: { module: m, label: l }\nstate: /s\nlisten:\n  - unix: /a\n  - " line "\n"
#define TEN_BYTES "0123456789"

static void
refuses_a_wrong_value_of_a_listener(void **state)
{
	static const struct refusal refusals[] = {
		{ WITH_LISTENER("unix: a.sock"),
		    "5: listen[1].unix: must be an absolute path" },
		{ WITH_LISTENER("unix: \"\""), "5: listen[1].unix: is empty" },
		{ WITH_LISTENER("unix: \"@\""),
		    "5: listen[1].unix: an abstract socket needs a name" },
		{ WITH_LISTENER("{ unix: \"@a\", mode: 0600 }"),
		    "5: listen[1].unix: an abstract socket has no mode, no owner and no "
		    "group" },
		{ WITH_LISTENER(
		      "unix: /" TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES
			  TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES "0123456"),
		    "5: listen[1].unix: is too long" },
		{ WITH_LISTENER("unix: /b\n    mode: 660x"),
		    "6: listen[1].mode: is not an octal mode such as \"0660\"" },
		{ WITH_LISTENER("unix: /b\n    mode: 0680"),
		    "6: listen[1].mode: is not an octal mode such as \"0660\"" },
		{ WITH_LISTENER("unix: /b\n    mode: 0770"),
		    "6: listen[1].mode: has bits that a socket does not use" },
		{ WITH_LISTENER("unix: /b\n    mode: 0060"),
		    "6: listen[1].mode: shuts out the owner" },
		{ WITH_LISTENER("unix: /b\n    mode: 0602"),
		    "6: listen[1].mode: lets every user connect; say 0666 if that is "
		    "meant" },
		{ WITH_LISTENER("unix: /b\n    owner: no-such-user-here"),
		    "6: listen[1].owner: no user named \"no-such-user-here\"" AWAY },
		{ WITH_LISTENER("unix: /b\n    group: no-such-group-here"),
		    "6: listen[1].group: no group named \"no-such-group-here\"" AWAY },
		{ WITH_LISTENER("unix: /a"),
		    "5: listen[1].unix: is listen[0].unix already" },
	};

	CHECK_REFUSALS(state, refusals);
}

#define NO_ADDRESS  " is not an address and a port, such as 127.0.0.1:8080 or [::]:8443"
#define HTTPS(more) WITH_LISTENER("https: \"[::]:8443\"\n    " more)

static void
refuses_a_wrong_value_of_a_tcp_listener(void **state)
{
	static const struct refusal refusals[] = {
		{ WITH_LISTENER("{ unix: /b, http: \"127.0.0.1:80\" }"),
		    "5: listen[1]: needs one of unix, https and http" },
		{ WITH_LISTENER("http: localhost:80"),
		    "5: listen[1].http: \"localhost:80\"" NO_ADDRESS },
		{ WITH_LISTENER("http: \"127.0.0.1\""),
		    "5: listen[1].http: \"127.0.0.1\"" NO_ADDRESS },
		{ WITH_LISTENER("http: \"::1:80\""),
		    "5: listen[1].http: \"::1:80\"" NO_ADDRESS },
		{ WITH_LISTENER("http: \"127.0.0.1:0\""),
		    "5: listen[1].http: 0 is not between 1 and 65535" },
		{ WITH_LISTENER("http: \"127.0.0.1:80x\""),
		    "5: listen[1].http: \"80x\" is not a whole number" },
		{ WITH_LISTENER("http: \"0.0.0.0:80\""),
		    "5: listen[1].http: is not a loopback address: HTTP without TLS "
		    "stays on this machine" },
		{ WITH_LISTENER("http: \"[::ffff:127.0.0.1]:80\""),
		    "5: listen[1].http: is not a loopback address: HTTP without TLS "
		    "stays on this machine" },
		{ WITH_LISTENER("http: \"127.0.0.1:80\"\n    mode: \"0660\""),
		    "6: listen[1].mode: is for Unix sockets only" },
		{ WITH_LISTENER("http: \"127.0.0.1:80\"\n    certificate: a"),
		    "6: listen[1].certificate: is for https only" },
		{ WITH_LISTENER("unix: /b\n    client_ca: /ca.pem"),
		    "6: listen[1].client_ca: is for https only" },
		{ HTTPS("owner: root"), "6: listen[1].owner: is for Unix sockets only" },
		{ HTTPS("client_auth: none"),
		    "5: listen[1].certificate: is required: the name of the key of this "
		    "server's certificate" },
		{ HTTPS("certificate: A"),
		    "6: listen[1].certificate: is not a name of a key" },
		{ HTTPS("certificate: a\n    client_auth: maybe"),
		    "7: listen[1].client_auth: is not none, optional or required" },
		{ HTTPS("certificate: a\n    client_auth: optional"),
		    "5: listen[1].client_ca: is required: who signs for clients?" },
		{ HTTPS("certificate: a\n    client_ca: /ca.pem"),
		    "7: listen[1].client_ca: needs client_auth: optional or required "
		    "beside it" },
		{ HTTPS(
		      "certificate: a\n    client_auth: required\n    client_ca: ca.pem"),
		    "8: listen[1].client_ca: must be an absolute path" },
		{ WITH_LISTENER("{ https: \"127.0.0.1:80\", certificate: a }\n  - http: "
				"\"127.0.0.1:80\""),
		    "6: listen[2].http: is listen[1].https already" },
	};

	CHECK_REFUSALS(state, refusals);
}

static void
reads_and_prints_tcp_listeners(void **state)
{
	static const char text[] = WITH_LISTENER(
	    "https: \"[::]:8443\"\n    certificate: keyhold-server\n    client_auth: "
	    "optional\n    client_ca: /ca.pem\n  - https: \"0.0.0.0:8444\"\n    "
	    "certificate: b\n  - http: \"[::1]:8080\"");
	struct config *config, *again;
	char *first, *second;

	assert_int_equal(read_text(state, text, &config, NULL), 0);
	assert_int_equal(config->listener_count, 4);
	assert_int_equal(config->listeners[1].kind, LISTENER_HTTPS);
	assert_string_equal(config->listeners[1].certificate, "keyhold-server");
	assert_int_equal(config->listeners[1].client_auth, CLIENT_AUTH_OPTIONAL);
	assert_string_equal(config->listeners[1].client_ca, "/ca.pem");
	assert_int_equal(tcp_port(&config->listeners[1].address), 8443);
	assert_int_equal(config->listeners[2].client_auth, CLIENT_AUTH_NONE);
	assert_null(config->listeners[2].client_ca);
	assert_int_equal(config->listeners[3].kind, LISTENER_HTTP);
	first = printed(config);
	assert_int_equal(read_text(state, first, &again, NULL), 0);
	second = printed(again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	config_free(config);
	config_free(again);
}

static void
accepts_the_longest_path(void **state)
{
	static const char text[] =
	    WITH_LISTENER("unix: /" TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES
		    TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES "012345");
	struct config *config;

	assert_int_equal(read_text(state, text, &config, NULL), 0);
	assert_int_equal(strlen(config->listeners[1].path), 107);
	config_free(config);
}

static void
refuses_other_wrong_values(void **state)
{
	static const struct refusal refusals[] = {
		{ MINIMUM "audit: { tls: never }\n",
		    "7: audit.tls: is not minute or each" },
		{ MINIMUM "audit: { head_interval_s: 86401 }\n",
		    "7: audit.head_interval_s: 86401 is not between 0 and 86400" },
		{ MINIMUM "weak_keys: lists\n",
		    "7: weak_keys: must be an absolute path" },
		{ MINIMUM "log_level: loud\n",
		    "7: log_level: is not error, info or debug" },
		{ "token: { module: m, label: l }\nlisten: [ { unix: /a } ]\nstate: s\n",
		    "3: state: must be an absolute path" },
	};

	CHECK_REFUSALS(state, refusals);
}

static void
refuses_a_file_that_cannot_be_read(void **state)
{
	struct config *config = NULL;
	struct error err = { 0 };
	char path[256];

	directory_path(state, "absent.yaml", path);
	assert_int_equal(config_read(path, &config, &err), -1);
	assert_non_null(strstr(err.text, path));
	assert_null(config);
}

static void
freeing_nothing_is_fine(void **state)
{
	(void)state;
	config_free(NULL);
}

#define FILE_TEST(name)                                                                  \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(fills_in_defaults),
		FILE_TEST(reads_every_setting),
		FILE_TEST(prints_what_it_would_read),
		FILE_TEST(prints_the_path_of_the_pin_and_not_the_pin),
		FILE_TEST(refuses_an_unknown_setting),
		FILE_TEST(refuses_a_missing_setting),
		FILE_TEST(refuses_a_wrong_type),
		FILE_TEST(refuses_a_wrong_value_of_the_token),
		FILE_TEST(refuses_a_wrong_value_of_a_listener),
		FILE_TEST(refuses_a_wrong_value_of_a_tcp_listener),
		FILE_TEST(reads_and_prints_tcp_listeners),
		FILE_TEST(accepts_the_longest_path),
		FILE_TEST(refuses_other_wrong_values),
		FILE_TEST(refuses_a_file_that_cannot_be_read),
		cmocka_unit_test(freeing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
