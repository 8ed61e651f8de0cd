/* pattern.c - one wildcard, so that a rule can be read without a manual. */
#include "api/pattern.h"

#include <stddef.h>
#include <string.h>

#define PATTERN_MAX 63 /* as long as a name may be */

bool
pattern_is_valid(const char *pattern)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789._-*";
	size_t len = strlen(pattern);

	/* A name begins with neither of these three. */
	return len > 0 && len <= PATTERN_MAX && strspn(pattern, alphabet) == len &&
	       strchr("._-", pattern[0]) == NULL;
}

/* Where a part does not fit, only the last '*' can take more: what earlier ones took was
 * the shortest that fitted. So no pattern needs more than length times length steps. */
bool
pattern_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *taken = NULL;

	while (*name != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			taken = name;
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star != NULL) {
			pattern = star + 1;
			name = ++taken;
		} else {
			return false;
		}
	}
	pattern += strspn(pattern, "*");
	return *pattern == '\0';
}
