/* test_config_cage.c - the settings below cage, and who may write the file. */
#include "service/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/base/directory.h"
#include "tests/service/settings.h"

#define WITH_CAGE(cage)                                                                  \
	"token: { module: m, label: l }\nlisten: [ { unix: /a } ]\nstate: /s\n" cage

static void
reads_what_a_module_needs(void **state)
{
	struct config *config;

	assert_int_equal(
	    read_text(state,
		WITH_CAGE("cage: { seccomp: log, landlock: off, read: [/r, /s], "
			  "write: [/w], system_calls: [ioctl], connect: [1, 65535] }\n"),
		&config, NULL),
	    0);
	assert_int_equal(config->cage.seccomp, CAGE_SECCOMP_LOG);
	assert_false(config->cage.landlock);
	assert_int_equal(config->cage.read_count, 2);
	assert_string_equal(config->cage.read[1], "/s");
	assert_int_equal(config->cage.write_count, 1);
	assert_string_equal(config->cage.write[0], "/w");
	assert_int_equal(config->cage.system_calls_count, 1);
	assert_string_equal(config->cage.system_calls[0], "ioctl");
	assert_int_equal(config->cage.connect_count, 2);
	assert_int_equal(config->cage.connect[1], 65535);
	config_free(config);
}

static void
prints_what_it_would_read(void **state)
{
	struct config *config, *again;
	char *first, *second;

	assert_int_equal(
	    read_text(state,
		WITH_CAGE("cage: { seccomp: off, read: ['/with \"quotes\"', /s], "
			  "write: [/w], system_calls: [ioctl], connect: [9004] }\n"),
		&config, NULL),
	    0);
	first = printed(config);
	assert_int_equal(read_text(state, first, &again, NULL), 0);
	second = printed(again);
	assert_string_equal(first, second);
	assert_string_equal(again->cage.read[0], "/with \"quotes\"");
	assert_int_equal(again->cage.seccomp, CAGE_SECCOMP_OFF);
	assert_int_equal(again->cage.connect[0], 9004);
	free(first);
	free(second);
	config_free(config);
	config_free(again);
}

static void
refuses_a_wrong_value(void **state)
{
	static const struct refusal refusals[] = {
		{ WITH_CAGE("cage: { seccomp: yes }\n"),
		    "4: cage.seccomp: is not on, off or log" },
		{ WITH_CAGE("cage: { landlock: log }\n"),
		    "4: cage.landlock: is not on or off" },
		{ WITH_CAGE("cage:\n  read: [/r, r]\n"),
		    "5: cage.read[1]: must be an absolute path" },
		{ WITH_CAGE("cage:\n  write: [w]\n"),
		    "5: cage.write[0]: must be an absolute path" },
		{ WITH_CAGE("cage: { connect: [0] }\n"), "4: cage.connect[0]: 0 is not "
							 "between 1 and 65535" },
		{ WITH_CAGE("cage: { read: [] }\n"), "4: cage.read: is empty" },
		{ WITH_CAGE("cage: { fork: yes }\n"), "4: unknown setting \"fork\"" },
	};

	CHECK_REFUSALS(state, refusals);
}

static void
refuses_system_calls_that_are_none_or_are_never_allowed(void **state)
{
	static const struct refusal refusals[] = {
		{ WITH_CAGE("cage: { system_calls: [opem] }\n"),
		    "4: cage.system_calls[0]: is no system call here" },
		{ WITH_CAGE("cage: { system_calls: [uname, execve] }\n"),
		    "4: cage.system_calls[1]: is never allowed" },
		{ WITH_CAGE("cage: { system_calls: [clone3] }\n"),
		    "4: cage.system_calls[0]: is never allowed" },
		{ WITH_CAGE("cage: { system_calls: [vfork] }\n"),
		    "4: cage.system_calls[0]: is never allowed" },
	};

	CHECK_REFUSALS(state, refusals);
}

static void
refuses_a_file_that_others_can_write(void **state)
{
	static const mode_t modes[] = { 0620, 0602, 0666 };
	struct config *config = NULL;
	struct error err = { 0 };
	char path[256];

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_file(
		    directory_path(state, "keyhold.yaml", path), WITH_CAGE(""), 0600);
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(config_read(path, &config, &err), -1);
		assert_int_equal(err.code, ERROR_CONFIG);
		assert_non_null(strstr(err.text, "lets others write it"));
	}
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(config_read(path, &config, &err), 0);
	config_free(config);
}

static void
refuses_a_file_of_another_user(void **state)
{
	struct config *config = NULL;
	struct error err = { 0 };
	char path[256];

	if (geteuid() != 0) {
		print_message("skipped: only root can give a file away\n");
		skip();
	}
	write_file(directory_path(state, "keyhold.yaml", path), WITH_CAGE(""), 0600);
	assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
	assert_int_equal(config_read(path, &config, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "belongs to user 65534"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    reads_what_a_module_needs, directory_make, directory_remove),
		cmocka_unit_test_setup_teardown(
		    prints_what_it_would_read, directory_make, directory_remove),
		cmocka_unit_test_setup_teardown(
		    refuses_a_wrong_value, directory_make, directory_remove),
		cmocka_unit_test_setup_teardown(
		    refuses_system_calls_that_are_none_or_are_never_allowed,
		    directory_make, directory_remove),
		cmocka_unit_test_setup_teardown(refuses_a_file_that_others_can_write,
		    directory_make, directory_remove),
		cmocka_unit_test_setup_teardown(
		    refuses_a_file_of_another_user, directory_make, directory_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
