/* issuer_install.c - the certificate that another authority made for an issuer. */
#include "api/changes.h"
#include "api/issuer_answer.h"
#include "api/mediatype.h"

int
put_issuer_certificate(struct exchange *x, struct error *err)
{
	const char *name = x->req->params[0];
	const struct issuer_spec spec = {
		.name = name,
		.actor = x->req->caller->actor,
		.request_id = x->req->id,
	};
	struct warnings warnings = { 0 };
	int rc;

	if (!request_has_type(x->req, PEM_TYPE) &&
	    !request_has_type(x->req, CHAIN_TYPE) && !request_has_type(x->req, DER_TYPE))
		return error_set(err, ERROR_UNSUPPORTED,
		    "send the certificate as " CHAIN_TYPE ", " PEM_TYPE " or " DER_TYPE);
	if (changes_begin(x->api, err) != 0)
		return -1;
	rc = authority_install_certificate(
	    x->api->authority, &spec, x->req->body, &warnings, &x->violations, err);
	if (rc == 0)
		issuer_keep_on_token(x, name);
	changes_end(x->api);
	return rc == 0 ? issuer_respond(x, 200, name, &warnings, err) : -1;
}
