/* test_premaster.c - unpadding: what is a premaster secret, and what leaves no trace. */
#include "pkcs11/premaster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/exchange.h"

#define LEN 256

static const unsigned char drawn[PREMASTER_BYTES] = "drawn before anything was looked at";

/* What premaster_take leaves of the drawn bytes. */
static void
take(const unsigned char *em, size_t len, size_t got,
    unsigned char premaster[static PREMASTER_BYTES])
{
	memcpy(premaster, drawn, sizeof(drawn));
	premaster_take(em, len, got, premaster);
}

static void
takes_the_secret_out_of_a_good_block(void **state)
{
	static const size_t lens[] = { 256, 384, 512 };

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		unsigned char em[SIGNATURE_MAX_BYTES], premaster[PREMASTER_BYTES];

		exchange_block(EXCHANGE_GOOD, em, lens[i]);
		take(em, lens[i], lens[i], premaster);
		assert_memory_equal(
		    premaster, em + lens[i] - PREMASTER_BYTES, PREMASTER_BYTES);
	}
}

static void
any_defect_leaves_the_drawn_bytes(void **state)
{
	(void)state;
	for (int kind = EXCHANGE_GOOD + 1; kind < EXCHANGE_TOO_LARGE; kind++) {
		unsigned char em[LEN], premaster[PREMASTER_BYTES];

		exchange_block((enum exchange_kind)kind, em, LEN);
		take(em, LEN, LEN, premaster);
		if (memcmp(premaster, drawn, sizeof(drawn)) != 0)
			fail_msg("%s", exchange_name((enum exchange_kind)kind));
	}
}

/* Each byte in turn takes each value: only what the form leaves free may change. */
static void
every_byte_of_the_form_counts(void **state)
{
	const size_t zero_at = LEN - PREMASTER_BYTES - 1;
	unsigned char em[LEN], premaster[PREMASTER_BYTES];

	(void)state;
	exchange_block(EXCHANGE_GOOD, em, LEN);
	for (size_t at = 0; at < LEN; at++) {
		const unsigned char was = em[at];

		for (unsigned value = 0; value < 256; value++) {
			const bool is_padding = at >= 2 && at < zero_at;
			const bool is_free =
			    at > zero_at + 2 || (is_padding && value != 0);
			const void *wanted;

			em[at] = (unsigned char)value;
			take(em, LEN, LEN, premaster);
			wanted = is_free || value == was
				     ? (const void *)(em + LEN - PREMASTER_BYTES)
				     : (const void *)drawn;
			assert_memory_equal(premaster, wanted, PREMASTER_BYTES);
		}
		em[at] = was;
	}
}

static void
another_length_than_the_modulus_leaves_the_drawn_bytes(void **state)
{
	static const size_t gots[] = { 0, 1, LEN - 1, LEN + 1, LEN + ((size_t)1 << 32),
		(size_t)-1 };
	unsigned char em[LEN], premaster[PREMASTER_BYTES];

	(void)state;
	exchange_block(EXCHANGE_GOOD, em, LEN);
	for (size_t i = 0; i < sizeof(gots) / sizeof(gots[0]); i++) {
		take(em, LEN, gots[i], premaster);
		assert_memory_equal(premaster, drawn, sizeof(drawn));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_secret_out_of_a_good_block),
		cmocka_unit_test(any_defect_leaves_the_drawn_bytes),
		cmocka_unit_test(every_byte_of_the_form_counts),
		cmocka_unit_test(another_length_than_the_modulus_leaves_the_drawn_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
