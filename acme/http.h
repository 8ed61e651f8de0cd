/*
 * http.h - requests to an ACME server, by libcurl.
 *
 * Only https, by TLS 1.2 or newer, with the server's name and chain checked; http only
 * where the directory has it, and then only to loopback addresses. Redirections are not
 * followed. Answers are bounded in time and size.
 */
#ifndef ACME_HTTP_H
#define ACME_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define HTTP_URL_MAX   2048
#define HTTP_BODY_MAX  (256 * 1024)
#define HTTP_NONCE_MAX 1024

struct http;

struct http_response {
	long status;
	char nonce[HTTP_NONCE_MAX];  /* Replay-Nonce, or "" */
	char location[HTTP_URL_MAX]; /* or "" */
	int64_t retry_after_s;       /* Retry-After, or -1 */
	struct buffer body;
};

void http_response_init(struct http_response *res);
void http_response_free(struct http_response *res);

/* directory decides whether http is fine; ca_file NULL: the first of the usual bundles.
 */
int http_new(
    const char *directory, const char *ca_file, struct http **http, struct error *err);
void http_free(struct http *http);

/* check is called before each request and about once a second while one lasts; its -1,
 * which then stays, ends the request with its reason. */
void http_watch(
    struct http *http, int (*check)(const void *ctx, struct error *err), const void *ctx);

/* Printable ASCII, as URLs and all but texts for people are: safe on a terminal. */
bool http_is_plain(const char *text);

/* An absolute URL that may be asked: what the server names goes through this. */
int http_check_url(const struct http *http, const char *url, struct error *err);

/* 0 when an HTTP answer came, whatever its status. */
int http_get(
    struct http *http, const char *url, struct http_response *res, struct error *err);
int http_head(
    struct http *http, const char *url, struct http_response *res, struct error *err);

/* A JWS; accept may be NULL. */
int http_post(struct http *http, const char *url, const char *body, const char *accept,
    struct http_response *res, struct error *err);

/* One line of an answer's head, without its end; an unknown one is passed over. -1 when
 * one that counts is too long. For http.c and its tests. */
int http_read_header(struct http_response *res, const char *line, size_t len);

#endif
