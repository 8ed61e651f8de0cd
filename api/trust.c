/* trust.c - the roots that clients are to trust, for whoever asks. */
#include "api/handlers.h"

#include <stdio.h>

#include "api/certform.h"
#include "api/conditional.h"
#include "base/clock.h"
#include "ca/authority_trust.h"

/* A new root is to be with the clients long before it is needed, so this may be kept. */
#define CACHE_S 600

/* Names these octets in this form. */
static int
write_etag(
    char *etag, size_t size, const struct buffer *pem, bool is_pem, struct error *err)
{
	char hash[ETAG_HASH_SIZE];

	if (conditional_hash(buf_bytes(pem), hash, err) != 0)
		return -1;
	snprintf(etag, size, "\"%s%s\"", hash, is_pem ? "" : "-p7");
	return 0;
}

int
get_trust_bundle(struct exchange *x, struct error *err)
{
	static const char *const types[] = { CHAIN_TYPE, PKCS7_TYPE, NULL };
	char etag[sizeof(x->res->etag)];
	const char *type;
	struct buffer pem;
	int rc = -1;

	x->res->varies = true;
	if (certform_choose(x->req, types, &type, err) != 0)
		return -1;
	buf_init(&pem, 0);
	if (authority_trust(x->api->authority, clock_now_s(), &pem, err) != 0 ||
	    write_etag(etag, sizeof(etag), &pem, type == types[0], err) != 0)
		goto out;
	snprintf(x->res->cache_control, sizeof(x->res->cache_control),
	    "public, max-age=%d", CACHE_S);
	if (conditional_not_modified(x->req, x->res, etag, 0))
		rc = 0;
	else
		rc = certform_respond(x->res, type, buf_bytes(&pem), err);
out:
	buf_free(&pem);
	return rc;
}
