/* issuing.c - certificates from certification requests. */
#include "api/issuing.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "api/certform.h"
#include "api/certificate_json.h"
#include "api/idempotency.h"
#include "api/json.h"
#include "api/url.h"
#include "ca/certtext.h"
#include "ca/identity.h"
#include "ca/profile.h"
#include "store/certificate_copy.h"

/* chain is PEM, its first certificate the row's. warnings may be NULL. */
static int
respond(struct exchange *x, const struct certificate_row *row, const char *type,
    const struct buffer *chain, const struct warnings *warnings, struct error *err)
{
	struct certificate_extras extras = {
		.chain = buf_string(chain),
		.warnings = warnings,
	};
	struct buffer pem;
	int rc;

	snprintf(x->res->location, sizeof(x->res->location), "/v1/certificates/%s",
	    row->serial);
	if (strcmp(type, JSON_TYPE) != 0) {
		rc = certform_respond(x->res, type, buf_bytes(chain), err);
		x->res->status = 201;
		return rc;
	}
	buf_init(&pem, 0);
	certtext_pem(row->certificate, &pem);
	extras.certificate = buf_string(&pem);
	rc = json_respond(x->res, 201, certificate_json(row, &extras), err);
	buf_free(&pem);
	return rc;
}

/* One issuance, as the rules look at it. */
struct permission {
	struct exchange *x;
	struct access_question question;
};

/* A CommonName is one of the names (RULE_CN_IN_SAN). */
static int
admit(void *ctx, const struct identity *identity, struct error *err)
{
	struct permission *permission = ctx;

	permission->question.names = identity->names;
	return require_access(permission->x, &permission->question, err);
}

/* What was issued once is asked about again: the rules may have changed since. */
static int
admit_again(
    struct permission *permission, const struct certificate_row *row, struct error *err)
{
	const unsigned char *der = row->certificate.data;
	X509 *certificate = d2i_X509(NULL, &der, (long)row->certificate.len);
	GENERAL_NAMES *names = NULL;
	int rc;

	if (certificate == NULL)
		return error_set_openssl(err, ERROR_IO, "a recorded certificate");
	names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	permission->question.names = names;
	rc = require_access(permission->x, &permission->question, err);
	permission->question.names = NULL;
	GENERAL_NAMES_free(names);
	X509_free(certificate);
	return rc;
}

/* What was recorded when the same request came before. */
static int
respond_again(struct permission *permission, const struct issuing *in, const char *serial,
    struct error *err)
{
	struct exchange *x = permission->x;
	struct certificate_copy copy;
	struct buffer chain;
	int rc;

	buf_init(&chain, 0);
	rc = store_certificate_copy(x->api->store, serial, &copy, err);
	if (rc == 0)
		rc = admit_again(permission, &copy.row, err);
	if (rc == 0) {
		certtext_pem(copy.row.certificate, &chain);
		rc = authority_chain(
		    x->api->authority, copy.row.issuer, false, &chain, err);
	}
	if (rc == 0)
		rc = respond(x, &copy.row, in->type, &chain, NULL, err);
	certificate_copy_clear(&copy);
	buf_free(&chain);
	return rc;
}

static struct certificate_row
row_of(const struct issue_request *request, const struct issue_result *result)
{
	struct certificate_row row = {
		.status = CERTIFICATE_VALID,
		.not_before = result->not_before,
		.not_after = result->not_after,
		.subject = buf_string(&result->subject),
		.names = buf_string(&result->names),
		.certificate = buf_bytes(&result->certificate),
	};

	snprintf(row.serial, sizeof(row.serial), "%s", result->serial);
	snprintf(row.issuer, sizeof(row.issuer), "%s", result->issuer);
	snprintf(row.profile, sizeof(row.profile), "%s", request->profile);
	snprintf(row.requester, sizeof(row.requester), "%s", request->actor);
	return row;
}

static int
sign(struct exchange *x, const struct issuing *in, const struct issue_request *request,
    struct error *err)
{
	struct issue_result result = { 0 };
	struct certificate_row row;
	int rc =
	    authority_issue(x->api->authority, request, &result, &x->violations, err);

	if (rc == 0) {
		row = row_of(request, &result);
		rc = respond(x, &row, in->type, &result.chain, &result.warnings, err);
	}
	issue_result_clear(&result);
	return rc;
}

/* The right to issue is for leaves: who makes authorities can make anything. */
unsigned
issuing_right(const char *profile)
{
	return strcmp(profile, profile_intermediate()->name) == 0 ? ACCESS_ADMIN
								  : ACCESS_ISSUE;
}

static struct permission
permission_to(struct exchange *x, const struct issue_request *request)
{
	return (struct permission){ x, { .needed = issuing_right(request->profile),
					   .issuer = request->issuer,
					   .profile = request->profile } };
}

/* What would be signed: JSON without serial, certificate and chain. */
int
issuing_judge(struct exchange *x, const struct issue_request *wanted,
    struct json_t **certificate, struct error *err)
{
	struct permission permission = permission_to(x, wanted);
	struct issue_request request = *wanted;
	struct issue_result result = { 0 };
	struct certificate_extras extras = {
		.status = "dry-run",
		.warnings = &result.warnings,
	};
	struct certificate_row row;
	int rc;

	if (foresee_access(x, &permission.question, err) != 0)
		return -1;
	request.admit = admit;
	request.admit_ctx = &permission;
	request.dry_run = true;
	rc = authority_issue(x->api->authority, &request, &result, &x->violations, err);
	if (rc == 0) {
		row = row_of(&request, &result);
		if ((*certificate = certificate_json(&row, &extras)) == NULL)
			rc = error_set(err, ERROR_INTERNAL, "out of memory");
	}
	issue_result_clear(&result);
	return rc;
}

static int
run_dry(struct exchange *x, const struct issue_request *request, struct error *err)
{
	struct json_t *certificate;

	if (issuing_judge(x, request, &certificate, err) != 0)
		return -1;
	return json_respond(x->res, 200, certificate, err);
}

int
issuing_run(struct exchange *x, const struct issuing *in, struct error *err)
{
	struct issue_request request = in->request;
	struct permission permission = permission_to(x, &request);
	struct idempotent idempotent;
	int rc;

	if (request.dry_run)
		return run_dry(x, &request, err);
	if (foresee_access(x, &permission.question, err) != 0)
		return -1;
	request.admit = admit;
	request.admit_ctx = &permission;
	if (idempotent_begin(x, &idempotent, err) != 0)
		return -1;
	if (idempotent.serial[0] != '\0')
		return respond_again(&permission, in, idempotent.serial, err);
	request.idempotency_key = idempotent.entry.key;
	rc = sign(x, in, &request, err);
	/* An entry that was completed stays. */
	if (rc != 0)
		idempotent_abandon(x, &idempotent);
	return rc;
}

/* Before anything is signed: an answer that nobody can read would be lost. */
int
issuing_choose_type(const struct exchange *x, struct issuing *in, struct error *err)
{
	static const char *const types[] = { CHAIN_TYPE, JSON_TYPE, PEM_TYPE, DER_TYPE,
		PKCS7_TYPE, NULL };

	return certform_choose(x->req, types, &in->type, err);
}

int
issuing_read_dry_run(const char *query, bool *dry_run, struct error *err)
{
	char text[8];
	bool found;

	if (query_get(query, "dry_run", text, sizeof(text), &found, err) != 0)
		return -1;
	*dry_run = found && strcmp(text, "true") == 0;
	if (found && !*dry_run && strcmp(text, "false") != 0)
		return error_set(err, ERROR_BAD_REQUEST, "URL: dry_run is true or false");
	return 0;
}

/* What a POST asks for; the texts belong to json. */
struct wanted {
	struct issuing issuing;
	struct json_t *json;
	char profile[NAME_MAX_CHARS + 1];
};

static int
read_json_request(const struct request *req, struct wanted *w, struct error *err)
{
	static const char *const members[] = { "csr", "profile", "validity_seconds",
		NULL };
	struct issue_request *request = &w->issuing.request;
	const char *csr, *profile;

	if (json_read(&req->body, members, &w->json, err) != 0 ||
	    json_text(w->json, "csr", true, &csr, err) != 0 ||
	    json_text(w->json, "profile", false, &profile, err) != 0 ||
	    json_number(w->json, "validity_seconds", 1, PROFILE_VALIDITY_S, 0,
		&request->validity_s, err) != 0)
		return -1;
	request->csr = (struct bytes){ (const unsigned char *)csr, strlen(csr) };
	if (profile != NULL && w->profile[0] != '\0')
		return error_set(
		    err, ERROR_BAD_REQUEST, "the profile is in the URL and in the body");
	if (profile != NULL && text_copy(w->profile, sizeof(w->profile), profile) != 0)
		return error_set(err, ERROR_BAD_REQUEST, "JSON: \"profile\" is too long");
	return 0;
}

static int
read_request(struct exchange *x, struct wanted *w, struct error *err)
{
	struct issue_request *request = &w->issuing.request;
	const struct request *req = x->req;
	bool found;

	request->issuer = req->params[0];
	request->actor = req->caller->actor;
	request->request_id = req->id;
	request->profile = w->profile;
	request->csr = req->body;
	if (query_get(req->query, "profile", w->profile, sizeof(w->profile), &found,
		err) != 0 ||
	    issuing_read_dry_run(req->query, &request->dry_run, err) != 0)
		return -1;
	if (request_has_type(req, JSON_TYPE)) {
		if (read_json_request(req, w, err) != 0)
			return -1;
	} else if (!request_has_type(req, CSR_TYPE) && !request_has_type(req, PEM_TYPE)) {
		return error_set(err, ERROR_UNSUPPORTED,
		    "send the CSR as " CSR_TYPE " (DER, PEM or base64) "
		    "or " JSON_TYPE);
	}
	if (w->profile[0] == '\0')
		return error_set(
		    err, ERROR_BAD_REQUEST, "name a profile, such as ?profile=server");
	return 0;
}

int
post_certificates(struct exchange *x, struct error *err)
{
	struct wanted w = { 0 };
	int rc = -1;

	if (issuing_choose_type(x, &w.issuing, err) == 0 && read_request(x, &w, err) == 0)
		rc = issuing_run(x, &w.issuing, err);
	json_free(w.json);
	return rc;
}
