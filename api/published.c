/* published.c - a table of handlers: one that is added elsewhere stays unpublished. */
#include "api/published.h"

bool
route_is_published(const struct route *route)
{
	static handler *const published[] = { get_health, get_issuer_certificate,
		get_issuer_chain, get_crl, get_delta_crl, get_crl_shard, post_ocsp,
		get_ocsp, get_est_cacerts, get_trust_bundle };

	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++)
		if (route->run == published[i])
			return route->access == ACCESS_PUBLIC;
	return false;
}
