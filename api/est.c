/*
 * est.c - Enrollment over Secure Transport (RFC 7030): the same issuance for clients
 * that speak nothing else. TLS and who may enrol is up to the server in front.
 *
 * A label is the issuer's name, or that, "~" and a profile's. Base64 goes out without
 * line breaks, which strongSwan's decoder does not take.
 */
#include "api/handlers.h"

#include <string.h>

#include "api/certform.h"
#include "api/issuing.h"
#include "base/text.h"
#include "ca/pkcs7.h"
#include "ca/profiles.h"
#include "store/certificate_copy.h"

#define DEFAULT_PROFILE "client"

struct label {
	char issuer[STORE_NAME_SIZE], profile[STORE_NAME_SIZE];
};

/* The issuers that a request without a label may mean. names are those that the caller
 * may know of: anybody asks for cacerts. */
struct choice {
	const struct exchange *x;
	size_t count;
	const char *first;
	struct buffer names;
};

static int
consider(void *ctx, const struct issuer_info *info)
{
	struct choice *choice = ctx;
	const struct access_question question = { .needed = ACCESS_READ | ACCESS_ISSUE,
		.issuer = info->name };

	if (info->state != ISSUER_ACTIVE)
		return 0;
	if (access_decide(&choice->x->rules->rules, choice->x->req->caller, &question)
		.allowed)
		buf_printf(&choice->names, "%s%s",
		    choice->names.len > 0 ? ", " : ": one of ", info->name);
	if (info->parent == NULL)
		return 0;
	if (choice->count++ == 0)
		choice->first = info->name;
	return 0;
}

static int
choose_issuer(struct exchange *x, struct label *label, struct error *err)
{
	struct choice choice = { .x = x };
	int rc;

	authority_each_issuer(x->api->authority, consider, &choice);
	if (choice.count == 1)
		rc = text_copy(label->issuer, sizeof(label->issuer), choice.first);
	else
		rc = error_set(err, ERROR_NOT_FOUND,
		    "which issuer? Name it as LABEL in /.well-known/est/LABEL/...%.120s",
		    buf_string(&choice.names));
	buf_free(&choice.names);
	return rc;
}

static int
split_label(const char *text, struct label *label, struct error *err)
{
	const char *tilde = strchrnul(text, '~');
	size_t len = (size_t)(tilde - text);

	if (len >= sizeof(label->issuer) ||
	    (*tilde != '\0' &&
		text_copy(label->profile, sizeof(label->profile), tilde + 1) != 0))
		return error_set(
		    err, ERROR_NOT_FOUND, "no issuer and profile %.80s", text);
	memcpy(label->issuer, text, len);
	label->issuer[len] = '\0';
	return 0;
}

static int
read_label(struct exchange *x, struct label *label, struct error *err)
{
	const char *text = x->req->params[0];
	const struct issuer_info *info;
	const struct profile *profile;

	*label = (struct label){ .profile = DEFAULT_PROFILE };
	if (text[0] == '\0')
		return choose_issuer(x, label, err);
	if (split_label(text, label, err) != 0 ||
	    authority_find_issuer(x->api->authority, label->issuer, &info, err) != 0)
		return -1;
	if (profiles_find(authority_profiles(x->api->authority), label->profile, &profile,
		err) != 0)
		return -1;
	profile_unref(profile);
	return 0;
}

/* RFC 7030 sections 4.1.3 and 4.2.3. */
static int
respond_certificates(struct exchange *x, struct bytes pem, struct error *err)
{
	struct buffer der;
	int rc = -1;

	buf_init(&der, 0);
	if (pkcs7_certs_only(pem, &der, err) == 0) {
		base64_encode(&x->res->body, der.data, der.len);
		x->res->is_base64 = true;
		rc = response_finish(x->res, PKCS7_TYPE "; smime-type=certs-only", err);
	}
	buf_free(&der);
	return rc;
}

/* The issuer, those above it, and the root. */
int
get_est_cacerts(struct exchange *x, struct error *err)
{
	struct label label;
	struct buffer pem;
	int rc = -1;

	buf_init(&pem, 0);
	if (read_label(x, &label, err) == 0 &&
	    authority_chain(x->api->authority, label.issuer, true, &pem, err) == 0)
		rc = respond_certificates(x, buf_bytes(&pem), err);
	buf_free(&pem);
	return rc;
}

static int
takes_p256(struct exchange *x, const char *name, bool *takes, struct error *err)
{
	const struct profile *profile;

	if (profiles_find(authority_profiles(x->api->authority), name, &profile, err) !=
	    0)
		return -1;
	*takes = false;
	for (const char *const *type = profile->key_types; type != NULL && *type != NULL;
	     type++)
		if (strcmp(*type, key_type_info(KEY_EC_P256)->name) == 0)
			*takes = true;
	profile_unref(profile);
	return 0;
}

/*
 * CsrAttrs of RFC 7030 section 4.5.2: the OID ecdsa-with-SHA256, and the attribute
 * id-ecPublicKey with the value prime256v1. 204 where the profile takes no such keys.
 */
int
get_est_csrattrs(struct exchange *x, struct error *err)
{
	static const unsigned char der[] = { 0x30, 0x21, 0x06, 0x08, 0x2a, 0x86, 0x48,
		0xce, 0x3d, 0x04, 0x03, 0x02, 0x30, 0x15, 0x06, 0x07, 0x2a, 0x86, 0x48,
		0xce, 0x3d, 0x02, 0x01, 0x31, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
		0x3d, 0x03, 0x01, 0x07 };
	struct label label;
	bool takes;

	if (read_label(x, &label, err) != 0 ||
	    takes_p256(x, label.profile, &takes, err) != 0)
		return -1;
	if (!takes) {
		x->res->status = 204;
		return 0;
	}
	base64_encode(&x->res->body, der, sizeof(der));
	x->res->is_base64 = true;
	return response_finish(x->res, "application/csrattrs", err);
}

/* 200 and the certificate alone. */
static int
enroll(struct exchange *x, const struct issue_request *request, struct error *err)
{
	struct issuing in = { .request = *request, .type = PEM_TYPE };
	struct buffer pem;
	int rc;

	if (issuing_run(x, &in, err) != 0)
		return -1;
	pem = x->res->body;
	buf_init(&x->res->body, 0);
	x->res->location[0] = '\0';
	rc = respond_certificates(x, buf_bytes(&pem), err);
	buf_free(&pem);
	return rc;
}

static int
read_request(struct exchange *x, struct label *label, struct issue_request *request,
    struct error *err)
{
	if (!request_has_type(x->req, CSR_TYPE))
		return error_set(err, ERROR_UNSUPPORTED, "send the CSR as " CSR_TYPE);
	if (read_label(x, label, err) != 0)
		return -1;
	*request = (struct issue_request){
		.issuer = label->issuer,
		.profile = label->profile,
		.csr = x->req->body,
		.actor = x->req->caller->actor,
		.request_id = x->req->id,
	};
	return 0;
}

int
post_est_enroll(struct exchange *x, struct error *err)
{
	struct issue_request request;
	struct label label;

	if (read_request(x, &label, &request, err) != 0)
		return -1;
	return enroll(x, &request, err);
}

/* Before the search: who may not issue learns nothing of what was issued. */
int
post_est_reenroll(struct exchange *x, struct error *err)
{
	struct issue_request request;
	struct certificate_copy found = { 0 };
	struct label label;
	const struct access_question question = {
		.needed = ACCESS_ISSUE, .issuer = label.issuer, .profile = label.profile
	};
	int rc = -1;

	if (read_request(x, &label, &request, err) != 0 ||
	    foresee_access(x, &question, err) != 0)
		return -1;
	if (authority_find_predecessor(
		x->api->authority, &request, &found, &x->violations, err) == 0) {
		request.renews = &found.row;
		rc = enroll(x, &request, err);
	}
	certificate_copy_clear(&found);
	return rc;
}
