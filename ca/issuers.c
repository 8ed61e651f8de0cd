/* issuers.c - the list of issuers and the keys found for them. */
#include "ca/issuers.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

int
issuers_init(struct issuers *issuers, OSSL_LIB_CTX *libctx,
    const struct key_finder *finder, struct error *err)
{
	*issuers = (struct issuers){ .libctx = libctx, .finder = *finder };
	if (pthread_rwlock_init(&issuers->lock, NULL) != 0)
		return error_set(err, ERROR_INTERNAL, "no lock for the issuers");
	return 0;
}

static void
free_list(struct issuer *issuer)
{
	while (issuer != NULL) {
		struct issuer *next = issuer->next;

		issuer_free(issuer);
		issuer = next;
	}
}

void
issuers_clear(struct issuers *issuers)
{
	free_list(issuers->first);
	free_list(issuers->replaced);
	while (issuers->crosses != NULL) {
		struct cross *next = issuers->crosses->next;

		cross_free(issuers->crosses);
		issuers->crosses = next;
	}
	pthread_rwlock_destroy(&issuers->lock);
}

/* A lock that fails is a broken invariant: the guarded list could not be trusted. */
static void
lock_to_read(struct issuers *issuers)
{
	if (pthread_rwlock_rdlock(&issuers->lock) != 0)
		abort();
}

static void
lock_to_write(struct issuers *issuers)
{
	if (pthread_rwlock_wrlock(&issuers->lock) != 0)
		abort();
}

static void
unlock(struct issuers *issuers)
{
	if (pthread_rwlock_unlock(&issuers->lock) != 0)
		abort();
}

void
issuers_append(struct issuers *issuers, struct issuer *issuer)
{
	lock_to_write(issuers);
	if (issuers->last != NULL)
		issuers->last->next = issuer;
	else
		issuers->first = issuer;
	issuers->last = issuer;
	unlock(issuers);
}

void
issuers_replace(struct issuers *issuers, struct issuer *old, struct issuer *issuer)
{
	struct issuer **link = &issuers->first;

	lock_to_write(issuers);
	while (*link != old)
		link = &(*link)->next;
	*link = issuer;
	issuer->next = old->next;
	if (issuers->last == old)
		issuers->last = issuer;
	issuer->key = old->key;
	if (issuer->key != NULL && EVP_PKEY_up_ref(issuer->key) != 1)
		abort();
	old->next = issuers->replaced;
	issuers->replaced = old;
	unlock(issuers);
}

int
issuers_find(
    struct issuers *issuers, const char *name, struct issuer **issuer, struct error *err)
{
	if (issuers_find_any(issuers, name, issuer, err) != 0)
		return -1;
	return (*issuer)->cert != NULL
		   ? 0
		   : error_set(err, ERROR_CONFLICT,
			 "issuer %s is pending: it has no certificate yet", name);
}

int
issuers_find_any(
    struct issuers *issuers, const char *name, struct issuer **issuer, struct error *err)
{
	struct issuer *i;

	lock_to_read(issuers);
	for (i = issuers->first; i != NULL && strcmp(i->row.name, name) != 0; i = i->next)
		continue;
	unlock(issuers);
	if (i == NULL)
		return error_set(err, ERROR_NOT_FOUND, "no issuer %.64s", name);
	*issuer = i;
	return 0;
}

int
issuers_find_signer(
    struct issuers *issuers, const char *name, struct issuer **issuer, struct error *err)
{
	if (issuers_find(issuers, name, issuer, err) != 0)
		return -1;
	while (
	    (*issuer)->row.state == ISSUER_RETIRING && (*issuer)->info.successor != NULL)
		if (issuers_find(issuers, (*issuer)->info.successor, issuer, err) != 0)
			return -1;
	return 0;
}

struct issuer *
issuers_next(struct issuers *issuers, const struct issuer *issuer)
{
	struct issuer *next;

	lock_to_read(issuers);
	next = issuers->first;
	if (issuer != NULL) {
		/* By name: what issuer is may have been replaced since. */
		while (next != NULL && strcmp(next->row.name, issuer->row.name) != 0)
			next = next->next;
		next = next != NULL ? next->next : NULL;
	}
	unlock(issuers);
	return next;
}

bool
issuers_use_key(struct issuers *issuers, const unsigned char spki_sha256[static 32])
{
	struct issuer *i;

	lock_to_read(issuers);
	for (i = issuers->first; i != NULL; i = i->next)
		if (memcmp(i->info.spki_sha256, spki_sha256, 32) == 0)
			break;
	unlock(issuers);
	return i != NULL;
}

void
issuers_each(struct issuers *issuers,
    int (*visit)(void *ctx, const struct issuer_info *info), void *ctx)
{
	lock_to_read(issuers);
	for (struct issuer *i = issuers->first; i != NULL; i = i->next)
		if (visit(ctx, &i->info) != 0)
			break;
	unlock(issuers);
}

static EVP_PKEY *
known_key(struct issuers *issuers, struct issuer *issuer)
{
	EVP_PKEY *key;

	lock_to_read(issuers);
	if ((key = issuer->key) != NULL && EVP_PKEY_up_ref(key) != 1)
		abort();
	unlock(issuers);
	return key;
}

static int
look_for_key(struct issuers *issuers, const struct issuer *issuer, EVP_PKEY **key,
    struct error *err)
{
	struct error why = { 0 };

	if (issuers->finder.find(
		issuers->finder.ctx, issuer->info.spki_sha256, key, &why) != 0)
		return error_set(err, ERROR_TOKEN, "the key of issuer %s: %.160s",
		    issuer->row.name, why.text);
	if (issuer->cert != NULL &&
	    EVP_PKEY_eq(*key, X509_get0_pubkey(issuer->cert)) != 1) {
		EVP_PKEY_free(*key);
		return error_set_openssl(
		    err, ERROR_TOKEN, "the key found is not the issuer's");
	}
	return 0;
}

int
issuers_key(
    struct issuers *issuers, struct issuer *issuer, EVP_PKEY **key, struct error *err)
{
	EVP_PKEY *found;

	if ((*key = known_key(issuers, issuer)) != NULL)
		return 0;
	if (look_for_key(issuers, issuer, &found, err) != 0)
		return -1;
	/* Another thread may have found it meanwhile: then that one stays. */
	lock_to_write(issuers);
	if (issuer->key == NULL) {
		issuer->key = found;
		found = NULL;
	}
	if (EVP_PKEY_up_ref(*key = issuer->key) != 1)
		abort();
	unlock(issuers);
	EVP_PKEY_free(found);
	return 0;
}

int
cross_new(const struct cross_row *row, struct cross **cross, struct error *err)
{
	struct cross *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	memcpy(made->serial, row->serial, sizeof(made->serial));
	memcpy(made->issuer, row->issuer, sizeof(made->issuer));
	memcpy(made->signer, row->signer, sizeof(made->signer));
	buf_append(&made->der, row->certificate.data, row->certificate.len);
	if (buf_failed(&made->der)) {
		cross_free(made);
		return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	*cross = made;
	return 0;
}

void
cross_free(struct cross *cross)
{
	if (cross == NULL)
		return;
	buf_free(&cross->der);
	free(cross);
}

void
issuers_add_cross(struct issuers *issuers, struct cross *cross)
{
	lock_to_write(issuers);
	cross->next = issuers->crosses;
	issuers->crosses = cross;
	unlock(issuers);
}

const struct cross *
issuers_find_cross(struct issuers *issuers, const char *issuer, const char *signer)
{
	const struct cross *c;

	lock_to_read(issuers);
	for (c = issuers->crosses; c != NULL; c = c->next)
		if (strcmp(c->issuer, issuer) == 0 && strcmp(c->signer, signer) == 0)
			break;
	unlock(issuers);
	return c;
}
