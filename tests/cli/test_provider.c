/* test_provider.c - what needs no daemon: the provider's configuration, completion, help.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/conf.h>

#include "tests/cli/run.h"

static void
writes_a_configuration_that_openssl_reads(void **state)
{
	struct run run = { .server = NULL };
	CONF *conf = NCONF_new(NULL);
	BIO *bio;
	long line = 0;

	(void)state;
	run_keyhold(&run, "provider", "config", "--socket", "/a b/$x#y,@z", "--module",
	    "/opt/q\"'`\\;/keyhold.so", NULL);
	assert_int_equal(run.status, 0);
	bio = BIO_new_mem_buf(run.out, -1);
	assert_int_equal(NCONF_load_bio(conf, bio, &line), 1);
	assert_string_equal(
	    NCONF_get_string(conf, "default", "openssl_conf"), "openssl_init");
	assert_string_equal(
	    NCONF_get_string(conf, "openssl_init", "providers"), "provider_sect");
	assert_string_equal(
	    NCONF_get_string(conf, "provider_sect", "default"), "default_sect");
	assert_string_equal(NCONF_get_string(conf, "default_sect", "activate"), "1");
	assert_string_equal(NCONF_get_string(conf, "keyhold_sect", "activate"), "1");
	assert_string_equal(
	    NCONF_get_string(conf, "keyhold_sect", "socket"), "/a b/$x#y,@z");
	assert_string_equal(
	    NCONF_get_string(conf, "keyhold_sect", "module"), "/opt/q\"'`\\;/keyhold.so");
	assert_true(strstr(run.out, "default =") < strstr(run.out, "keyhold ="));
	BIO_free(bio);
	NCONF_free(conf);
	run_keyhold(&run, "provider", "config", "--module", "/a\nactivate = 0", NULL);
	assert_int_equal(run.status, 2);
	free(run.out);
	free(run.errors);
}

/* The value of name in the section of keyhold.so. */
static void
assert_configured(const char *text, const char *name, const char *value)
{
	char line[2 * PATH_MAX];

	snprintf(line, sizeof(line), "\n%s = %s\n", name, value);
	if (strstr(text, line) == NULL)
		fail_msg("no \"%s = %s\" in: %s", name, value, text);
}

static void
writes_absolute_paths(void **state)
{
	char here[PATH_MAX], path[2 * PATH_MAX];
	struct run run = { .server = NULL };

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	run_keyhold(&run, "provider", "config", "--module", "./absent.so", "--socket",
	    "a.sock,@b,/c", NULL);
	assert_int_equal(run.status, 0);
	snprintf(path, sizeof(path), "%s/./absent.so", here);
	assert_configured(run.out, "module", path);
	assert_non_null(strstr(run.errors, "absent.so is not there; nginx will say \"No "
					   "supported data to decode\"\n"));
	snprintf(path, sizeof(path), "%s/a.sock,@b,/c", here);
	assert_configured(run.out, "socket", path);
	run_keyhold(&run, "provider", "config", "--module", "/dev/../dev/null", NULL);
	assert_configured(run.out, "module", "/dev/null");
	assert_string_equal(run.errors, "");
	free(run.out);
	free(run.errors);
}

static void
writes_the_timeouts_that_were_asked_for(void **state)
{
	static const char *const wrong[] = { "--answer-timeout-ms=0",
		"--answer-timeout-ms=60001", "--connect-timeout-ms=1s",
		"--connect-timeout-ms=" };
	struct run run = { .server = NULL };

	(void)state;
	run_keyhold(&run, "provider", "config", NULL);
	assert_null(strstr(run.out, "timeout"));
	run_keyhold(&run, "provider", "config", "--connect-timeout-ms", "50",
	    "--answer-timeout-ms", "60000", NULL);
	assert_int_equal(run.status, 0);
	assert_configured(run.out, "connect_timeout_ms", "50");
	assert_configured(run.out, "answer_timeout_ms", "60000");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		run_keyhold(&run, "provider", "config", wrong[i], NULL);
		assert_int_equal(run.status, 2);
	}
	free(run.out);
	free(run.errors);
}

static void
refuses_empty_paths_and_blanks(void **state)
{
	static const char *const options[] = { "--module=", "--socket=", "--socket=/a,",
		"--socket=,/a", "--socket=/a, @x", "--socket=a , /b" };
	struct run run = { .server = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		run_keyhold(&run, "provider", "config", options[i], NULL);
		assert_int_equal(run.status, 2);
		assert_string_equal(run.out, "");
	}
	free(run.out);
	free(run.errors);
}

static void
completes_what_the_table_holds(void **state)
{
	struct run run = { .server = NULL };

	(void)state;
	run_keyhold(&run, "completion", "bash", NULL);
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out,
	    "words='help status key ca cert managed profile acme token rules "
	    "access audit backup agent expiry trust provider completion --socket"));
	assert_non_null(strstr(run.out,
	    "'cert ') words='sign issue list show renew renewal-info revoke ' ;;"));
	assert_non_null(
	    strstr(run.out, "'key create '*) words='--type --use --token --socket"));
	assert_non_null(
	    strstr(run.out, "'key create'*' --use') words='tls tls-rsa-kex ca sign' ;;"));
	assert_non_null(
	    strstr(run.out, "complete -o bashdefault -o default -F _keyhold"));
	free(run.out);
	free(run.errors);
}

static void
gives_help_on_standard_output(void **state)
{
	struct run run = { .server = NULL };

	(void)state;
	run_keyhold(&run, "help", "cert", "issue", NULL);
	assert_int_equal(run.status, 0);
	assert_non_null(
	    strstr(run.out, "keyhold cert issue - key, request, certificate"));
	run_keyhold(&run, "cert", "--help", NULL);
	assert_non_null(strstr(run.out, "  cert sign "));
	assert_null(strstr(run.out, "  key list "));
	run_keyhold(&run, "--version", NULL);
	assert_string_equal(run.out, "keyhold " KEYHOLD_VERSION "\n");
	run_keyhold(&run, "crt", NULL);
	assert_int_equal(run.status, 2);
	assert_string_equal(run.out, "");
	assert_non_null(strstr(run.errors, "  key create "));
	free(run.out);
	free(run.errors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_configuration_that_openssl_reads),
		cmocka_unit_test(writes_absolute_paths),
		cmocka_unit_test(writes_the_timeouts_that_were_asked_for),
		cmocka_unit_test(refuses_empty_paths_and_blanks),
		cmocka_unit_test(completes_what_the_table_holds),
		cmocka_unit_test(gives_help_on_standard_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
