/*
 * session.c - signed requests, one after the other.
 *
 * A nonce is used once. Servers refuse some for no fault of ours (RFC 8555 section 6.5),
 * so a refused one is a reason to try again, and not more often than NONCE_TRIES. So is a
 * server that is busy; and while an order is followed, where a failure would lose it,
 * also one that fails, or does not answer.
 */
#include "acme/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "acme/jws.h"
#include "base/clock.h"
#include "base/text.h"

#define NONCE_TRIES        12
#define BUSY_TRIES         4
#define BUSY_PAUSE_MS      1000 /* the first */
#define BUSY_PAUSE_MAX_S   60
#define OPERATION_MS       (15 * 60 * 1000)
#define FIRST_PAUSE_MS     250
#define LAST_PAUSE_MS      8000
#define SERVER_PAUSE_MAX_S 120
#define SLICE_MS           100

static int
read_directory(struct acme *acme, struct error *err)
{
	const char *url = acme->options.directory;

	if (http_get(acme->http, url, &acme->res, err) != 0)
		return -1;
	if (acme->res.status != 200) {
		refusal_parse(&acme->res.body, acme->res.status, &acme->refusal,
		    &acme->refusal_text);
		return error_set(err, ERROR_REFUSED, "%.100s answers %ld: no directory",
		    url, acme->res.status);
	}
	return directory_read(
	    acme->http, buf_bytes(&acme->res.body), &acme->directory, err);
}

static int
refuse_time(struct error *err)
{
	return error_set(err, ERROR_TIMEOUT, "the server was not done within %d minutes",
	    OPERATION_MS / 60000);
}

/* -1 when the operator or the deadline has ended the operation. */
static int
check_time(const void *ctx, struct error *err)
{
	const struct acme *acme = ctx;

	if (acme->options.stop != NULL && acme->options.stop())
		return error_set(err, ERROR_TIMEOUT, "interrupted");
	return clock_mono_ms() < acme->deadline_ms ? 0 : refuse_time(err);
}

int
acme_open(const struct acme_options *options, struct acme **acme, struct error *err)
{
	struct acme *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	a->options = *options;
	buf_init(&a->refusal_text, REFUSAL_TEXT_MAX);
	http_response_init(&a->res);
	session_begin(a);
	if ((options->key.spki.data != NULL &&
		jwk_init(&a->jwk, &a->options.key, err) != 0) ||
	    http_new(options->directory, options->ca_file, &a->http, err) != 0)
		goto fail;
	http_watch(a->http, check_time, a);
	if (read_directory(a, err) != 0)
		goto fail;
	*acme = a;
	return 0;
fail:
	acme_close(a);
	return -1;
}

void
acme_close(struct acme *acme)
{
	if (acme == NULL)
		return;
	directory_free(&acme->directory);
	http_response_free(&acme->res);
	buf_free(&acme->refusal_text);
	jwk_clear(&acme->jwk);
	http_free(acme->http);
	free(acme);
}

const char *
acme_problem(const struct acme *acme)
{
	return buf_string(&acme->refusal_text);
}

int64_t
acme_retry_after_s(const struct acme *acme)
{
	return acme->retry_after_s;
}

void
session_begin(struct acme *acme)
{
	buf_reset(&acme->refusal_text);
	acme->refusal = (struct refusal){ .type = "" };
	acme->retry_after_s = 0;
	acme->deadline_ms = clock_mono_ms() + OPERATION_MS;
}

int
session_pause(struct acme *acme, int64_t pause_ms, struct error *err)
{
	int64_t until_ms = clock_mono_ms() + pause_ms;

	if (until_ms > acme->deadline_ms)
		return refuse_time(err);
	while (clock_mono_ms() < until_ms) {
		struct timespec slice = { .tv_nsec = SLICE_MS * 1000000L };

		if (check_time(acme, err) != 0)
			return -1;
		nanosleep(&slice, NULL);
	}
	return 0;
}

int
session_pause_poll(struct acme *acme, int64_t *pause_ms, struct error *err)
{
	int64_t wanted_s = acme->res.retry_after_s;

	*pause_ms = *pause_ms == 0 ? FIRST_PAUSE_MS : 2 * *pause_ms;
	if (*pause_ms > LAST_PAUSE_MS)
		*pause_ms = LAST_PAUSE_MS;
	if (wanted_s > SERVER_PAUSE_MAX_S)
		wanted_s = SERVER_PAUSE_MAX_S;
	return session_pause(
	    acme, wanted_s * 1000 > *pause_ms ? wanted_s * 1000 : *pause_ms, err);
}

/* One attempt, with the nonce that there is: 0 when an answer came. */
static int
send_once(struct acme *acme, const struct jws_header *header, const char *payload,
    const char *accept, struct error *err)
{
	struct jws_header with_nonce = *header;
	char nonce[HTTP_NONCE_MAX];
	struct buffer body;
	int rc = -1;

	memcpy(nonce, acme->nonce, sizeof(nonce));
	acme->nonce[0] = '\0';
	with_nonce.nonce = nonce;
	buf_init(&body, 0);
	if (jws_sign(&acme->jwk, &with_nonce,
		(struct bytes){ (const unsigned char *)payload, strlen(payload) }, &body,
		err) == 0)
		rc = http_post(
		    acme->http, header->url, buf_string(&body), accept, &acme->res, err);
	if (rc == 0)
		memcpy(acme->nonce, acme->res.nonce, sizeof(acme->nonce));
	buf_free(&body);
	return rc;
}

static void
keep_wait(struct acme *acme, const struct http_response *res)
{
	acme->retry_after_s = res->retry_after_s > 0 ? res->retry_after_s : 0;
}

static int
explain_refusal(struct acme *acme, struct error *err)
{
	const struct refusal *refusal = &acme->refusal;

	keep_wait(acme, &acme->res);
	return error_set(err, refusal_code(refusal, acme->res.status),
	    "the ACME server refuses: %s%s%s", refusal->type,
	    refusal->type[0] != '\0' ? ": " : "", refusal->detail);
}

/* Whether the same may be answered otherwise in a moment: by a server that says so; and
 * of what may be done twice by any that fails, or does not answer. */
static bool
is_worth_a_pause(
    const struct http_response *res, bool is_repeatable, const struct error *err)
{
	if (err->code == ERROR_TIMEOUT)
		return is_repeatable;
	if (res->retry_after_s > BUSY_PAUSE_MAX_S)
		return false;
	return (is_repeatable && res->status >= 500) ||
	       ((res->status == 503 || res->status == 429) && res->retry_after_s >= 0);
}

/* Before the next try: longer each time, unless the server says how long. -1 when there
 * were enough. */
static int
pause_busy(
    struct acme *acme, const struct http_response *res, int *tries, struct error *err)
{
	const int64_t pause_ms = res->retry_after_s >= 0
				     ? 1000 * (res->retry_after_s + 1)
				     : (int64_t)BUSY_PAUSE_MS << (2 * *tries);

	return ++*tries < BUSY_TRIES ? session_pause(acme, pause_ms, err) : -1;
}

static bool
is_success(const struct http_response *res)
{
	return res->status >= 200 && res->status <= 299;
}

/* The last answer is a 2xx, or a refusal. */
static int
judge_answer(struct acme *acme, struct error *err)
{
	if (is_success(&acme->res))
		return 0;
	refusal_parse(
	    &acme->res.body, acme->res.status, &acme->refusal, &acme->refusal_text);
	return explain_refusal(acme, err);
}

static int
ask_nonce(struct acme *acme, struct http_response *res, struct error *err)
{
	const struct refusal none = { .type = "" };

	acme->retry_after_s = 0;
	if (http_head(acme->http, acme->directory.new_nonce, res, err) != 0)
		return -1;
	if (!is_success(res)) {
		keep_wait(acme, res);
		return error_set(err, refusal_code(&none, res->status),
		    "the server's newNonce answers %ld", res->status);
	}
	if (res->nonce[0] == '\0' ||
	    text_copy(acme->nonce, sizeof(acme->nonce), res->nonce) != 0)
		return error_set(
		    err, ERROR_INTERNAL, "the server's newNonce gives no nonce");
	return 0;
}

/* Unless there is one. It may be asked for as often as one likes. */
static int
fetch_nonce(struct acme *acme, int *tries, struct error *err)
{
	struct http_response res;
	int rc = 0;

	http_response_init(&res);
	while (acme->nonce[0] == '\0' && rc == 0)
		if (ask_nonce(acme, &res, err) != 0 &&
		    (!is_worth_a_pause(&res, true, err) ||
			pause_busy(acme, &res, tries, err) != 0))
			rc = -1;
	http_response_free(&res);
	return rc;
}

static int
send_signed(struct acme *acme, const struct jws_header *header, const char *payload,
    const char *accept, struct error *err)
{
	/* POST-as-GET changes nothing (RFC 8555 section 6.3). */
	const bool is_repeatable = payload[0] == '\0';
	int nonce_tries = 0, busy_tries = 0;

	for (;;) {
		buf_reset(&acme->refusal_text);
		acme->refusal = (struct refusal){ .type = "" };
		acme->retry_after_s = 0;
		acme->res.status = 0;
		if (fetch_nonce(acme, &busy_tries, err) != 0)
			return -1;
		if (send_once(acme, header, payload, accept, err) == 0 &&
		    judge_answer(acme, err) == 0)
			return 0;
		if (refusal_is(&acme->refusal, "badNonce")) {
			if (++nonce_tries == NONCE_TRIES)
				return -1;
		} else if (!is_worth_a_pause(&acme->res, is_repeatable, err) ||
			   pause_busy(acme, &acme->res, &busy_tries, err) != 0) {
			return -1;
		}
	}
}

int
session_post(struct acme *acme, const char *url, const char *payload, const char *accept,
    struct error *err)
{
	const struct jws_header header = { .kid = acme->account, .url = url };

	return send_signed(acme, &header, payload, accept, err);
}

int
session_introduce(
    struct acme *acme, const char *url, const char *payload, struct error *err)
{
	const struct jws_header header = { .url = url };

	if (acme->options.key.spki.data == NULL)
		return error_set(err, ERROR_CONFIG, "this takes an account key");
	return send_signed(acme, &header, payload, NULL, err);
}

int
session_refuse(
    struct acme *acme, const json_t *document, const char *what, struct error *err)
{
	const struct refusal *refusal = &acme->refusal;

	buf_reset(&acme->refusal_text);
	refusal_read(document, &acme->refusal, &acme->refusal_text);
	return error_set(err, ERROR_REFUSED, "%.60s: %s%s%s", what, refusal->type,
	    refusal->detail[0] != '\0' ? ": " : "", refusal->detail);
}
