/* test_signature_metrics.c - one sample for each key, scheme and outcome, whoever asked.
 */
#include "api/signature_metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "api/tally.h"

#define HEAD                                                                             \
	"# HELP keyhold_signatures_total Signatures and decryptions for clients, by "    \
	"key, "                                                                          \
	"scheme and outcome.\n# TYPE keyhold_signatures_total counter\n"

static void
assert_written(struct tally *tally, const char *text)
{
	struct buffer out;

	buf_init(&out, 0);
	signature_metrics_write(tally, &out);
	assert_string_equal(buf_string(&out), text);
	buf_free(&out);
}

static void
is_a_family_before_the_first_signature(void **state)
{
	struct tally *tally;

	(void)state;
	assert_int_equal(tally_new(&tally, NULL), 0);
	assert_written(tally, HEAD);
	tally_free(tally);
}

static void
adds_up_what_differs_in_the_actor(void **state)
{
	struct tally *tally;

	(void)state;
	assert_int_equal(tally_new(&tally, NULL), 0);
	tally_add(tally, "uid:1", "web", "ed25519", OUTCOME_OK);
	tally_add(tally, "uid:2", "web", "ed25519", OUTCOME_OK);
	tally_add(tally, "uid:2", "web", "ed25519", OUTCOME_OK);
	tally_add(tally, "uid:2", "web", "ed25519", OUTCOME_FAILED);
	tally_add(tally, "uid:3", "api", "ed25519", OUTCOME_REFUSED);
	tally_add(tally, "uid:3", "web", "ecdsa_secp256r1_sha256", OUTCOME_OK);
	assert_written(tally, HEAD
	    "keyhold_signatures_total{key=\"api\",scheme=\"ed25519\",outcome=\"refused\"}"
	    " 1\n"
	    "keyhold_signatures_total{key=\"web\",scheme=\"ecdsa_secp256r1_sha256\","
	    "outcome=\"ok\"} 1\n"
	    "keyhold_signatures_total{key=\"web\",scheme=\"ed25519\",outcome=\"ok\"} 3\n"
	    "keyhold_signatures_total{key=\"web\",scheme=\"ed25519\",outcome=\"failed\"} "
	    "1\n");
	tally_free(tally);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_a_family_before_the_first_signature),
		cmocka_unit_test(adds_up_what_differs_in_the_actor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
