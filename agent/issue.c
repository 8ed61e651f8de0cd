/*
 * issue.c - from a key to a certificate whose files wait to be switched to.
 *
 * The request is kept until the certificate is in use. Whoever dies between the daemon's
 * signature and its record here sends the same bytes again, with the same
 * Idempotency-Key, and gets the same certificate.
 */
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "agent/ask.h"
#include "agent/outside.h"
#include "agent/work.h"
#include "base/clock.h"
#include "base/text.h"
#include "rest/rest.h"
#include "rest/url.h"

#define KEY_SIZE   (sizeof("spki:") + LEAF_HASH_SIZE)
#define DAY_S      86400
#define HASH_BYTES 32

/* Of the text in a kept request that no other request has. */
#define ATTEMPT_BYTES 16

static void
name_key(const struct work *work, char key[static KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "spki:%s", work->entry->state.spki_sha256);
}

static const char *
csr_of(const json_t *request)
{
	return json_string_value(json_object_get(request, "csr"));
}

static const char *
attempt_of(const json_t *request)
{
	return json_string_value(json_object_get(request, "attempt"));
}

/* Whoever owns the directory could have it certify a key of his own. */
static bool
is_for_key(const char *csr, const char *spki_sha256)
{
	const struct bytes text = { (const unsigned char *)csr, strlen(csr) };
	char hash[LEAF_HASH_SIZE];
	struct error none;

	return leaf_request_key(text, hash, &none) == 0 && strcmp(hash, spki_sha256) == 0;
}

/* What was kept is of use if it is for this key, these names and this source; else NULL.
 */
static json_t *
read_request(const struct work *work)
{
	json_t *request = NULL;
	struct buffer text;
	struct error none;

	buf_init(&text, 0);
	if (place_read_request(&work->place, &text, &none) == 0)
		request = json_loadb(buf_string(&text), text.len, 0, NULL);
	buf_free(&text);
	if (csr_of(request) != NULL && attempt_of(request) != NULL &&
	    is_for_key(csr_of(request), work->entry->state.spki_sha256) &&
	    json_equal(json_object_get(request, "names"), work->entry->names) &&
	    json_equal(json_object_get(request, "source"), work->entry->source))
		return request;
	json_decref(request);
	return NULL;
}

static int
keep_request(struct work *work, const json_t *request, struct error *err)
{
	char *text = json_dumps(request, JSON_COMPACT);
	int rc;

	if (text == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	rc = place_keep_request(&work->place,
	    (struct bytes){ (const unsigned char *)text, strlen(text) }, err);
	free(text);
	return rc;
}

/* All that is asked for, and a number of its own: the CSR of a key that stays, with a
 * signature that is the same each time, is that of the renewal before. */
static int
compose_request(struct work *work, json_t **request, struct error *err)
{
	unsigned char random[ATTEMPT_BYTES];
	char attempt[2 * ATTEMPT_BYTES + 1];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "random bytes");
	hex_encode(attempt, random, sizeof(random));
	*request = json_pack("{s:O, s:O, s:s, s:s}", "names", work->entry->names,
	    "source", work->entry->source, "attempt", attempt, "csr",
	    buf_string(&work->agent->rest->res.body));
	if (*request == NULL)
		return error_set(err, ERROR_INTERNAL, "the request is no text");
	return 0;
}

static int
make_request(struct work *work, json_t **request, struct error *err)
{
	char key[KEY_SIZE], url[URL_MAX];
	const struct ask_request ask = {
		.method = "POST", .path = url, .accept = TYPE_PEM
	};
	json_t *names = json_deep_copy(work->entry->names);

	name_key(work, key);
	if (url_key(url, key, "/csr", err) != 0) {
		json_decref(names);
		return -1;
	}
	if (ask_send(work->agent, &ask, json_pack("{s:o}", "sans", names), err) != 0 ||
	    compose_request(work, request, err) != 0)
		return -1;
	return keep_request(work, *request, err);
}

/* The same for the same request, and for no other. */
static int
name_attempt(const char *url, const struct entry *entry, const json_t *request,
    char name[static 2 * HASH_BYTES + 1], struct error *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	struct buffer text;
	size_t len;
	int rc = -1;

	buf_init(&text, 0);
	buf_printf(&text, "%s %s %lld %s %s", url, entry->profile, (long long)entry->days,
	    attempt_of(request), csr_of(request));
	if (buf_failed(&text) ||
	    EVP_Q_digest(NULL, "SHA256", NULL, text.data, text.len, hash, &len) != 1) {
		error_set_openssl(err, ERROR_INTERNAL, "hashing a request");
	} else {
		hex_encode(name, hash, HASH_BYTES);
		rc = 0;
	}
	buf_free(&text);
	return rc;
}

static int
ask_issuer(
    struct work *work, const json_t *request, struct buffer *chain, struct error *err)
{
	const struct entry *entry = work->entry;
	char url[URL_MAX], attempt[2 * HASH_BYTES + 1];
	const struct ask_request ask = { .method = "POST",
		.path = url,
		.accept = TYPE_CHAIN,
		.idempotency_key = attempt };
	const struct buffer *answer = &work->agent->rest->res.body;

	if (url_issuer(url, entry->issuer, "/certificates", err) != 0 ||
	    name_attempt(url, entry, request, attempt, err) != 0 ||
	    ask_send(work->agent, &ask,
		json_pack("{s:s, s:s, s:I}", "csr", csr_of(request), "profile",
		    entry->profile, "validity_seconds", (json_int_t)entry->days * DAY_S),
		err) != 0)
		return -1;
	buf_append(chain, answer->data, answer->len);
	return 0;
}

/* Of a chain that was kept: with more than half of its life before it. */
static bool
is_fresh(const char *chain)
{
	const struct bytes text = { (const unsigned char *)chain, strlen(chain) };
	struct error none;
	struct leaf leaf;

	return leaf_read(text, &leaf, &none) == 0 &&
	       clock_now_s() < leaf.not_before + (leaf.not_after - leaf.not_before) / 2;
}

/*
 * What an ACME server issued is kept with its request: it would issue another one each
 * time, and not many.
 */
static int
ask_outside(struct work *work, json_t *request, struct buffer *chain, struct error *err)
{
	const char *kept = json_string_value(json_object_get(request, "chain"));

	if (kept != NULL && is_fresh(kept)) {
		buf_text(chain, kept);
		return 0;
	}
	if (outside_obtain(work, csr_of(request), chain, err) != 0)
		return -1;
	if (json_object_set_new(request, "chain", json_string(buf_string(chain))) != 0)
		return error_set(err, ERROR_INTERNAL, "the certificate is no text");
	return keep_request(work, request, err);
}

static int
obtain(struct work *work, json_t *request, struct buffer *chain, struct error *err)
{
	if (work->entry->issuer == NULL)
		return ask_outside(work, request, chain, err);
	return ask_issuer(work, request, chain, err);
}

/* Its files, with the reference to the very key that it is for. */
static int
prepare(struct work *work, struct bytes chain, struct error *err)
{
	char key[KEY_SIZE], url[URL_MAX];
	struct buffer reference;
	struct leaf leaf;
	int rc = -1;

	buf_init(&reference, 0);
	name_key(work, key);
	if (leaf_read(chain, &leaf, err) != 0)
		goto out;
	if (strcmp(leaf.spki_sha256, work->entry->state.spki_sha256) != 0) {
		/* Kept with its request, it would be the same each time. */
		if (place_forget_request(&work->place, err) == 0)
			error_set(
			    err, ERROR_INTERNAL, "the certificate is for another key");
		goto out;
	}
	if (url_key(url, key, "/reference", err) == 0 &&
	    ask_text(work->agent, url, TYPE_PEM, &reference, err) == 0)
		rc = place_prepare(
		    &work->place, leaf.serial, chain, buf_bytes(&reference), err);
out:
	buf_free(&reference);
	return rc;
}

/* A kept request brings the certificate that it brought before. */
static int
check_kept(struct work *work, struct bytes chain, struct error *err)
{
	struct leaf leaf;

	if (leaf_read(chain, &leaf, err) != 0)
		return -1;
	if (!work_is_revoked(work, &leaf))
		return 0;
	if (place_forget_request(&work->place, err) != 0)
		return -1;
	return error_set(err, ERROR_CONFLICT,
	    "certificate %s was revoked before it was in use", leaf.serial);
}

int
issue_step(struct work *work, struct error *err)
{
	json_t *request = read_request(work);
	const bool is_kept = request != NULL;
	struct buffer chain;
	int rc = -1;

	buf_init(&chain, 0);
	if ((is_kept || make_request(work, &request, err) == 0) &&
	    obtain(work, request, &chain, err) == 0 &&
	    (!is_kept || check_kept(work, buf_bytes(&chain), err) == 0))
		rc = prepare(work, buf_bytes(&chain), err);
	if (rc == 0)
		work->entry->state.step = STEP_INSTALL;
	json_decref(request);
	buf_free(&chain);
	return rc;
}
