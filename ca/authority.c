/* authority.c - opens the authority and answers questions about its issuers. */
#include "ca/authority.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "base/log.h"
#include "ca/authority_state.h"
#include "ca/certtext.h"

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
load(struct authority *authority, struct error *err)
{
	struct loading loading = { authority, err, 0 };

	if (store_issuer_each(authority->store, load_issuer, &loading, err) != 0 ||
	    loading.rc != 0)
		return -1;
	find_keys(authority);
	return open_shelves(authority, err);
}

int
authority_open(OSSL_LIB_CTX *libctx, struct store *store, const struct key_finder *finder,
    struct authority **authority, struct error *err)
{
	struct authority *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	made->libctx = libctx;
	made->store = store;
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

	if (issuers_find(&authority->issuers, name, &issuer, err) != 0)
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

int
authority_chain(struct authority *authority, const char *name, bool with_root,
    struct buffer *pem, struct error *err)
{
	struct issuer *issuer;

	for (; name != NULL; name = issuer->info.parent) {
		if (issuers_find(&authority->issuers, name, &issuer, err) != 0)
			return -1;
		if (issuer->info.parent != NULL || with_root)
			certtext_pem(issuer->info.certificate, pem);
	}
	return buf_failed(pem) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}
