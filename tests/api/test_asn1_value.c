/* test_asn1_value.c - ASN.1 is recognised, however sloppy; other bytes are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>

#include "api/asn1_value.h"
#include "api/tls_message.h"

#define IS(...)                                                                          \
	is_asn1_value(&(struct bytes){ (const unsigned char[]){ __VA_ARGS__ },           \
	    sizeof((const unsigned char[]){ __VA_ARGS__ }) })

static void
recognises_a_sequence_and_a_set(void **state)
{
	(void)state;
	assert_true(IS(0x30, 0x03, 0x02, 0x01, 0x05));
	assert_true(IS(0x31, 0x03, 0x02, 0x01, 0x05));
	assert_true(IS(0x30, 0x00));
}

static void
recognises_sloppy_lengths(void **state)
{
	(void)state;
	assert_true(IS(0x30, 0x81, 0x03, 0x02, 0x01, 0x05));
	assert_true(IS(0x30, 0x84, 0x00, 0x00, 0x00, 0x03, 0x02, 0x01, 0x05));
	assert_true(IS(0x30, 0x80, 0x02, 0x01, 0x05, 0x00, 0x00));
	assert_true(IS(0x30, 0x80, 0x30, 0x80, 0x00, 0x00, 0x00, 0x00));
}

static void
recognises_high_tag_numbers_within(void **state)
{
	(void)state;
	assert_true(IS(0x30, 0x04, 0x9f, 0x81, 0x01, 0x00));
}

static void
passes_by_what_has_a_byte_too_many_or_too_few(void **state)
{
	(void)state;
	assert_false(IS(0x30, 0x03, 0x02, 0x01, 0x05, 0x00));
	assert_false(IS(0x30, 0x04, 0x02, 0x01, 0x05));
	assert_false(IS(0x30, 0x03, 0x02, 0x02, 0x05));
	assert_false(IS(0x30, 0x80, 0x02, 0x01, 0x05, 0x00));
	assert_false(IS(0x30));
	assert_false(is_asn1_value(&(struct bytes){ 0 }));
}

static void
passes_by_other_values(void **state)
{
	(void)state;
	assert_false(IS(0x02, 0x01, 0x05));
	assert_false(IS(0x20, 0x20, 0x20));
	assert_false(IS('e', 'y', 'J'));
}

static void
ends_on_lengths_that_overflow(void **state)
{
	(void)state;
	assert_false(IS(0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
	assert_false(
	    IS(0x30, 0x8a, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
}

static void
recognises_what_is_nested_deep(void **state)
{
	unsigned char deep[400];
	struct bytes message = { deep, sizeof(deep) };

	(void)state;
	memset(deep, 0, sizeof(deep));
	for (size_t i = 0; i < 200; i += 2) {
		deep[i] = 0x30;
		deep[i + 1] = 0x80;
	}
	message.len = 400;
	assert_true(is_asn1_value(&message));
	message.len = 399;
	assert_false(is_asn1_value(&message));
}

/* A reader without a template for a member does not look into it. */
static void
looks_past_what_is_wrong_within_a_member(void **state)
{
	(void)state;
	assert_true(IS(0x30, 0x07, 0x30, 0x05, 0xff, 0xff, 0xff, 0xff, 0xff));
	assert_true(IS(0x30, 0x80, 0x30, 0x02, 0xff, 0xff, 0x00, 0x00));
}

/* A ServerKeyExchange with DHE parameters of the 2048-bit group of RFC 3526. */
static size_t
make_dhe(unsigned char out[600])
{
	BIGNUM *p = BN_get_rfc3526_prime_2048(NULL);

	memset(out, 0x55, 600);
	memcpy(out + 64, (const unsigned char[]){ 0x01, 0x00 }, 2);
	assert_int_equal(BN_bn2binpad(p, out + 66, 256), 256);
	memcpy(out + 322, (const unsigned char[]){ 0x00, 0x01, 0x02, 0x01, 0x00 }, 5);
	BN_free(p);
	return 327 + 256;
}

static void
keeps_a_tls_key_from_signing_asn1_in_the_shape_of_dhe(void **state)
{
	static const unsigned char heads[][8] = {
		{ 0x30, 0x82, 0x02, 0x43, 0x04, 0x82, 0x02, 0x3f },
		{ 0x30, 0x82, 0x02, 0x43, 0x30, 0x82, 0x02, 0x3f }, /* garbage within */
		{ 0x31, 0x82, 0x02, 0x43, 0xa0, 0x82, 0x02, 0x3f },
	};
	unsigned char data[600];
	struct bytes message = { data, make_dhe(data) };

	(void)state;
	assert_true(tls_is_server_key_exchange(&message));
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		memcpy(data, heads[i], sizeof(heads[i]));
		assert_true(is_asn1_value(&message));
		assert_false(tls_is_server_key_exchange(&message));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recognises_a_sequence_and_a_set),
		cmocka_unit_test(recognises_sloppy_lengths),
		cmocka_unit_test(recognises_high_tag_numbers_within),
		cmocka_unit_test(passes_by_what_has_a_byte_too_many_or_too_few),
		cmocka_unit_test(passes_by_other_values),
		cmocka_unit_test(ends_on_lengths_that_overflow),
		cmocka_unit_test(recognises_what_is_nested_deep),
		cmocka_unit_test(looks_past_what_is_wrong_within_a_member),
		cmocka_unit_test(keeps_a_tls_key_from_signing_asn1_in_the_shape_of_dhe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
