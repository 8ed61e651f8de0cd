/* dnspattern.c - labels compared from the right, as names are delegated. */
#include "ca/dnspattern.h"

#include <string.h>

#define NAME_MAX_BYTES  253
#define LABEL_MAX_BYTES 63

static bool
is_text(struct bytes label, const char *text)
{
	return label.len == strlen(text) && memcmp(label.data, text, label.len) == 0;
}

/* Cuts the last label off, and the dot before it. */
static struct bytes
take_last(struct bytes *rest)
{
	size_t start = rest->len;
	struct bytes label;

	while (start > 0 && rest->data[start - 1] != '.')
		start--;
	label = (struct bytes){ rest->data + start, rest->len - start };
	rest->len = start > 0 ? start - 1 : 0;
	return label;
}

static bool
is_host_label(struct bytes label)
{
	if (label.len == 0 || label.len > LABEL_MAX_BYTES || label.data[0] == '-' ||
	    label.data[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-", label.data[i]) ==
			NULL ||
		    label.data[i] == '\0')
			return false;
	return true;
}

bool
dnspattern_is_valid(struct bytes pattern)
{
	struct bytes rest = pattern;

	if (pattern.len == 0 || pattern.len > NAME_MAX_BYTES || pattern.data[0] == '.')
		return false;
	while (rest.len > 0) {
		struct bytes label = take_last(&rest);

		if (is_text(label, "**") ? rest.len > 0
					 : !is_text(label, "*") && !is_host_label(label))
			return false;
	}
	return true;
}

/* Names that come here may be of a URI, or of somebody's certificate. */
static bool
has_empty_label(struct bytes name)
{
	bool is_after_dot = true;

	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] == '.' && is_after_dot)
			return true;
		is_after_dot = name.data[i] == '.';
	}
	return is_after_dot;
}

bool
dnspattern_matches(struct bytes pattern, struct bytes name)
{
	if (has_empty_label(name))
		return false;
	while (pattern.len > 0 && name.len > 0) {
		struct bytes wanted = take_last(&pattern), label = take_last(&name);

		if (is_text(wanted, "**"))
			return true;
		if (!is_text(wanted, "*") &&
		    (wanted.len != label.len ||
			memcmp(wanted.data, label.data, label.len) != 0))
			return false;
	}
	return pattern.len == 0 && name.len == 0;
}
