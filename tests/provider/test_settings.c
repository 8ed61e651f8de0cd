/* test_settings.c - keyhold.so's section of openssl.cnf, as OpenSSL hands it over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "base/clock.h"
#include "tests/provider/loaded.h"
#include "tests/support/signer.h"

static void
takes_sockets_and_timeouts(void **state)
{
	struct signer *signer = signer_start(NULL);
	struct loaded loaded;
	char lines[200];
	int64_t start;

	(void)state;
	snprintf(lines, sizeof(lines),
	    "socket = /nonexistent,%s\nconnect_timeout_ms = 1\nanswer_timeout_ms = 1000",
	    signer_socket(signer));
	assert_true(loaded_open(&loaded, lines));
	assert_true(loaded_sign(&loaded));
	signer_behave(signer, SIGNER_HANGS, 0);
	start = clock_mono_ms();
	assert_false(loaded_sign(&loaded));
	assert_in_range(clock_mono_ms() - start, 990, 15000);
	assert_true(queue_says("did not answer in time"));
	assert_false(loaded_sign(&loaded));
	assert_true(queue_says("did not answer in time; not asked again for another"));
	loaded_close(&loaded);
	signer_stop(signer);
}

static void
refuses_to_load_with_a_wrong_value(void **state)
{
	static const struct {
		const char *line, *reason;
	} wrong[] = {
		{ "answer_timeout_ms = 5s", "answer_timeout_ms in keyhold's section" },
		{ "answer_timeout_ms = 0", "answer_timeout_ms in keyhold's section" },
		{ "answer_timeout_ms = 60001", "answer_timeout_ms in keyhold's section" },
		{ "answer_timeout_ms = -1", "answer_timeout_ms in keyhold's section" },
		{ "connect_timeout_ms = 1.5", "connect_timeout_ms in keyhold's section" },
		{ "connect_timeout_ms =", "connect_timeout_ms in keyhold's section" },
		{ "socket = /a,,/b", "an empty name in the list of sockets" },
		{ "socket = /a, /b", "a blank around \" /b\" in the list of sockets" },
		{ "socket = a.sock", "\"a.sock\" is neither an absolute path nor @name" },
	};
	struct loaded loaded;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(loaded_open(&loaded, wrong[i].line));
		assert_true(queue_says(wrong[i].reason));
		loaded_close(&loaded);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_sockets_and_timeouts),
		cmocka_unit_test(refuses_to_load_with_a_wrong_value),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	loaded_private_key_free();
	return failed;
}
