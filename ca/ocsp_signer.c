/* ocsp_signer.c - finds, makes and renews the signers of OCSP answers. */
#include "ca/ocsp_signer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/deadline.h"
#include "base/log.h"
#include "base/text.h"
#include "ca/authority_state.h"
#include "ca/certtext.h"
#include "ca/ocsp_certificate.h"

#define RETRY_S   30
#define MAKING_MS 5000 /* who waits is told to try later */

struct slot {
	char issuer[STORE_NAME_SIZE];
	pthread_mutex_t making;    /* held while one is made; guards retry_at */
	int64_t retry_at;          /* not made before */
	struct ocsp_signer signer; /* no cert before there is one; guarded by lock */
	struct slot *next;
};

struct ocsp_signers {
	struct authority *authority;
	struct ocsp_key_source source;
	pthread_mutex_t lock; /* never held while anything is made */
	struct slot *slots;   /* one for each issuer ever asked about */
};

static void
lock(pthread_mutex_t *mutex)
{
	if (pthread_mutex_lock(mutex) != 0)
		abort();
}

static void
unlock(pthread_mutex_t *mutex)
{
	if (pthread_mutex_unlock(mutex) != 0)
		abort();
}

void
ocsp_signer_clear(struct ocsp_signer *signer)
{
	X509_free(signer->cert);
	EVP_PKEY_free(signer->key);
	*signer = (struct ocsp_signer){ 0 };
}

int
ocsp_signers_new(struct authority *authority, const struct ocsp_key_source *source,
    struct ocsp_signers **signers, struct error *err)
{
	struct ocsp_signers *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	made->authority = authority;
	made->source = *source;
	if (pthread_mutex_init(&made->lock, NULL) != 0) {
		free(made);
		return error_set(err, ERROR_INTERNAL, "no lock for OCSP signers");
	}
	*signers = made;
	return 0;
}

void
ocsp_signers_free(struct ocsp_signers *signers)
{
	if (signers == NULL)
		return;
	while (signers->slots != NULL) {
		struct slot *next = signers->slots->next;

		ocsp_signer_clear(&signers->slots->signer);
		pthread_mutex_destroy(&signers->slots->making);
		free(signers->slots);
		signers->slots = next;
	}
	pthread_mutex_destroy(&signers->lock);
	free(signers);
}

static struct slot *
new_slot(const char *issuer)
{
	struct slot *slot = calloc(1, sizeof(*slot));

	if (slot == NULL || text_copy(slot->issuer, sizeof(slot->issuer), issuer) != 0 ||
	    pthread_mutex_init(&slot->making, NULL) != 0) {
		free(slot);
		return NULL;
	}
	return slot;
}

/* NULL when out of memory. Slots stay to the end. */
static struct slot *
slot_of(struct ocsp_signers *signers, const char *issuer)
{
	struct slot *slot;

	lock(&signers->lock);
	for (slot = signers->slots; slot != NULL; slot = slot->next)
		if (strcmp(slot->issuer, issuer) == 0)
			break;
	if (slot == NULL && (slot = new_slot(issuer)) != NULL) {
		slot->next = signers->slots;
		signers->slots = slot;
	}
	unlock(&signers->lock);
	return slot;
}

static bool
is_due(const struct ocsp_signer *signer, int64_t now)
{
	return signer->not_after - now < (signer->not_after - signer->not_before) / 3;
}

static bool
copy_signer(struct ocsp_signers *signers, struct slot *slot, int64_t now,
    struct ocsp_signer *signer)
{
	bool usable;

	lock(&signers->lock);
	usable = slot->signer.cert != NULL && now < slot->signer.not_after;
	if (usable) {
		*signer = slot->signer;
		if (X509_up_ref(signer->cert) != 1 || EVP_PKEY_up_ref(signer->key) != 1)
			abort();
	}
	unlock(&signers->lock);
	return usable;
}

/* The slot takes the signer. */
static void
install(struct ocsp_signers *signers, struct slot *slot, struct ocsp_signer *signer)
{
	struct ocsp_signer old;

	lock(&signers->lock);
	old = slot->signer;
	slot->signer = *signer;
	unlock(&signers->lock);
	ocsp_signer_clear(&old);
}

/* Before several threads share the certificate: reads its extensions and its key. */
static int
read_signer(struct ocsp_signer *signer, struct error *err)
{
	struct validity validity;

	if (certtext_validity(signer->cert, &validity, err) != 0)
		return -1;
	signer->not_before = validity.not_before;
	signer->not_after = validity.not_after;
	if (X509_check_purpose(signer->cert, -1, 0) != 1 ||
	    EVP_PKEY_eq(signer->key, X509_get0_pubkey(signer->cert)) != 1)
		return error_set_openssl(
		    err, ERROR_IO, "an OCSP signer's certificate is not for its key");
	return 0;
}

static bool
find_recorded(
    struct ocsp_signers *signers, const char *issuer, struct ocsp_signer *signer)
{
	return ocsp_certificate_find(
		   signers->authority, issuer, signer->key, &signer->cert, NULL) == 0 &&
	       read_signer(signer, NULL) == 0;
}

static int
certify(struct ocsp_signers *signers, const char *issuer, int64_t now,
    struct ocsp_signer *signer, struct error *err)
{
	X509_free(signer->cert);
	signer->cert = NULL;
	if (ocsp_certificate_issue(
		signers->authority, issuer, signer->key, now, &signer->cert, err) != 0)
		return -1;
	return read_signer(signer, err);
}

/* The caller clears *signer after a failure. */
static int
make(struct ocsp_signers *signers, const char *issuer, int64_t now,
    struct ocsp_signer *signer, struct error *err)
{
	*signer = (struct ocsp_signer){ 0 };
	if (signers->source.key(signers->source.ctx, issuer, &signer->key, err) != 0)
		return -1;
	if (find_recorded(signers, issuer, signer) && !is_due(signer, now))
		return 0;
	return certify(signers, issuer, now, signer, err);
}

/* What is recorded and due serves as long as there is no other. */
static int
make_do(struct ocsp_signers *signers, const char *issuer, int64_t now,
    struct ocsp_signer *signer)
{
	*signer = (struct ocsp_signer){ 0 };
	if (signers->source.key(signers->source.ctx, issuer, &signer->key, NULL) != 0 ||
	    !find_recorded(signers, issuer, signer))
		return -1;
	return now < signer->not_after ? 0 : -1;
}

/* With slot->making held. */
static int
renew(struct ocsp_signers *signers, struct slot *slot, int64_t now, struct error *err)
{
	struct ocsp_signer made;
	struct error why = { 0 };
	char quoted[LOG_QUOTED_MAX];

	if (now < slot->retry_at && slot->retry_at - now <= RETRY_S)
		return error_set(err, ERROR_BUSY,
		    "issuer %s has no OCSP signer, and making one failed a moment ago",
		    slot->issuer);
	if (make(signers, slot->issuer, now, &made, &why) == 0) {
		install(signers, slot, &made);
		return 0;
	}
	ocsp_signer_clear(&made);
	slot->retry_at = now + RETRY_S;
	log_error("ocsp.signer-failed", "issuer=%s why=\"%s\"", slot->issuer,
	    log_quoted(quoted, why.text));
	if (make_do(signers, slot->issuer, now, &made) == 0) {
		install(signers, slot, &made);
		return 0;
	}
	ocsp_signer_clear(&made);
	return error_set(err, why.code, "%s", why.text);
}

static int
begin_making(struct slot *slot, struct error *err)
{
	struct timespec deadline = deadline_in(MAKING_MS);

	if (pthread_mutex_clocklock(&slot->making, DEADLINE_CLOCK, &deadline) == 0)
		return 0;
	return error_set(
	    err, ERROR_BUSY, "the OCSP signer of issuer %s is being made", slot->issuer);
}

/* What can be used still is used while another is made, and when that fails. */
static void
renew_due(struct ocsp_signers *signers, struct slot *slot, int64_t now)
{
	struct error why = { 0 };

	if (pthread_mutex_trylock(&slot->making) != 0)
		return;
	renew(signers, slot, now, &why);
	unlock(&slot->making);
}

int
ocsp_signers_take(struct ocsp_signers *signers, const char *issuer, int64_t now,
    struct ocsp_signer *signer, struct error *err)
{
	struct slot *slot = slot_of(signers, issuer);
	int rc = 0;

	if (slot == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (copy_signer(signers, slot, now, signer)) {
		if (!is_due(signer, now))
			return 0;
		ocsp_signer_clear(signer);
		renew_due(signers, slot, now);
	}
	if (copy_signer(signers, slot, now, signer))
		return 0;
	if (begin_making(slot, err) != 0)
		return -1;
	if (!copy_signer(signers, slot, now, signer)) {
		rc = renew(signers, slot, now, err);
		if (rc == 0 && !copy_signer(signers, slot, now, signer))
			rc = error_set(err, ERROR_REFUSED,
			    "the OCSP signer of issuer %s has expired", issuer);
	}
	unlock(&slot->making);
	return rc;
}

void
ocsp_signers_drop(struct ocsp_signers *signers, const char *issuer)
{
	struct slot *slot = slot_of(signers, issuer);
	struct ocsp_signer none = { 0 };

	if (slot != NULL)
		install(signers, slot, &none);
}
