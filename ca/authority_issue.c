/*
 * authority_issue.c - from a certification request to a recorded certificate.
 *
 * The serial is reserved before anything is signed with it, and the certificate is
 * recorded before anyone sees it: a crash in between leaves a reserved serial and no
 * certificate at large.
 */
#include "ca/authority.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/text.h"
#include "ca/authority_certify.h"
#include "ca/authority_key.h"
#include "ca/calendar.h"
#include "ca/certtext.h"
#include "ca/crl_point.h"
#include "ca/csr.h"
#include "ca/draft.h"
#include "ca/identity.h"
#include "ca/keytype.h"
#include "ca/keyusage.h"
#include "ca/renewal.h"
#include "ca/san.h"
#include "ca/spki.h"
#include "ca/subject.h"
#include "ca/subordinate.h"

/* One certificate on its way. */
struct issuance {
	struct authority *authority;
	const struct issue_request *request;
	struct issuer *issuer;
	struct csr csr;
	struct identity identity;
	struct certificate_spec spec;
	STACK_OF(X509) * above; /* the spec's */
	struct certificate_row row;
	struct buffer crl_url;
};

static int
find_issuer(struct issuance *in, struct error *err)
{
	if (issuers_find_signer(
		&in->authority->issuers, in->request->issuer, &in->issuer, err) != 0)
		return -1;
	if (issuer_check_active(in->issuer, err) != 0)
		return -1;
	return authority_check_unrevoked(in->authority, in->issuer, err);
}

/* An authority elsewhere may be certified too; no other profile is for one. */
static int
find_profile(struct issuance *in, struct error *err)
{
	const char *name = in->request->profile;

	if (strcmp(name, profile_intermediate()->name) == 0) {
		in->spec.profile = profile_intermediate();
		return 0;
	}
	return profiles_find(&in->authority->profiles, name, &in->spec.profile, err);
}

static int
look_up(struct issuance *in, struct error *err)
{
	const struct issue_request *request = in->request;

	if (find_issuer(in, err) != 0 || find_profile(in, err) != 0)
		return -1;
	memcpy(in->row.issuer, in->issuer->row.name, sizeof(in->row.issuer));
	if (text_copy(in->row.profile, sizeof(in->row.profile), in->spec.profile->name) !=
		0 ||
	    text_copy(in->row.requester, sizeof(in->row.requester), request->actor) != 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "the requester's name is too long");
	return 0;
}

static int
check_keys(struct issuance *in, struct violations *v, struct error *err)
{
	if (spki_sha256_encoded(in->authority->libctx,
		X509_REQ_get_X509_PUBKEY(in->csr.req), in->row.spki_sha256, err) != 0 ||
	    authority_check_leaf_key(
		in->authority, in->row.spki_sha256, in->csr.key, v, err) != 0)
		return -1;
	return authority_check_issuer_keys(in->authority, in->issuer, v, err);
}

static int
read_request(struct issuance *in, struct violations *v, struct error *err)
{
	const struct certificate_row *before = in->request->renews;
	OSSL_LIB_CTX *libctx = in->authority->libctx;

	if (before != NULL && in->spec.profile->ca)
		return error_set(err, ERROR_CONFLICT,
		    "an authority's certificate is not renewed; sign a request of its");
	if (before != NULL)
		renewal_check(before, in->row.created, v);
	if (before != NULL && in->request->csr.len == 0)
		return renewal_request(libctx, before->certificate, &in->csr, v, err);
	return csr_read(libctx, &in->request->csr, &in->csr, v, err);
}

static int
read_identity(
    struct issuance *in, struct warnings *w, struct violations *v, struct error *err)
{
	const struct certificate_row *before = in->request->renews;

	if (in->spec.profile->ca)
		return subordinate_read(
		    &in->csr, in->issuer->cert, &in->identity, w, v, err);
	if (identity_read(&in->csr, in->spec.profile, &in->identity, w, v, err) != 0)
		return -1;
	if (before == NULL || in->request->csr.len == 0)
		return 0;
	return renewal_compare(in->authority->libctx, before->certificate,
	    in->spec.profile, &in->identity, v, err);
}

static int
judge(struct issuance *in, struct warnings *w, struct violations *v, struct error *err)
{
	const struct issue_request *request = in->request;

	in->row.created = clock_now_s();
	if (read_request(in, v, err) != 0 || check_keys(in, v, err) != 0 ||
	    read_identity(in, w, v, err) != 0)
		return -1;
	if (in->csr.key != NULL)
		keytype_check(in->csr.key, in->spec.profile, v);
	validity_choose(in->spec.profile, request->validity_s, in->row.created,
	    &in->issuer->validity, &in->spec.validity, v);
	calendar_warn(in->spec.profile, in->identity.names, &in->spec.validity, w);
	return violations_verdict(v, err);
}

static int
check_admitted(const struct issuance *in, struct error *err)
{
	const struct issue_request *request = in->request;

	if (request->admit == NULL)
		return 0;
	return request->admit(request->admit_ctx, &in->identity, err);
}

/* What a dry run draws is not reserved, and stands nowhere. */
static int
take_serial(struct issuance *in, struct error *err)
{
	struct authority *authority = in->authority;
	int rc =
	    in->request->dry_run
		? serial_new(authority->libctx, in->spec.serial, err)
		: serials_take(&authority->serials, in->row.issuer, in->spec.serial, err);

	hex_encode(in->row.serial, in->spec.serial, SERIAL_BYTES);
	return rc;
}

static int
fill_spec(struct issuance *in, struct error *err)
{
	in->spec.issuer = in->issuer->cert;
	issuer_point(in->issuer, &in->spec);
	if (authority_above(in->authority, in->issuer, &in->above, err) != 0)
		return -1;
	in->spec.above = in->above;
	in->spec.key = in->csr.key;
	in->spec.subject = in->identity.subject;
	in->spec.names = in->identity.names;
	in->spec.path_len = in->spec.profile->ca ? SUBORDINATE_PATH_LEN : PATH_LEN_NONE;
	in->spec.key_encipherment = keyusage_enciphers(&in->csr, in->spec.profile);
	return issuers_key(
	    &in->authority->issuers, in->issuer, &in->spec.issuer_key, err);
}

/* Where its revocation would be listed. */
static int
choose_crl(struct issuance *in, struct error *err)
{
	in->row.crl_shard =
	    crl_point_choose(&in->issuer->info, in->row.serial, &in->crl_url);
	if (buf_failed(&in->crl_url))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	in->spec.crl_url =
	    profile_url(in->spec.profile->crl_url, buf_string(&in->crl_url));
	return 0;
}

/* der stays empty in a dry run. */
static int
make(struct issuance *in, struct buffer *der, struct violations *v, struct error *err)
{
	OSSL_LIB_CTX *libctx = in->authority->libctx;
	struct draft draft;
	int rc = -1;

	if (draft_make(libctx, &in->spec, &draft, v, err) == 0 &&
	    violations_verdict(v, err) == 0)
		rc = in->request->dry_run
			 ? 0
			 : draft_sign(libctx, &draft, &in->spec, der, err);
	draft_clear(&draft);
	return rc;
}

static int
describe(struct issuance *in, struct issue_result *result, struct error *err)
{
	if (subject_text(in->identity.subject, &result->subject, err) != 0)
		return -1;
	san_text(in->identity.names, &result->names);
	memcpy(result->issuer, in->row.issuer, sizeof(result->issuer));
	result->not_before = in->spec.validity.not_before;
	result->not_after = in->spec.validity.not_after;
	if (buf_failed(&result->subject) || buf_failed(&result->names))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

static int
record(struct issuance *in, const struct issue_result *result, struct error *err)
{
	struct audit_event event = {
		.actor = in->request->actor,
		.request = in->request->request_id,
		.action = "certificate.issued",
		.object = in->row.serial,
	};
	struct buffer detail;
	int rc;

	buf_init(&detail, 0);
	buf_printf(&detail, "issuer %s, profile %s, %s", in->row.issuer, in->row.profile,
	    buf_string(&result->names));
	if (in->request->renews != NULL)
		buf_printf(&detail, ", renews %s", in->request->renews->serial);
	event.detail = buf_string(&detail);
	in->row.status = CERTIFICATE_VALID;
	in->row.not_before = result->not_before;
	in->row.not_after = result->not_after;
	in->row.subject = buf_string(&result->subject);
	in->row.names = buf_string(&result->names);
	in->row.certificate = buf_bytes(&result->certificate);
	in->row.idempotency_key = in->request->idempotency_key;
	rc = buf_failed(&detail)
		 ? error_set(err, ERROR_INTERNAL, "out of memory")
		 : store_certificate_record(in->authority->store, &in->row, &event, err);
	buf_free(&detail);
	return rc;
}

/* Everything that could fail is done before the record, so that what is recorded is
 * handed out. */
static int
release(struct issuance *in, struct issue_result *result, struct error *err)
{
	certtext_pem(buf_bytes(&result->certificate), &result->chain);
	if (authority_chain(in->authority, in->row.issuer, false, &result->chain, err) !=
	    0)
		return -1;
	if (record(in, result, err) != 0)
		return -1;
	memcpy(result->serial, in->row.serial, sizeof(result->serial));
	return 0;
}

static int
issue(struct issuance *in, struct issue_result *result, struct violations *v,
    struct error *err)
{
	if (look_up(in, err) != 0 || judge(in, &result->warnings, v, err) != 0 ||
	    check_admitted(in, err) != 0 || fill_spec(in, err) != 0 ||
	    take_serial(in, err) != 0 || choose_crl(in, err) != 0 ||
	    make(in, &result->certificate, v, err) != 0 || describe(in, result, err) != 0)
		return -1;
	return in->request->dry_run ? 0 : release(in, result, err);
}

int
authority_issue(struct authority *authority, const struct issue_request *request,
    struct issue_result *result, struct violations *v, struct error *err)
{
	struct issuance in = { .authority = authority, .request = request };
	struct issue_result made = { 0 };
	int rc;

	if ((rc = issue(&in, &made, v, err)) != 0)
		issue_result_clear(&made);
	*result = made;
	EVP_PKEY_free(in.spec.issuer_key);
	profile_unref(in.spec.profile);
	sk_X509_pop_free(in.above, X509_free);
	identity_clear(&in.identity);
	csr_clear(&in.csr);
	buf_free(&in.crl_url);
	return rc;
}

void
issue_result_clear(struct issue_result *result)
{
	buf_free(&result->subject);
	buf_free(&result->names);
	buf_free(&result->certificate);
	buf_free(&result->chain);
	*result = (struct issue_result){ 0 };
}
