/* issuer_answer.c - what an answer says of an issuer. */
#include "api/issuer_answer.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "api/conditional.h"
#include "api/json.h"
#include "api/warnings.h"
#include "base/clock.h"
#include "base/log.h"
#include "ca/certtext.h"
#include "ca/reason.h"
#include "store/revocations.h"

static const char *
key_name(struct exchange *x, const struct issuer_info *info, struct keystore_key *key)
{
	if (keyring_find_spki(x->api->keys, info->spki_sha256, key, NULL) != 0)
		return NULL;
	return key->key.name;
}

/* What lists do not have, and may be absent elsewhere. */
struct extras {
	const char *certificate, *revoked_at, *revocation_reason;
	struct json_t *warnings;
};

static struct json_t *
describe(struct exchange *x, const struct issuer_info *info, const struct extras *extras)
{
	char not_before[CLOCK_TEXT_SIZE], not_after[CLOCK_TEXT_SIZE];
	const bool pending = info->state == ISSUER_PENDING;
	struct keystore_key key;

	clock_format(not_before, info->not_before);
	clock_format(not_after, info->not_after);
	return json_make("{s:s,s:s*,s:b,s:s*,s:s,s:s,s:s*,s:s*,s:s*,s:s*,s:s*,s:s*,s:s*,"
			 "s:i,s:s*,s:s*,s:s*,s:o*}",
	    "name", info->name, "issuer", info->parent, "external", info->external,
	    "successor", info->successor, "state", issuer_state_name(info->state),
	    "subject", info->subject, "key", key_name(x, info, &key), "serial",
	    pending ? NULL : info->serial, "not_before", pending ? NULL : not_before,
	    "not_after", pending ? NULL : not_after, "crl_url", info->crl_url, "ocsp_url",
	    info->ocsp_url, "ca_issuers_url", info->ca_issuers_url, "crl_shards",
	    info->crl_shards, "revoked_at", extras->revoked_at, "revocation_reason",
	    extras->revocation_reason, "certificate", extras->certificate, "warnings",
	    extras->warnings);
}

struct json_t *
issuer_json(struct exchange *x, const struct issuer_info *info)
{
	return describe(x, info, &(struct extras){ 0 });
}

/* Every state has bytes of its own, so their hash tells it. */
static int
set_etag(struct response *res, struct error *err)
{
	char hash[ETAG_HASH_SIZE];

	if (conditional_hash(buf_bytes(&res->body), hash, err) != 0)
		return -1;
	snprintf(res->etag, sizeof(res->etag), "\"%s\"", hash);
	return 0;
}

/* Its state does not tell. Another authority's certificate may have the serial. */
static int
find_revocation(struct exchange *x, const struct issuer_info *info, bool *is_revoked,
    struct revocation *found, struct error *err)
{
	struct error why;

	*is_revoked = false;
	if (info->parent == NULL)
		return 0;
	if (store_revocation_find(x->api->store, info->serial, found, &why) == 0) {
		*is_revoked = strcmp(found->issuer, info->parent) == 0;
	} else if (why.code != ERROR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	return 0;
}

static int
respond(struct exchange *x, int status, const struct issuer_info *info,
    const struct warnings *warnings, struct error *err)
{
	struct extras extras = { 0 };
	char revoked_at[CLOCK_TEXT_SIZE];
	struct revocation revocation;
	struct buffer pem;
	bool is_revoked;
	int rc;

	if (find_revocation(x, info, &is_revoked, &revocation, err) != 0)
		return -1;
	if (is_revoked) {
		clock_format(revoked_at, revocation.revoked_at);
		extras.revoked_at = revoked_at;
		extras.revocation_reason = reason_name(revocation.reason);
	}
	buf_init(&pem, 0);
	certtext_pem(info->certificate, &pem);
	if (info->certificate.len != 0)
		extras.certificate = buf_string(&pem);
	if (warnings != NULL)
		extras.warnings = warnings_json(warnings);
	rc = json_respond(x->res, status, describe(x, info, &extras), err);
	buf_free(&pem);
	return rc;
}

int
issuer_respond(struct exchange *x, int status, const char *name,
    const struct warnings *warnings, struct error *err)
{
	const struct issuer_info *info;

	/* The tag is of what a GET will answer. */
	if (authority_find_issuer(x->api->authority, name, &info, err) != 0 ||
	    respond(x, status, info, NULL, err) != 0 || set_etag(x->res, err) != 0)
		return -1;
	if (warnings == NULL || warnings->count == 0)
		return 0;
	return respond(x, status, info, warnings, err);
}

/* One field of a certificate, appended in DER. */
static struct bytes
encode(const void *value, const ASN1_ITEM *item, unsigned char **der)
{
	int len = ASN1_item_i2d(value, der, item);

	return (struct bytes){ *der, len > 0 ? (size_t)len : 0 };
}

static int
keep(struct exchange *x, const struct issuer_info *info, struct error *err)
{
	const unsigned char *p = info->certificate.data;
	X509 *cert = d2i_X509(NULL, &p, (long)info->certificate.len);
	struct certificate_parts parts = { .certificate = info->certificate };
	unsigned char *der[3] = { NULL };
	struct keystore_key key;
	int rc = -1;

	if (cert == NULL) {
		error_set_openssl(err, ERROR_INTERNAL, "an issuer's certificate");
		goto out;
	}
	parts.subject =
	    encode(X509_get_subject_name(cert), ASN1_ITEM_rptr(X509_NAME), &der[0]);
	parts.issuer =
	    encode(X509_get_issuer_name(cert), ASN1_ITEM_rptr(X509_NAME), &der[1]);
	parts.serial =
	    encode(X509_get0_serialNumber(cert), ASN1_ITEM_rptr(ASN1_INTEGER), &der[2]);
	if (keyring_find_spki(x->api->keys, info->spki_sha256, &key, err) == 0)
		rc = keyring_put_certificate(x->api->keys, &key, &parts, err);
out:
	for (int i = 0; i < 3; i++)
		OPENSSL_free(der[i]);
	X509_free(cert);
	return rc;
}

void
issuer_keep_on_token(struct exchange *x, const char *name)
{
	const struct issuer_info *info;
	char quoted[LOG_QUOTED_MAX];
	struct error why = { 0 };

	if (authority_find_issuer(x->api->authority, name, &info, &why) != 0 ||
	    info->certificate.len == 0 || keep(x, info, &why) == 0)
		return;
	log_error("issuer.certificate-not-on-token", "issuer=%s why=\"%s\"", name,
	    log_quoted(quoted, why.text));
}
