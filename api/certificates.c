/* certificates.c - one recorded certificate. */
#include "api/handlers.h"

#include <string.h>

#include "api/certform.h"
#include "api/certificate_json.h"
#include "api/json.h"
#include "ca/certtext.h"
#include "store/certificate_copy.h"

static int
respond(struct exchange *x, const struct certificate_row *row, const char *type,
    struct buffer *pem, struct error *err)
{
	struct certificate_extras extras = { .certificate = buf_string(pem) };

	if (strcmp(type, JSON_TYPE) == 0)
		return json_respond(x->res, 200, certificate_json(row, &extras), err);
	if (strcmp(type, PKCS7_TYPE) == 0 &&
	    authority_chain(x->api->authority, row->issuer, false, pem, err) != 0)
		return -1;
	return certform_respond(x->res, type, buf_bytes(pem), err);
}

int
get_certificate(struct exchange *x, struct error *err)
{
	static const char *const types[] = { JSON_TYPE, PEM_TYPE, DER_TYPE, PKCS7_TYPE,
		NULL };
	struct certificate_copy copy;
	const char *type;
	struct buffer pem;
	int rc;

	if (certform_choose(x->req, types, &type, err) != 0)
		return -1;
	buf_init(&pem, 0);
	rc = store_certificate_copy(x->api->store, x->req->params[0], &copy, err);
	if (rc == 0) {
		certtext_pem(copy.row.certificate, &pem);
		rc = respond(x, &copy.row, type, &pem, err);
	}
	certificate_copy_clear(&copy);
	buf_free(&pem);
	return rc;
}

int
get_certificate_chain(struct exchange *x, struct error *err)
{
	static const char *const types[] = { CHAIN_TYPE, PKCS7_TYPE, NULL };
	struct certificate_copy copy;
	const char *type;
	struct buffer pem;
	int rc;

	if (certform_choose(x->req, types, &type, err) != 0)
		return -1;
	buf_init(&pem, 0);
	rc = store_certificate_copy(x->api->store, x->req->params[0], &copy, err);
	if (rc == 0) {
		certtext_pem(copy.row.certificate, &pem);
		rc =
		    authority_chain(x->api->authority, copy.row.issuer, false, &pem, err);
	}
	if (rc == 0)
		rc = certform_respond(x->res, type, buf_bytes(&pem), err);
	certificate_copy_clear(&copy);
	buf_free(&pem);
	return rc;
}
