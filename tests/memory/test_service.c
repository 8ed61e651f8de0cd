/* test_service.c - a daemon that starts while memory runs out: its settings, limits and
 * chores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "service/chore.h"
#include "service/config.h"
#include "service/limits.h"
#include "tests/base/directory.h"
#include "tests/support/memory.h"

static const char settings[] =
    "token: { module: m.so, label: l, serial: \"0123\", pin_file: /p }\n"
    "listen:\n"
    "  - { unix: /a.sock, mode: \"0600\" }\n"
    "  - { unix: \"@abstract\" }\n"
    "access:\n"
    "  - { who: \"unix:root\", may: [use, read], keys: [web, \"api-*\"] }\n"
    "  - { who: \"token:ci\", may: [issue], issuers: [internal], profiles: [server],\n"
    "      names: [\"*.svc.example\", 10.0.0.0/8], rate: 100/s, concurrent: 4 }\n"
    "audit: { tls: minute, head_interval_s: 300 }\n"
    "limits: { connections: 64 }\n"
    "cage: { read: [/r], write: [/w], connect: [\"443\"] }\n"
    "state: /s\n";

static int
reads_settings(void *scene, struct error *err)
{
	struct config *config = NULL;

	if (config_read(scene, &config, err) != 0)
		return -1;
	config_free(config);
	return 0;
}

static int
makes_limits(void *scene, struct error *err)
{
	static const struct limits_options options = {
		.connections = 4,
		.connections_per_peer = 2,
	};
	struct limits *limits;
	struct quota *quota;

	(void)scene;
	if (limits_new(&options, &limits, err) != 0)
		return -1;
	quota = limits_enter(limits, "uid:1", false);
	if (quota != NULL)
		limits_leave(limits, quota);
	limits_free(limits);
	return quota != NULL ? 0 : error_set(err, ERROR_INTERNAL, "no quota");
}

static int64_t
never_due(void *ctx, int64_t now)
{
	(void)ctx;
	return now + 3600;
}

static int
starts_a_chore(void *scene, struct error *err)
{
	struct chore *chore;

	if (chore_start(never_due, scene, "test", &chore, err) != 0)
		return -1;
	chore_stop(chore);
	return 0;
}

static void
starts_or_says_why_not(void **state)
{
	static const struct memory_case cases[] = {
		{ .name = "config_read", .run = reads_settings },
		{ .name = "limits", .run = makes_limits },
		{ .name = "chore_start", .run = starts_a_chore },
	};
	char path[256];

	write_file(directory_path(state, "keyhold.yaml", path), settings, 0600);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(memory_try(&cases[i], MEMORY_OURS, path) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    starts_or_says_why_not, directory_make, directory_remove),
	};

	memory_take_over();
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
