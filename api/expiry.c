/*
 * expiry.c - all of this house that ends: issuers and what stands above them, CRLs, and
 * the certificates that nothing has taken the place of.
 */
#include "api/handlers.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "api/json.h"
#include "api/url.h"
#include "base/clock.h"
#include "base/shared.h"
#include "ca/authority_crl.h"
#include "ca/certtext.h"
#include "ca/profile.h"
#include "store/expiry.h"

/* What has ended is of interest until somebody has seen it, not for ever. */
#define ENDED_S (7 * 86400)

#define LIMIT_DEFAULT   100
#define LIMIT_MAX       1000
#define NAME_SHOWN_SIZE 512

struct listing {
	struct api *api;
	const struct issuer_info *const *issuers;
	size_t issuer_count;
	struct json_t *items;
	int64_t now;
	struct expiry_filter filter;
	int64_t last; /* id of the last row seen, and how many were */
	size_t seen;
	bool failed; /* out of memory: something is missing */
};

/* NULL where it has none. */
struct item {
	const char *kind, *name, *issuer, *serial, *profile;
	int64_t not_before, not_after;
};

static void
add(struct listing *l, const struct item *item)
{
	char not_before[CLOCK_TEXT_SIZE], not_after[CLOCK_TEXT_SIZE];

	/* What is not valid yet is amiss now. */
	if (l->filter.has_before && item->not_after >= l->filter.before &&
	    item->not_before <= l->now)
		return;
	clock_format(not_before, item->not_before);
	clock_format(not_after, item->not_after);
	if (json_append(l->items,
		json_make("{s:s,s:s,s:s*,s:s*,s:s*,s:s,s:s}", "kind", item->kind, "name",
		    item->name, "issuer", item->issuer, "serial", item->serial, "profile",
		    item->profile, "not_before", not_before, "not_after", not_after),
		NULL) != 0)
		l->failed = true;
}

/* What is shown of an issuer stays to the end, also when it is replaced. */
static int
collect_issuer(void *ctx, const struct issuer_info *info)
{
	if (info->certificate.len != 0)
		buf_append(ctx, &info, sizeof(struct issuer_info *));
	return 0;
}

static void
add_above(struct listing *l, const struct issuer_info *info, X509 *cert)
{
	char serial[STORE_SERIAL_SIZE];
	struct validity validity;
	struct buffer subject;

	buf_init(&subject, 0);
	if (certtext_serial(cert, serial, NULL) != 0 ||
	    certtext_validity(cert, &validity, NULL) != 0 ||
	    certtext_subject(cert, &subject, NULL) != 0)
		l->failed = true;
	else
		add(l, &(struct item){ .kind = "chain",
			   .name = buf_string(&subject),
			   .issuer = info->name,
			   .serial = serial,
			   .not_before = validity.not_before,
			   .not_after = validity.not_after });
	buf_free(&subject);
}

/* What another authority signed has certificates above it that are no issuers here. */
static int
add_chain(struct listing *l, const struct issuer_info *info, struct error *err)
{
	struct buffer pem;
	X509 *cert;
	BIO *in;
	int rc;

	buf_init(&pem, 0);
	rc = authority_chain(l->api->authority, info->name, true, &pem, err);
	in = BIO_new_mem_buf(pem.data, (int)pem.len);
	for (int i = 0; rc == 0 && in != NULL &&
			(cert = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL;
	     i++) {
		if (i > 0)
			add_above(l, info, cert);
		X509_free(cert);
	}
	ERR_clear_error();
	BIO_free(in);
	buf_free(&pem);
	return rc;
}

/* Whatever the end that was asked for: it may have come. */
static void
add_fault(struct listing *l, const char *kind, const char *name, const char *fault)
{
	if (json_append(l->items,
		json_make("{s:s,s:s,s:s,s:s}", "kind", kind, "name", name, "issuer", name,
		    "fault", fault),
		NULL) != 0)
		l->failed = true;
}

static void
add_crl(struct listing *l, const struct issuer_info *info)
{
	struct error why = { .code = ERROR_NONE };
	struct crl_info crl;

	if (authority_crl(l->api->authority, info->name, AUTHORITY_ALL_SHARDS, false,
		&crl, &why) != 0) {
		add_fault(l, "crl", info->name, why.text);
		return;
	}
	add(l, &(struct item){ .kind = "crl",
		   .name = info->name,
		   .issuer = info->name,
		   .not_before = crl.this_update,
		   .not_after = crl.next_update });
	shared_free(crl.der);
}

static int
add_issuer(struct listing *l, const struct issuer_info *info, struct error *err)
{
	add(l, &(struct item){ .kind = "issuer",
		   .name = info->name,
		   .issuer = info->parent,
		   .serial = info->serial,
		   .not_before = info->not_before,
		   .not_after = info->not_after });
	add_crl(l, info);
	return info->external ? add_chain(l, info, err) : 0;
}

static int
add_issuers(struct listing *l, struct error *err)
{
	for (size_t i = 0; i < l->issuer_count; i++)
		if (l->issuers[i]->state != ISSUER_RETIRED &&
		    add_issuer(l, l->issuers[i], err) != 0)
			return -1;
	return 0;
}

/* An intermediate of this house is in the record as a certificate, too. */
static bool
is_issuer(const struct listing *l, const struct certificate_row *row)
{
	for (size_t i = 0; i < l->issuer_count; i++)
		if (strcmp(l->issuers[i]->serial, row->serial) == 0)
			return true;
	return false;
}

static bool
is_of_profile(const struct certificate_row *row, const struct profile *profile)
{
	return strcmp(row->profile, profile->name) == 0;
}

static int
add_certificate(
    void *ctx, int64_t id, const struct certificate_row *row, bool is_replaced)
{
	struct listing *l = ctx;
	size_t kind = strcspn(row->names, ":") + 1, len = strcspn(row->names, " ");
	char name[NAME_SHOWN_SIZE];

	l->last = id;
	l->seen++;
	if (is_replaced ||
	    (is_of_profile(row, profile_intermediate()) && is_issuer(l, row)))
		return 0;
	if (len > kind)
		snprintf(
		    name, sizeof(name), "%.*s", (int)(len - kind), row->names + kind);
	else
		snprintf(name, sizeof(name), "%s", row->subject);
	add(l, &(struct item){ .kind = is_of_profile(row, profile_ocsp_signer())
					   ? "ocsp-signer"
					   : "certificate",
		   .name = name,
		   .issuer = row->issuer,
		   .serial = row->serial,
		   .profile = row->profile,
		   .not_before = row->not_before,
		   .not_after = row->not_after });
	return 0;
}

static int
read_query(const char *query, struct listing *l, struct error *err)
{
	uint64_t cursor = 0, limit = LIMIT_DEFAULT;
	int64_t before = 0;
	char when[32];
	bool found;

	if (query_get(query, "before", when, sizeof(when), &found, err) != 0 ||
	    query_number(query, "limit", 1, LIMIT_MAX, &limit, err) != 0 ||
	    query_number(query, "cursor", 0, INT64_MAX, &cursor, err) != 0)
		return -1;
	if (found && clock_parse(when, &before) != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "URL: before takes a time such as 2026-01-31T23:59:59Z");
	l->filter = (struct expiry_filter){ .from = l->now - ENDED_S,
		.has_before = found,
		.before = before,
		.after_id = (int64_t)cursor,
		.limit = (size_t)limit };
	return 0;
}

static int
link_next(struct exchange *x, const struct listing *l, struct error *err)
{
	char next[QUERY_LINK_SIZE];

	if (l->seen < l->filter.limit)
		return 0;
	if (query_with_cursor(x->req->query, l->last, next, err) != 0)
		return -1;
	snprintf(
	    x->res->link, sizeof(x->res->link), "</v1/expiry?%s>; rel=\"next\"", next);
	return 0;
}

/* The issuers come with the first page. */
static int
fill(struct exchange *x, struct listing *l, struct error *err)
{
	if (l->filter.after_id == 0 && add_issuers(l, err) != 0)
		return -1;
	if (store_expiry_each(x->api->store, &l->filter, add_certificate, l, err) != 0)
		return -1;
	return link_next(x, l, err);
}

int
get_expiry(struct exchange *x, struct error *err)
{
	struct listing l = { .api = x->api, .now = clock_now_s() };
	char now[CLOCK_TEXT_SIZE];
	struct buffer issuers;
	int rc = 0;

	if (read_query(x->req->query, &l, err) != 0)
		return -1;
	l.items = json_make("[]");
	buf_init(&issuers, 0);
	authority_each_issuer(x->api->authority, collect_issuer, &issuers);
	l.issuers = (const struct issuer_info *const *)(const void *)issuers.data;
	l.issuer_count = issuers.len / sizeof(l.issuers[0]);
	if (!buf_failed(&issuers) && fill(x, &l, err) != 0)
		rc = -1;
	else if (buf_failed(&issuers) || l.failed)
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	buf_free(&issuers);
	if (rc != 0) {
		json_free(l.items);
		return -1;
	}
	clock_format(now, l.now);
	return json_respond(
	    x->res, 200, json_make("{s:s,s:o}", "now", now, "items", l.items), err);
}
