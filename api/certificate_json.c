/* certificate_json.c - from a row to JSON. */
#include "api/certificate_json.h"

#include <string.h>

#include "api/json.h"
#include "api/warnings.h"
#include "base/clock.h"
#include "ca/reason.h"

/* "dns:a ip:b" as a list. */
static struct json_t *
list_names(const char *names)
{
	struct json_t *list = json_make("[]");

	while (list != NULL && *names != '\0') {
		size_t len = strcspn(names, " ");

		if (json_append(list, json_make("s%", names, len), NULL) != 0) {
			json_free(list);
			return NULL;
		}
		names += len;
		names += strspn(names, " ");
	}
	return list;
}

static const char *
status_of(const struct certificate_row *row)
{
	if (row->status == CERTIFICATE_REVOKED)
		return "revoked";
	return row->not_after < clock_now_s() ? "expired" : "valid";
}

struct json_t *
certificate_json(
    const struct certificate_row *row, const struct certificate_extras *extras)
{
	const char *status = extras->status != NULL ? extras->status : status_of(row);
	const char *serial = row->serial[0] != '\0' ? row->serial : NULL;
	char not_before[CLOCK_TEXT_SIZE], not_after[CLOCK_TEXT_SIZE];
	char revoked_at[CLOCK_TEXT_SIZE];
	bool is_revoked = row->status == CERTIFICATE_REVOKED;
	struct json_t *warnings = NULL;

	clock_format(not_before, row->not_before);
	clock_format(not_after, row->not_after);
	clock_format(revoked_at, row->revoked_at);
	if (extras->warnings != NULL)
		warnings = warnings_json(extras->warnings);
	return json_make(
	    "{s:s*,s:s,s:s,s:s,s:o,s:s,s:s,s:s,s:s*,s:s*,s:s,s:s*,s:s*,s:o*}", "serial",
	    serial, "issuer", row->issuer, "profile", row->profile, "subject",
	    row->subject, "names", list_names(row->names), "not_before", not_before,
	    "not_after", not_after, "status", status, "revoked_at",
	    is_revoked ? revoked_at : NULL, "revocation_reason",
	    is_revoked ? reason_name(row->revocation_reason) : NULL, "requester",
	    row->requester, "certificate", extras->certificate, "chain", extras->chain,
	    "warnings", warnings);
}
