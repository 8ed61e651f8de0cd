/* managed_metrics.c - when what is managed ends, is due, and how often that failed. */
#include "api/exposition.h"
#include "api/managed.h"
#include "api/managed_state.h"

#define NAME_EXPIRY "keyhold_managed_expiry_timestamp_seconds"
#define NAME_DUE    "keyhold_managed_due_timestamp_seconds"
#define NAME_FAILED "keyhold_managed_failed_attempts"

/* Families cannot be mixed, so each has a text of its own first. */
struct samples {
	struct buffer expiry, due, failed;
};

static int
take_managed(void *ctx, const struct managed_row *row)
{
	const struct label labels[] = { { "name", row->name }, { NULL, NULL } };
	struct samples *s = ctx;
	struct managed managed;
	struct error none;
	int64_t not_after;

	if (managed_parse(row, &managed, &none) == 0) {
		not_after = managed_state_not_after(managed.state);
		if (not_after != 0)
			exposition_integer(&s->expiry, NAME_EXPIRY, labels, not_after);
		exposition_integer(&s->due, NAME_DUE, labels, managed_due_at(&managed));
		exposition_integer(&s->failed, NAME_FAILED, labels,
		    managed_state_attempts(managed.state));
	}
	managed_clear(&managed);
	return 0;
}

int
managed_write_metrics(struct api *api, struct buffer *out, struct error *err)
{
	struct samples s;
	int rc;

	buf_init(&s.expiry, 0);
	buf_init(&s.due, 0);
	buf_init(&s.failed, 0);
	rc = store_managed_each(api->store, take_managed, &s, err);
	exposition_family(out, NAME_EXPIRY, "gauge",
	    "When a managed certificate that is installed ends, in seconds since 1970.");
	buf_text(out, buf_string(&s.expiry));
	exposition_family(
	    out, NAME_DUE, "gauge", "When it is to be renewed, in seconds since 1970.");
	buf_text(out, buf_string(&s.due));
	exposition_family(out, NAME_FAILED, "gauge",
	    "Attempts to renew it that failed since the last that did not.");
	buf_text(out, buf_string(&s.failed));
	buf_free(&s.expiry);
	buf_free(&s.due);
	buf_free(&s.failed);
	return rc;
}
