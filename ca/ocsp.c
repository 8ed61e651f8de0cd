/* ocsp.c - from an OCSP request to an answer: judged, looked up, signed, kept. */
#include "ca/ocsp.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "ca/authority_state.h"
#include "ca/ocsp_cache.h"
#include "ca/ocsp_query.h"
#include "ca/ocsp_response.h"
#include "store/ocsp.h"

/* The Baseline Requirements, 4.9.10, have 8 hours to 10 days, and a new answer from the
 * middle on. */
#define VALIDITY_S  INT64_C(86400)
#define FRESH_S     (VALIDITY_S / 2)
#define CACHE_BYTES (16 * 1024 * 1024)

/* Whoever asks must leave sessions of the token to who signs handshakes. */
#define SIGNATURES_AT_ONCE 4
#define SIGNATURE_WAIT_S   1

struct ocsp {
	struct authority *authority;
	struct ocsp_signers *signers;
	struct ocsp_cache *cache;
	sem_t signatures;
};

/* One request on its way. */
struct asking {
	struct ocsp *ocsp;
	struct issuer *issuer;
	int64_t now;
	struct ocsp_query query;
	struct ocsp_verdict verdicts[OCSP_QUERY_MAX_CERTS];
	bool is_shareable;
	struct ocsp_cache_key key; /* when it is */
};

int
ocsp_open(struct authority *authority, const struct ocsp_key_source *source,
    struct ocsp **ocsp, struct error *err)
{
	struct ocsp *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	made->authority = authority;
	sem_init(&made->signatures, 0, SIGNATURES_AT_ONCE);
	if (ocsp_signers_new(authority, source, &made->signers, err) != 0 ||
	    ocsp_cache_new(CACHE_BYTES, &made->cache, err) != 0) {
		ocsp_close(made);
		return -1;
	}
	*ocsp = made;
	return 0;
}

void
ocsp_close(struct ocsp *ocsp)
{
	if (ocsp == NULL)
		return;
	ocsp_signers_free(ocsp->signers);
	ocsp_cache_free(ocsp->cache);
	sem_destroy(&ocsp->signatures);
	free(ocsp);
}

/* The id names this issuer, by SHA-1 (as RFC 5019 has it) or SHA-256. */
static bool
names_issuer(OSSL_LIB_CTX *libctx, const X509 *issuer, OCSP_CERTID *id)
{
	int nid = ocsp_id_hash(id);
	EVP_MD *md = nid == NID_sha1 || nid == NID_sha256
			 ? EVP_MD_fetch(libctx, OBJ_nid2sn(nid), NULL)
			 : NULL;
	OCSP_CERTID *own = NULL;
	bool same;

	if (md != NULL)
		own = OCSP_cert_id_new(md, X509_get_subject_name(issuer),
		    X509_get0_pubkey_bitstr(issuer), NULL);
	same = own != NULL && OCSP_id_issuer_cmp(own, id) == 0;
	OCSP_CERTID_free(own);
	EVP_MD_free(md);
	return same;
}

static int
look_up(
    struct asking *a, OCSP_CERTID *id, struct ocsp_verdict *verdict, struct error *err)
{
	struct ocsp_record record;
	char serial[STORE_SERIAL_SIZE];

	ocsp_id_serial(id, serial);
	if (store_ocsp_find(a->ocsp->authority->store, a->issuer->info.name, serial,
		&record, err) != 0)
		return -1;
	if (!record.is_answered)
		return error_set(err, ERROR_FORBIDDEN, "issuer %s is not in service",
		    a->issuer->info.name);
	if (!names_issuer(a->ocsp->authority->libctx, a->issuer->cert, id))
		return error_set(err, ERROR_FORBIDDEN,
		    "asked about a certificate that issuer %s has not signed",
		    a->issuer->info.name);
	*verdict = (struct ocsp_verdict){ .status = V_OCSP_CERTSTATUS_UNKNOWN };
	if (record.is_revoked) {
		verdict->status = V_OCSP_CERTSTATUS_REVOKED;
		verdict->revoked_at = record.revoked_at;
		verdict->reason = record.reason;
	} else if (record.is_recorded) {
		verdict->status = V_OCSP_CERTSTATUS_GOOD;
	}
	return 0;
}

/* Unknown serials are not kept: anybody can think up as many as the cache holds. */
static void
make_key(struct asking *a)
{
	const struct ocsp_verdict *verdict = &a->verdicts[0];
	OCSP_CERTID *id = ocsp_query_id(&a->query, 0);

	a->is_shareable = a->query.count == 1 && a->query.nonce_len == 0 &&
			  verdict->status != V_OCSP_CERTSTATUS_UNKNOWN;
	if (!a->is_shareable)
		return;
	a->key = (struct ocsp_cache_key){
		.hash = ocsp_id_hash(id),
		.is_revoked = verdict->status == V_OCSP_CERTSTATUS_REVOKED,
		.revoked_at = verdict->revoked_at,
		.reason = verdict->reason,
	};
	memcpy(a->key.issuer, a->issuer->info.name, strlen(a->issuer->info.name) + 1);
	ocsp_id_serial(id, a->key.serial);
}

static int
judge(struct asking *a, const char *issuer, struct bytes request, struct error *err)
{
	if (issuers_find(&a->ocsp->authority->issuers, issuer, &a->issuer, err) != 0 ||
	    ocsp_query_read(request, &a->query, err) != 0)
		return -1;
	for (int i = 0; i < a->query.count; i++)
		if (look_up(a, ocsp_query_id(&a->query, i), &a->verdicts[i], err) != 0)
			return -1;
	make_key(a);
	return 0;
}

static int
wait_for_turn(struct ocsp *ocsp, struct error *err)
{
	struct timespec deadline;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += SIGNATURE_WAIT_S;
	if (sem_clockwait(&ocsp->signatures, CLOCK_MONOTONIC, &deadline) != 0)
		return error_set(
		    err, ERROR_BUSY, "too many OCSP answers to sign at once");
	return 0;
}

static int
sign(struct asking *a, const struct ocsp_signer *signer, struct ocsp_answer *answer,
    struct error *err)
{
	struct ocsp_response_spec spec = {
		.signer = signer->cert,
		.key = signer->key,
		.query = &a->query,
		.verdicts = a->verdicts,
		.this_update = a->now,
		.next_update = a->now + VALIDITY_S,
	};
	int rc;

	/* Beyond its signer's life nobody would believe it. */
	if (spec.next_update > signer->not_after)
		spec.next_update = signer->not_after;
	answer->this_update = spec.this_update;
	answer->next_update = spec.next_update;
	if (wait_for_turn(a->ocsp, err) != 0)
		return -1;
	rc = ocsp_response_make(a->ocsp->authority->libctx, &spec, &answer->der, err);
	sem_post(&a->ocsp->signatures);
	if (rc != 0)
		ocsp_signers_drop(a->ocsp->signers, a->issuer->info.name);
	return rc;
}

static void
keep(struct asking *a, const struct ocsp_answer *answer)
{
	const struct ocsp_cache_times times = {
		.this_update = answer->this_update,
		.next_update = answer->next_update,
		.fresh_until = answer->this_update + FRESH_S < answer->next_update
				   ? answer->this_update + FRESH_S
				   : answer->next_update,
	};

	ocsp_cache_add(a->ocsp->cache, &a->key, buf_bytes(&answer->der), &times);
}

static int
make(struct asking *a, struct ocsp_answer *answer, struct error *err)
{
	struct ocsp_signer signer = { 0 };
	int rc;

	if (ocsp_signers_take(
		a->ocsp->signers, a->issuer->info.name, a->now, &signer, err) != 0)
		return -1;
	rc = sign(a, &signer, answer, err);
	ocsp_signer_clear(&signer);
	if (rc == 0 && a->is_shareable)
		keep(a, answer);
	return rc;
}

/* The times are set by a find that succeeds. */
static bool
find(struct asking *a, struct ocsp_answer *answer)
{
	struct ocsp_cache_times times;

	if (!a->is_shareable ||
	    !ocsp_cache_find(a->ocsp->cache, &a->key, a->now, &answer->der, &times))
		return false;
	answer->this_update = times.this_update;
	answer->next_update = times.next_update;
	return true;
}

int
ocsp_answer(struct ocsp *ocsp, const char *issuer, struct bytes request, int64_t now,
    struct ocsp_answer *answer, struct error *err)
{
	struct asking a = { .ocsp = ocsp, .now = now };
	int rc = -1;

	*answer = (struct ocsp_answer){ 0 };
	buf_init(&answer->der, 0);
	if (judge(&a, issuer, request, err) != 0)
		goto out;
	answer->is_shareable = a.is_shareable;
	rc = find(&a, answer) ? 0 : make(&a, answer, err);
	if (rc == 0 && buf_failed(&answer->der))
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
out:
	ocsp_query_clear(&a.query);
	return rc;
}

void
ocsp_answer_clear(struct ocsp_answer *answer)
{
	buf_free(&answer->der);
	*answer = (struct ocsp_answer){ 0 };
}

int
ocsp_refuse(enum error_code why, struct buffer *der, struct error *err)
{
	int status;

	switch (why) {
	case ERROR_BAD_REQUEST:
		status = OCSP_RESPONSE_STATUS_MALFORMEDREQUEST;
		break;
	case ERROR_FORBIDDEN:
	case ERROR_REFUSED:
		status = OCSP_RESPONSE_STATUS_UNAUTHORIZED;
		break;
	case ERROR_BUSY:
	case ERROR_TIMEOUT:
	case ERROR_TOKEN:
	case ERROR_LOGGED_OUT:
	case ERROR_AWAY:
	case ERROR_PIN:
		status = OCSP_RESPONSE_STATUS_TRYLATER;
		break;
	default:
		status = OCSP_RESPONSE_STATUS_INTERNALERROR;
	}
	return ocsp_response_refuse(status, der, err);
}
