/* test_asn1_value.c - ASN.1 is recognised, however sloppy; other bytes are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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
takes_what_is_nested_too_deep_for_asn1(void **state)
{
	unsigned char deep[100];
	struct bytes message = { deep, sizeof(deep) };

	(void)state;
	for (size_t i = 0; i < sizeof(deep); i += 2) {
		deep[i] = 0x30;
		deep[i + 1] = (unsigned char)(sizeof(deep) - 2 - i);
	}
	assert_true(is_asn1_value(&message));
	/* Broken at the bottom, where nobody looks any more. */
	deep[sizeof(deep) - 1] = 7;
	assert_true(is_asn1_value(&message));
}

/*
 * The shape of a ServerKeyExchange with DHE parameters and of a SEQUENCE at once: an
 * OCTET STRING to the end of the randoms, and the length fields read as empty BOOLEANs.
 */
static size_t
make_double(unsigned char out[600])
{
	static const unsigned char value[] = { 0x84, 0x82, 0x00, 0xfc };
	size_t at = 0;

	memset(out, 0x55, 600);
	memcpy(out, (const unsigned char[]){ 0x30, 0x82, 0x02, 0x43, 0x04, 0x3a }, 6);
	at = 64;
	memcpy(out + at, (const unsigned char[]){ 0x01, 0x00 }, 2); /* p: 256 bytes */
	memcpy(out + at + 2, value, sizeof(value));
	at += 2 + 256;
	memcpy(out + at, (const unsigned char[]){ 0x00, 0x01, 0x02 }, 3); /* g: 2 */
	at += 3;
	memcpy(out + at, (const unsigned char[]){ 0x01, 0x00 }, 2); /* Ys: 256 bytes */
	memcpy(out + at + 2, value, sizeof(value));
	return at + 2 + 256;
}

static void
keeps_a_tls_key_from_signing_asn1_in_the_shape_of_dhe(void **state)
{
	unsigned char data[600];
	struct bytes message = { data, make_double(data) };

	(void)state;
	assert_int_equal(message.len, 583);
	assert_true(is_asn1_value(&message));
	assert_false(tls_is_server_key_exchange(&message));
	/* The very same parameters behind other randoms are a ServerKeyExchange. */
	data[0] = 0x55;
	assert_false(is_asn1_value(&message));
	assert_true(tls_is_server_key_exchange(&message));
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
		cmocka_unit_test(takes_what_is_nested_too_deep_for_asn1),
		cmocka_unit_test(keeps_a_tls_key_from_signing_asn1_in_the_shape_of_dhe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
