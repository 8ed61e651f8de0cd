/* crl_point.c - shards and their URLs. */
#include "ca/crl_point.h"

#include "base/text.h"

bool
crl_point_is_set(const struct issuer_info *issuer)
{
	return issuer->crl_url != NULL && issuer->crl_url[0] != '\0';
}

int
crl_point_shards(const struct issuer_info *issuer)
{
	return crl_point_is_set(issuer) && issuer->crl_shards > 1 ? issuer->crl_shards
								  : 0;
}

int
crl_point_shard(const char *serial, int shards)
{
	unsigned char digit;
	unsigned rest = 0;

	if (shards < 2)
		return 0;
	for (; serial[0] != '\0' && serial[1] != '\0'; serial += 2) {
		const char pair[] = { serial[0], serial[1], '\0' };

		if (hex_decode(&digit, 1, pair) != 0)
			return 0;
		rest = (rest * 256 + digit) % (unsigned)shards;
	}
	return (int)rest;
}

void
crl_point_url(const struct issuer_info *issuer, int shard, struct buffer *url)
{
	if (!crl_point_is_set(issuer))
		return;
	buf_text(url, issuer->crl_url);
	if (shard != AUTHORITY_ALL_SHARDS)
		buf_printf(url, "/%d", shard);
}

int
crl_point_choose(const struct issuer_info *issuer, const char *serial, struct buffer *url)
{
	int shard = crl_point_shard(serial, issuer->crl_shards);

	crl_point_url(issuer, issuer->crl_shards > 1 ? shard : AUTHORITY_ALL_SHARDS, url);
	return shard;
}

void
crl_point_delta(const struct issuer_info *issuer, struct buffer *url)
{
	if (crl_point_is_set(issuer))
		buf_printf(url, "%s/delta", issuer->crl_url);
}
