/* der_write.c - tags, shortest lengths, content. */
#include "ca/der_write.h"

#include <time.h>

#define GENERALIZED_CHARS 15 /* 20260131235959Z */

void
der_header(struct buffer *out, unsigned char tag, size_t len)
{
	unsigned char header[2 + sizeof(len)] = { tag };
	size_t at = 1;
	int octets = 0;

	if (len < 0x80) {
		header[at++] = (unsigned char)len;
	} else {
		for (size_t rest = len; rest > 0; rest >>= 8)
			octets++;
		header[at++] = (unsigned char)(0x80 | octets);
		while (octets-- > 0)
			header[at++] = (unsigned char)(len >> (8 * octets));
	}
	buf_append(out, header, at);
}

void
der_value(struct buffer *out, unsigned char tag, struct bytes content)
{
	der_header(out, tag, content.len);
	buf_append(out, content.data, content.len);
}

void
der_integer(struct buffer *out, struct bytes octets)
{
	static const unsigned char zero;

	while (octets.len > 1 && octets.data[0] == 0) {
		octets.data++;
		octets.len--;
	}
	if (octets.data[0] < 0x80) {
		der_value(out, DER_INTEGER, octets);
		return;
	}
	der_header(out, DER_INTEGER, octets.len + 1);
	buf_append(out, &zero, 1);
	buf_append(out, octets.data, octets.len);
}

void
der_number(struct buffer *out, uint64_t number)
{
	unsigned char octets[sizeof(number)];

	for (size_t i = sizeof(octets); i-- > 0; number >>= 8)
		octets[i] = (unsigned char)number;
	der_integer(out, (struct bytes){ octets, sizeof(octets) });
}

static void
two_digits(unsigned char *out, int value)
{
	out[0] = (unsigned char)('0' + value / 10 % 10);
	out[1] = (unsigned char)('0' + value % 10);
}

/* By hand: a million of them are written in a row. Gives the year. */
static int
write_digits(unsigned char text[static GENERALIZED_CHARS], int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm = { 0 };
	int year;

	gmtime_r(&when, &tm);
	year = tm.tm_year + 1900;
	two_digits(text, year / 100);
	two_digits(text + 2, year);
	two_digits(text + 4, tm.tm_mon + 1);
	two_digits(text + 6, tm.tm_mday);
	two_digits(text + 8, tm.tm_hour);
	two_digits(text + 10, tm.tm_min);
	two_digits(text + 12, tm.tm_sec);
	text[14] = 'Z';
	return year;
}

void
der_time(struct buffer *out, int64_t seconds)
{
	unsigned char text[GENERALIZED_CHARS];
	int year = write_digits(text, seconds);

	if (year >= 1950 && year < 2050)
		der_value(
		    out, DER_UTC_TIME, (struct bytes){ text + 2, sizeof(text) - 2 });
	else
		der_value(
		    out, DER_GENERALIZED_TIME, (struct bytes){ text, sizeof(text) });
}

void
der_generalized_time(struct buffer *out, int64_t seconds)
{
	unsigned char text[GENERALIZED_CHARS];

	write_digits(text, seconds);
	der_value(out, DER_GENERALIZED_TIME, (struct bytes){ text, sizeof(text) });
}
