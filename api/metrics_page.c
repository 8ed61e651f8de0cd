/*
 * metrics_page.c - GET /metrics: all that can be seen from outside.
 *
 * What cannot be had, because the database or the token is away, is left out or 0: the
 * rest is wanted then more than ever.
 */
#include "api/exposition.h"
#include "api/handlers.h"
#include "api/managed.h"
#include "api/metrics.h"
#include "api/process.h"
#include "api/signature_metrics.h"
#include "api/token_metrics.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"
#include "ca/authority_crl.h"
#include "store/statistics.h"

#define NAME_LINES   "keyhold_log_lines_total"
#define NAME_AUDIT   "keyhold_audit_entries_total"
#define NAME_VALID   "keyhold_certificates_valid"
#define NAME_ENDING  "keyhold_certificates_ending"
#define NAME_OVERDUE "keyhold_certificates_overdue"
#define NAME_EXPIRY  "keyhold_certificate_expiry_timestamp_seconds"
#define NAME_CRL     "keyhold_crl_next_update_timestamp_seconds"

static void
note_incomplete(const struct error *why)
{
	char quoted[LOG_QUOTED_MAX];

	log_error("metrics.incomplete", "why=\"%s\"", log_quoted(quoted, why->text));
}

static void
write_build(struct buffer *out)
{
	static const struct label labels[] = { { "version", KEYHOLD_VERSION },
		{ NULL, NULL } };

	exposition_family(out, "keyhold_build_info", "gauge", "1, and which version.");
	exposition_integer(out, "keyhold_build_info", labels, 1);
}

static void
write_recorder(const struct recorder *recorder, struct buffer *out)
{
	signature_metrics_write(recorder->signatures, out);
	exposition_gauge(out, "keyhold_audit_behind",
	    "1 while signatures are refused, because they or their counts cannot be "
	    "entered in the audit record.",
	    atomic_load(&recorder->behind) ? 1 : 0);
}

static void
write_lines(struct buffer *out)
{
	exposition_family(
	    out, NAME_LINES, "counter", "Lines written to the log by level.");
	for (enum log_level i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++) {
		const struct label labels[] = { { "level", log_level_name(i) },
			{ NULL, NULL } };

		exposition_integer(out, NAME_LINES, labels, (long long)log_lines(i));
	}
}

static void
write_token(struct api *api, struct buffer *out)
{
	struct error why;

	token_metrics_write(api->keys, out);
	/* After the above, which would count it. */
	exposition_gauge(out, "keyhold_ready",
	    "1 when a signature was made and verified for this answer, as for /readyz.",
	    keyring_check(api->keys, &why) == 0 ? 1 : 0);
}

static void
write_size(struct api *api, struct buffer *out)
{
	struct store_size size;
	struct error why;

	if (store_size(api->store, &size, &why) != 0) {
		note_incomplete(&why);
		return;
	}
	exposition_family(
	    out, NAME_AUDIT, "counter", "Entries of the audit record, since it began.");
	exposition_integer(out, NAME_AUDIT, NULL, size.audit_entries);
	exposition_gauge(
	    out, "keyhold_store_bytes", "The database and its log, on disk.", size.bytes);
}

/* Families cannot be mixed, so each has a text of its own first. */
struct certificates {
	struct buffer valid, ending, overdue;
};

static void
take_counts(void *ctx, const struct certificate_counts *counts)
{
	struct certificates *c = ctx;
	struct label labels[] = { { "issuer", counts->issuer }, { NULL, NULL },
		{ NULL, NULL } };

	exposition_integer(&c->valid, NAME_VALID, labels, counts->valid);
	exposition_integer(&c->overdue, NAME_OVERDUE, labels, counts->overdue);
	labels[1] = (struct label){ "days", "1" };
	exposition_integer(&c->ending, NAME_ENDING, labels, counts->within_1d);
	labels[1].value = "7";
	exposition_integer(&c->ending, NAME_ENDING, labels, counts->within_7d);
	labels[1].value = "30";
	exposition_integer(&c->ending, NAME_ENDING, labels, counts->within_30d);
}

static int
write_certificates(struct api *api, struct buffer *out, struct error *err)
{
	struct certificates c;
	int rc;

	buf_init(&c.valid, 0);
	buf_init(&c.ending, 0);
	buf_init(&c.overdue, 0);
	rc = store_certificate_counts(api->store, clock_now_s(), take_counts, &c, err);
	exposition_family(out, NAME_VALID, "gauge",
	    "Certificates neither expired nor revoked, by issuer.");
	buf_text(out, buf_string(&c.valid));
	exposition_family(out, NAME_ENDING, "gauge",
	    "Of the valid ones, those that end within so many days, renewed or not.");
	buf_text(out, buf_string(&c.ending));
	exposition_family(out, NAME_OVERDUE, "gauge",
	    "Of these, with less than a sixth of their life left and no successor: no "
	    "later certificate for their first name.");
	buf_text(out, buf_string(&c.overdue));
	buf_free(&c.valid);
	buf_free(&c.ending);
	buf_free(&c.overdue);
	return rc;
}

static int
write_costly(void *ctx, struct buffer *out, struct error *err)
{
	struct api *api = ctx;

	if (write_certificates(api, out, err) != 0)
		return -1;
	return managed_write_metrics(api, out, err);
}

struct issuer_end {
	char name[STORE_NAME_SIZE];
	int64_t not_after;
};

static int
take_issuer(void *ctx, const struct issuer_info *info)
{
	struct issuer_end end = { .not_after = info->not_after };

	if (info->certificate.len == 0 ||
	    text_copy(end.name, sizeof(end.name), info->name) != 0)
		return 0;
	buf_append(ctx, &end, sizeof(end));
	return 0;
}

static void
write_crl(struct api *api, const struct issuer_end *issuer, const struct label *labels,
    struct buffer *out)
{
	struct crl_info crl;
	struct error none;

	if (authority_crl(api->authority, issuer->name, AUTHORITY_ALL_SHARDS, false, &crl,
		&none) != 0)
		return;
	exposition_integer(out, NAME_CRL, labels, crl.next_update);
	shared_free(crl.der);
}

static void
write_issuers(struct api *api, struct buffer *out)
{
	const struct issuer_end *issuers;
	struct buffer list, crls;
	size_t count;

	buf_init(&list, 0);
	buf_init(&crls, 0);
	authority_each_issuer(api->authority, take_issuer, &list);
	issuers = (const struct issuer_end *)list.data;
	count = list.len / sizeof(*issuers);
	exposition_family(out, NAME_EXPIRY, "gauge",
	    "When an issuer's own certificate ends, in seconds since 1970.");
	for (size_t i = 0; i < count; i++) {
		const struct label labels[] = { { "issuer", issuers[i].name },
			{ NULL, NULL } };

		exposition_integer(out, NAME_EXPIRY, labels, issuers[i].not_after);
		write_crl(api, &issuers[i], labels, &crls);
	}
	exposition_family(out, NAME_CRL, "gauge",
	    "When an issuer's CRL of all certificates ends, in seconds since 1970.");
	buf_text(out, buf_string(&crls));
	buf_free(&list);
	buf_free(&crls);
}

int
get_metrics(struct exchange *x, struct error *err)
{
	struct buffer *out = &x->res->body;
	struct error why;

	write_build(out);
	metrics_write(x->api->metrics, out);
	write_recorder(x->api->recorder, out);
	write_token(x->api, out);
	write_lines(out);
	write_size(x->api, out);
	if (metrics_write_costly(x->api->metrics, write_costly, x->api, out, &why) != 0)
		note_incomplete(&why);
	write_issuers(x->api, out);
	process_write(out);
	return response_finish(x->res, EXPOSITION_TYPE, err);
}
