/* authority.c - opens the authority and answers questions about its issuers. */
#include "ca/authority.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/log.h"
#include "ca/authority_certify.h"
#include "ca/certtext.h"
#include "evp/hashing.h"
#include "store/revocations.h"

/* Loading, as store_issuer_each sees it. */
struct loading {
	struct authority *authority;
	struct error *err;
	int rc;
};

static int
load_issuer(void *ctx, const struct issuer_row *row)
{
	struct loading *loading = ctx;
	struct issuers *issuers = &loading->authority->issuers;
	struct issuer *issuer;

	if (issuer_new(loading->authority->libctx, row, &issuer, loading->err) != 0)
		return loading->rc = -1;
	issuers_append(issuers, issuer);
	return 0;
}

/* A token that is away at the start must not keep the rest from working. */
static void
find_keys(struct authority *authority)
{
	for (struct issuer *i = authority->issuers.first; i != NULL; i = i->next) {
		struct error why = { 0 };
		char quoted[LOG_QUOTED_MAX];
		EVP_PKEY *key;

		if (issuers_key(&authority->issuers, i, &key, &why) == 0)
			EVP_PKEY_free(key);
		else
			log_error("issuer.key-missed", "issuer=%s why=\"%s\"",
			    i->row.name, log_quoted(quoted, why.text));
	}
}

/* What was published before is served from the start, whatever becomes of the token. */
static int
open_shelves(struct authority *authority, struct error *err)
{
	struct crl_shelf *shelf;

	for (struct issuer *i = authority->issuers.first; i != NULL; i = i->next)
		if (crl_shelves_open(&authority->shelves, authority->store, i->row.name,
			&shelf, err) != 0)
			return -1;
	return 0;
}

static int
load_cross(void *ctx, const struct cross_row *row)
{
	struct loading *loading = ctx;
	struct cross *cross;

	if (cross_new(row, &cross, loading->err) != 0)
		return loading->rc = -1;
	issuers_add_cross(&loading->authority->issuers, cross);
	return 0;
}

static int
ignore_certificate(void *ctx, const struct certificate_row *row)
{
	(void)ctx;
	(void)row;
	return 0;
}

static int
admit(struct authority *authority, const struct issuer *issuer, struct error *err)
{
	const struct audit_event event = {
		.actor = AUDIT_SELF,
		.action = "certificate.recorded",
		.object = issuer->serial,
		.detail = issuer->row.name,
	};
	const struct authority_origin origin = {
		.signer = issuer->info.parent,
		.profile = profile_intermediate()->name,
		.actor = event.actor,
	};
	struct certificate_row row;
	struct buffer subject;
	int rc;

	buf_init(&subject, 0);
	rc = authority_certificate_describe(
	    authority->libctx, issuer->cert, &origin, &subject, &row, err);
	row.certificate = issuer->info.certificate;
	row.created = issuer->row.created;
	if (rc == 0)
		rc = store_certificate_admit(authority->store, &row, &event, err);
	buf_free(&subject);
	return rc;
}

/* Older versions did not record issuers' own certificates, which can be revoked too. */
static int
admit_certificates(struct authority *authority, struct error *err)
{
	for (struct issuer *i = authority->issuers.first; i != NULL; i = i->next) {
		struct error why = { 0 };

		if (i->info.parent == NULL ||
		    store_certificate_find(
			authority->store, i->serial, ignore_certificate, NULL, &why) == 0)
			continue;
		if (why.code != ERROR_NOT_FOUND)
			return error_set(err, why.code, "%s", why.text);
		if (admit(authority, i, err) != 0)
			return -1;
	}
	return 0;
}

static int
load(struct authority *authority, struct error *err)
{
	struct loading loading = { authority, err, 0 };

	if (store_issuer_each(authority->store, load_issuer, &loading, err) != 0 ||
	    loading.rc != 0 ||
	    store_cross_each(authority->store, load_cross, &loading, err) != 0 ||
	    loading.rc != 0 || admit_certificates(authority, err) != 0)
		return -1;
	find_keys(authority);
	return open_shelves(authority, err);
}

int
authority_open(OSSL_LIB_CTX *libctx, struct store *store, const struct key_finder *finder,
    struct authority **authority, struct error *err)
{
	struct authority *made = calloc(1, sizeof(*made));

	/* It is made once in a process: who fails at that is not to go on for ever. */
	if (made == NULL || hashing_libctx() == NULL) {
		free(made);
		return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	made->libctx = libctx;
	made->store = store;
	serials_init(&made->serials, libctx, store);
	pthread_mutex_init(&made->creating, NULL);
	pthread_mutex_init(&made->waking, NULL);
	if (issuers_init(&made->issuers, libctx, finder, err) != 0)
		goto no_issuers;
	if (profiles_init(&made->profiles, err) != 0)
		goto no_profiles;
	if (crl_shelves_init(&made->shelves, err) != 0)
		goto no_shelves;
	if (load(made, err) != 0) {
		authority_close(made);
		return -1;
	}
	*authority = made;
	return 0;
no_shelves:
	profiles_clear(&made->profiles);
no_profiles:
	issuers_clear(&made->issuers);
no_issuers:
	serials_clear(&made->serials);
	pthread_mutex_destroy(&made->waking);
	pthread_mutex_destroy(&made->creating);
	free(made);
	return -1;
}

void
authority_close(struct authority *authority)
{
	if (authority == NULL)
		return;
	crl_shelves_clear(&authority->shelves);
	issuers_clear(&authority->issuers);
	profiles_clear(&authority->profiles);
	serials_clear(&authority->serials);
	pthread_mutex_destroy(&authority->creating);
	pthread_mutex_destroy(&authority->waking);
	free(authority);
}

void
authority_use_weak_keys(struct authority *authority, const struct weakkeys *keys)
{
	authority->weak_keys = keys;
}

int
authority_find_issuer(struct authority *authority, const char *name,
    const struct issuer_info **info, struct error *err)
{
	struct issuer *issuer;

	if (issuers_find_any(&authority->issuers, name, &issuer, err) != 0)
		return -1;
	*info = &issuer->info;
	return 0;
}

void
authority_each_issuer(struct authority *authority,
    int (*visit)(void *ctx, const struct issuer_info *info), void *ctx)
{
	issuers_each(&authority->issuers, visit, ctx);
}

static bool
leads_to(struct issuers *issuers, struct issuer *issuer, const char *name)
{
	struct error ignored;

	while (issuer->info.successor != NULL) {
		if (strcmp(issuer->info.successor, name) == 0)
			return true;
		if (issuers_find_any(
			issuers, issuer->info.successor, &issuer, &ignored) != 0)
			return false;
	}
	return false;
}

void
authority_each_predecessor(struct authority *authority, const char *name,
    int (*visit)(void *ctx, const struct issuer_info *info), void *ctx)
{
	struct issuers *issuers = &authority->issuers;
	struct issuer *i = NULL;

	while ((i = issuers_next(issuers, i)) != NULL)
		if (leads_to(issuers, i, name) && visit(ctx, &i->info) != 0)
			return;
}

struct profiles *
authority_profiles(struct authority *authority)
{
	return &authority->profiles;
}

bool
authority_uses_key(
    struct authority *authority, const unsigned char spki_sha256[static 32])
{
	return issuers_use_key(&authority->issuers, spki_sha256);
}

static int
append(X509 *cert, struct buffer *pem, struct error *err)
{
	struct buffer der;
	int rc;

	buf_init(&der, 0);
	if ((rc = certtext_der(cert, &der, err)) == 0)
		certtext_pem(buf_bytes(&der), pem);
	buf_free(&der);
	return rc;
}

static int
append_outside(
    const struct issuer *issuer, bool with_root, struct buffer *pem, struct error *err)
{
	for (int i = 0; i < sk_X509_num(issuer->outside); i++) {
		X509 *cert = sk_X509_value(issuer->outside, i);

		if ((with_root || (X509_get_extension_flags(cert) & EXFLAG_SS) == 0) &&
		    append(cert, pem, err) != 0)
			return -1;
	}
	return 0;
}

int
authority_chain(struct authority *authority, const char *name, bool with_root,
    struct buffer *pem, struct error *err)
{
	struct issuer *issuer;

	for (; name != NULL; name = issuer->info.parent) {
		if (issuers_find(&authority->issuers, name, &issuer, err) != 0)
			return -1;
		if (with_root || !issuer_is_root(issuer))
			certtext_pem(issuer->info.certificate, pem);
		if (append_outside(issuer, with_root, pem, err) != 0)
			return -1;
	}
	return buf_failed(pem) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

static int
check_cross(struct authority *authority, const struct cross *cross, struct error *err)
{
	struct revocation revocation;
	struct error why;

	if (store_revocation_find(authority->store, cross->serial, &revocation, &why) ==
	    0)
		return error_set(err, ERROR_CONFLICT,
		    "the cross-certificate of %s by %s was revoked: no client of %s "
		    "takes that chain",
		    cross->issuer, cross->signer, cross->signer);
	return why.code == ERROR_NOT_FOUND ? 0 : error_set(err, why.code, "%s", why.text);
}

int
authority_chain_via(struct authority *authority, const char *name, const char *via,
    bool with_root, struct buffer *pem, struct error *err)
{
	struct issuer *issuer;
	const struct cross *cross = NULL;

	for (; name != NULL; name = issuer->info.parent) {
		if (issuers_find(&authority->issuers, name, &issuer, err) != 0)
			return -1;
		if ((cross = issuers_find_cross(&authority->issuers, name, via)) != NULL)
			break;
		if (strcmp(name, via) == 0)
			return authority_chain(authority, name, with_root, pem, err);
		certtext_pem(issuer->info.certificate, pem);
	}
	if (cross == NULL)
		return error_set(
		    err, ERROR_NOT_FOUND, "no cross-certificate leads to %.64s", via);
	if (check_cross(authority, cross, err) != 0)
		return -1;
	certtext_pem(buf_bytes(&cross->der), pem);
	return authority_chain(authority, via, with_root, pem, err);
}
