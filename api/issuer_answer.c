/* issuer_answer.c - what an answer says of an issuer. */
#include "api/issuer_answer.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "api/json.h"
#include "base/clock.h"
#include "ca/certtext.h"

static const char *
key_name(struct exchange *x, const struct issuer_info *info, struct keystore_key *key)
{
	if (keystore_find_spki(x->api->keys, info->spki_sha256, key, NULL) != 0)
		return NULL;
	return key->key.name;
}

/* certificate is NULL in lists. */
static struct json_t *
describe(struct exchange *x, const struct issuer_info *info, const char *certificate)
{
	char not_before[CLOCK_TEXT_SIZE], not_after[CLOCK_TEXT_SIZE];
	struct keystore_key key;

	clock_format(not_before, info->not_before);
	clock_format(not_after, info->not_after);
	return json_make(
	    "{s:s,s:s*,s:s*,s:s,s:s,s:s*,s:s,s:s,s:s,s:s*,s:s*,s:s*,s:i,s:s*}", "name",
	    info->name, "issuer", info->parent, "successor", info->successor, "state",
	    issuer_state_name(info->state), "subject", info->subject, "key",
	    key_name(x, info, &key), "serial", info->serial, "not_before", not_before,
	    "not_after", not_after, "crl_url", info->crl_url, "ocsp_url", info->ocsp_url,
	    "ca_issuers_url", info->ca_issuers_url, "crl_shards", info->crl_shards,
	    "certificate", certificate);
}

struct json_t *
issuer_json(struct exchange *x, const struct issuer_info *info)
{
	return describe(x, info, NULL);
}

/* Every state has bytes of its own, so their hash tells it. */
static int
set_etag(struct response *res, struct error *err)
{
	unsigned char hash[32];
	char hex[2 * sizeof(hash) + 1];

	if (EVP_Q_digest(
		NULL, "SHA256", NULL, res->body.data, res->body.len, hash, NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hash of an answer");
	hex_encode(hex, hash, sizeof(hash));
	snprintf(res->etag, sizeof(res->etag), "\"%s\"", hex);
	return 0;
}

int
issuer_respond(struct exchange *x, int status, const char *name, struct error *err)
{
	const struct issuer_info *info;
	struct buffer pem;
	int rc = -1;

	buf_init(&pem, 0);
	if (authority_find_issuer(x->api->authority, name, &info, err) == 0) {
		certtext_pem(info->certificate, &pem);
		rc = json_respond(
		    x->res, status, describe(x, info, buf_string(&pem)), err);
	}
	buf_free(&pem);
	return rc == 0 ? set_etag(x->res, err) : -1;
}
