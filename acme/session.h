/* session.h - an open client: directory, nonce, account, and what the server said last.
 */
#ifndef ACME_SESSION_H
#define ACME_SESSION_H

#include "acme/http.h"
#include "acme/jwk.h"
#include "acme/refusal.h"
#include "acme/resource.h"

struct acme {
	struct acme_options options;
	struct http *http;
	struct directory directory;
	struct jwk jwk;
	char nonce[HTTP_NONCE_MAX]; /* to use next, or "" */
	char account[HTTP_URL_MAX]; /* the account's URL, "kid"; "" before it is known */
	struct http_response res;   /* the last answer */
	struct refusal refusal;     /* the last refusal */
	struct buffer refusal_text;
	int64_t retry_after_s;
	int64_t deadline_ms; /* of the whole operation, by clock_mono_ms */
};

/* Before an operation: forgets the last one's refusal, and sets its deadline. */
void session_begin(struct acme *acme);

/*
 * Sends a signed request and leaves the answer in acme->res; payload "" is POST-as-GET.
 * Refusals of the nonce are tried again, and so is a server that asks to wait a minute at
 * most; POST-as-GET also when the server fails, or does not answer. Any answer but a 2xx
 * is a failure, and acme->refusal says why.
 */
int session_post(struct acme *acme, const char *url, const char *payload,
    const char *accept, struct error *err);

/* The same by the whole key, for who has no account yet. */
int session_introduce(
    struct acme *acme, const char *url, const char *payload, struct error *err);

/* Finds the account of the key, once. */
int session_find_account(struct acme *acme, struct error *err);

/* Waits; -1 when the deadline or the operator is first. */
int session_pause(struct acme *acme, int64_t pause_ms, struct error *err);

/*
 * The pause before asking the same once more: as the server said, else longer each time.
 * *pause_ms begins at 0.
 */
int session_pause_poll(struct acme *acme, int64_t *pause_ms, struct error *err);

/* Makes a refusal of a document in an answer: err's text has its beginning. */
int session_refuse(
    struct acme *acme, const json_t *document, const char *what, struct error *err);

#endif
