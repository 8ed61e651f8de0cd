/* caps.c - "100/s", and a number. */
#include "service/caps.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define RATE_MAX       1000000
#define CONCURRENT_MAX 65536
#define DIGITS_MAX     7

static int
read_period(const char *unit, unsigned *period_s)
{
	static const struct {
		const char *unit;
		unsigned seconds;
	} periods[] = { { "/s", 1 }, { "/m", 60 }, { "/h", 3600 } };

	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++)
		if (strcmp(unit, periods[i].unit) == 0) {
			*period_s = periods[i].seconds;
			return 0;
		}
	return -1;
}

static int
read_rate(const char *text, struct cap_terms *terms, struct error *err)
{
	size_t digits = strcspn(text, "/");
	char number[DIGITS_MAX + 1];
	uint64_t rate;

	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	if (digits > DIGITS_MAX || text_to_uint(number, 1, RATE_MAX, &rate, NULL) != 0 ||
	    read_period(text + digits, &terms->period_s) != 0)
		return error_set(err, ERROR_CONFIG,
		    "\"%.32s\" is not like 100/s, 100/m or 100/h, from 1 to %d", text,
		    RATE_MAX);
	terms->rate = (unsigned)rate;
	return 0;
}

static int
read_concurrent(const char *text, struct cap_terms *terms, struct error *err)
{
	uint64_t concurrent;

	if (text_to_uint(text, 1, CONCURRENT_MAX, &concurrent, NULL) != 0)
		return error_set(err, ERROR_CONFIG,
		    "\"%.32s\" is not a number from 1 to %d", text, CONCURRENT_MAX);
	terms->concurrent = (unsigned)concurrent;
	return 0;
}

int
caps_read(const struct access_settings *settings, struct cap_terms *terms,
    char place[static RULES_PLACE_SIZE], struct error *err)
{
	*terms = (struct cap_terms){ .period_s = 1 };
	snprintf(place, RULES_PLACE_SIZE, "rate");
	if (settings->rate != NULL && read_rate(settings->rate, terms, err) != 0)
		return -1;
	snprintf(place, RULES_PLACE_SIZE, "concurrent");
	if (settings->concurrent != NULL)
		return read_concurrent(settings->concurrent, terms, err);
	return 0;
}
