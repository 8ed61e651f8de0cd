/* crls.c - CRLs for whoever asks: they are public, and signed. */
#include "api/handlers.h"

#include <stdio.h>

#include "api/conditional.h"
#include "api/mediatype.h"
#include "base/clock.h"
#include "base/pem.h"
#include "base/text.h"
#include "ca/authority_crl.h"

#define CRL_TYPE  "application/pkix-crl"
#define SHARD_MAX 65535

/* However long a CRL is valid, a revocation is to get past a cache. */
#define CACHE_MAX_S 600

/* Names these very octets; a number alone would come back with a restored database. */
static void
write_etag(char *etag, size_t size, const struct crl_info *crl, bool pem)
{
	snprintf(etag, size, "\"%lld-%lld%s\"", (long long)crl->number,
	    (long long)crl->this_update, pem ? "-pem" : "");
}

static void
write_cache_control(struct response *res, const struct crl_info *crl)
{
	int64_t left = crl->next_update - clock_now_s();

	left = left < 0 ? 0 : left < CACHE_MAX_S ? left : CACHE_MAX_S;
	snprintf(res->cache_control, sizeof(res->cache_control), "public, max-age=%lld",
	    (long long)left);
}

/* The DER itself is not copied: several clients may be reading 40 MB at once. */
static int
write_body(struct response *res, const struct crl_info *crl, bool pem, struct error *err)
{
	if (pem)
		pem_append(&res->body, "X509 CRL", shared_bytes(crl->der));
	else
		res->shared = shared_hold(crl->der);
	return response_finish(res, pem ? PEM_TYPE : CRL_TYPE, err);
}

static int
show(struct exchange *x, int shard, bool is_delta, struct error *err)
{
	static const char *const types[] = { CRL_TYPE, PEM_TYPE, NULL };
	const char *type = request_prefers(x->req, types);
	char etag[sizeof(x->res->etag)];
	struct crl_info crl;
	int rc = 0;

	x->res->varies = true;
	if (type == NULL)
		return error_set(
		    err, ERROR_UNACCEPTABLE, "Accept: %s or %s", CRL_TYPE, PEM_TYPE);
	if (authority_crl(
		x->api->authority, x->req->params[0], shard, is_delta, &crl, err) != 0)
		return -1;
	write_etag(etag, sizeof(etag), &crl, type == types[1]);
	write_cache_control(x->res, &crl);
	if (!conditional_not_modified(x->req, x->res, etag, crl.this_update))
		rc = write_body(x->res, &crl, type == types[1], err);
	shared_free(crl.der);
	return rc;
}

int
get_crl(struct exchange *x, struct error *err)
{
	return show(x, AUTHORITY_ALL_SHARDS, false, err);
}

int
get_delta_crl(struct exchange *x, struct error *err)
{
	return show(x, AUTHORITY_ALL_SHARDS, true, err);
}

int
get_crl_shard(struct exchange *x, struct error *err)
{
	uint64_t shard;

	if (text_to_uint(x->req->params[1], 0, SHARD_MAX, &shard, NULL) != 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "beside crl itself there are crl/delta and crl/0, crl/1 ...");
	return show(x, (int)shard, false, err);
}
