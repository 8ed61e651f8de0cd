/* test_config_limits.c - what each peer may have: the settings, and what is refused. */
#include "service/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/base/directory.h"
#include "tests/service/settings.h"

static void
a_proxy_with_many_workers_is_within_the_limits(void **state)
{
	struct config *config;

	assert_int_equal(read_text(state, MINIMUM, &config, NULL), 0);
	assert_true(config->limits.connections_per_peer >= 64 * 64);
	assert_true(config->limits.connections_per_peer < config->limits.connections);
	assert_true(config->limits.http_per_peer < config->limits.http);
	assert_int_equal(config->limits.threads_per_peer, 32);
	assert_int_equal(config->limits.header_bytes, 16384);
	assert_int_equal(config->limits.header_s, 10);
	assert_int_equal(config->limits.body_s, 30);
	assert_int_equal(config->limits.answer_s, 60);
	assert_int_equal(config->limits.idle_s, 300);
	config_free(config);
}

static void
reads_every_limit(void **state)
{
	static const char text[] =
	    MINIMUM "limits: { connections: 9, connections_per_peer: 8,\n"
		    "  threads_per_peer: 7, http: 6, http_per_peer: 5,\n"
		    "  header_bytes: 4096, header_s: 4, body_s: 3, answer_s: 2,\n"
		    "  idle_s: 1 }\n";
	struct config *config;
	char *out;

	assert_int_equal(read_text(state, text, &config, NULL), 0);
	assert_int_equal(config->limits.connections, 9);
	assert_int_equal(config->limits.connections_per_peer, 8);
	assert_int_equal(config->limits.threads_per_peer, 7);
	assert_int_equal(config->limits.http, 6);
	assert_int_equal(config->limits.http_per_peer, 5);
	assert_int_equal(config->limits.header_bytes, 4096);
	assert_int_equal(config->limits.header_s, 4);
	assert_int_equal(config->limits.body_s, 3);
	assert_int_equal(config->limits.answer_s, 2);
	assert_int_equal(config->limits.idle_s, 1);
	out = printed(config);
	assert_non_null(strstr(out, "limits:\n  connections: 9\n"));
	free(out);
	config_free(config);
}

static void
as_many_threads_as_sessions_twice_as_far_as_may_be(void **state)
{
	static const char text[] =
	    "tokens:\n"
	    "  - { name: a, module: m.so, label: a, max_sessions: 1024 }\n"
	    "  - { name: b, module: m.so, label: b, max_sessions: 1024 }\n"
	    "  - { name: c, module: m.so, label: c }\n"
	    "listen: [ { unix: /a } ]\nstate: /s\n";
	struct config *config;

	assert_int_equal(read_text(state, text, &config, NULL), 0);
	assert_int_equal(config->limits.threads_per_peer, 4096);
	config_free(config);
}

static void
a_share_that_was_not_said_is_at_most_half(void **state)
{
	static const char text[] = MINIMUM "limits: { connections: 4096, http: 101 }\n";
	static const char more[] = MINIMUM "limits: { connections: 1, http: 65536 }\n";
	struct config *config;

	assert_int_equal(read_text(state, text, &config, NULL), 0);
	assert_int_equal(config->limits.connections, 4096);
	assert_int_equal(config->limits.connections_per_peer, 2048);
	assert_int_equal(config->limits.http_per_peer, 51);
	config_free(config);
	assert_int_equal(read_text(state, more, &config, NULL), 0);
	assert_int_equal(config->limits.connections_per_peer, 1);
	assert_int_equal(config->limits.http_per_peer, 256);
	config_free(config);
}

static void
refuses_a_wrong_limit(void **state)
{
	static const struct refusal refusals[] = {
		{ MINIMUM "limits:\n  connections: 0\n",
		    "8: limits.connections: 0 is not between 1 and 1048576" },
		{ MINIMUM "limits:\n  connections: 100\n  connections_per_peer: 101\n",
		    "9: limits.connections_per_peer: is more than limits.connections" },
		{ MINIMUM "limits:\n  http: 100\n  http_per_peer: 101\n",
		    "9: limits.http_per_peer: is more than limits.http" },
		{ MINIMUM "limits:\n  threads_per_peer: 5000\n",
		    "8: limits.threads_per_peer: 5000 is not between 1 and 4096" },
		{ MINIMUM "limits:\n  header_bytes: 100\n",
		    "8: limits.header_bytes: 100 is not between 4096 and 1048576" },
		{ MINIMUM "limits:\n  body_s: 0\n",
		    "8: limits.body_s: 0 is not between 1 and 3600" },
		{ MINIMUM "limits:\n  idle: 5\n", "8: unknown setting \"idle\"" },
	};

	CHECK_REFUSALS(state, refusals);
}

#define FILE_TEST(name)                                                                  \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(a_proxy_with_many_workers_is_within_the_limits),
		FILE_TEST(reads_every_limit),
		FILE_TEST(as_many_threads_as_sessions_twice_as_far_as_may_be),
		FILE_TEST(a_share_that_was_not_said_is_at_most_half),
		FILE_TEST(refuses_a_wrong_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
