/* punycode.c - the decoder of RFC 3492 section 6.2, which keeps no output. */
#include "ca/punycode.h"

#include <stdint.h>

#define BASE         36
#define T_MIN        1
#define T_MAX        26
#define SKEW         38
#define DAMP         700
#define INITIAL_BIAS 72
#define INITIAL_N    128
#define LAST_N       0x10ffff

static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static int
digit_value(unsigned char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= '0' && c <= '9')
		return c - '0' + 26;
	return -1;
}

static uint32_t
threshold(uint32_t k, uint32_t bias)
{
	if (k <= bias + T_MIN)
		return T_MIN;
	return k >= bias + T_MAX ? T_MAX : k - bias;
}

/* Adds one variable-length integer to *i. */
static bool
take_delta(struct bytes *in, uint32_t bias, uint32_t *i)
{
	uint64_t sum = *i, weight = 1;

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = threshold(k, bias);
		int digit;

		if (in->len == 0 || (digit = digit_value(*in->data)) < 0)
			return false;
		in->data++;
		in->len--;
		sum += (uint64_t)digit * weight;
		if (sum > INT32_MAX)
			return false;
		if ((uint32_t)digit < t)
			break;
		weight *= BASE - t;
		if (weight > INT32_MAX)
			return false;
	}
	*i = (uint32_t)sum;
	return true;
}

/* The basic code points come first, up to the last hyphen. */
static uint32_t
skip_basic(struct bytes *in)
{
	size_t basic = 0;

	for (size_t i = 0; i < in->len; i++)
		if (in->data[i] == '-')
			basic = i;
	if (basic > 0) {
		in->data += basic + 1;
		in->len -= basic + 1;
	}
	return (uint32_t)basic;
}

bool
punycode_is_valid(struct bytes text)
{
	uint32_t n = INITIAL_N, bias = INITIAL_BIAS, i = 0;
	uint32_t points = skip_basic(&text);

	if (text.len == 0)
		return false;
	for (bool first = true; text.len > 0; first = false) {
		uint32_t before = i;

		if (!take_delta(&text, bias, &i))
			return false;
		points++;
		bias = adapt(i - before, points, first);
		n += i / points;
		if (n > LAST_N || (n >= 0xd800 && n <= 0xdfff))
			return false;
		i = i % points + 1;
	}
	return true;
}
