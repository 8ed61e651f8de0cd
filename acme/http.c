/* http.c - one libcurl handle, and what it may ask. */
#include "acme/http.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#define CONNECT_TIMEOUT_MS 20000L
#define TIMEOUT_MS         60000L

struct http {
	CURL *curl;
	const char *ca_file;
	bool plain; /* http to loopback addresses is fine */
	int (*check)(const void *ctx, struct error *err); /* or NULL */
	const void *check_ctx;
	char reason[CURL_ERROR_SIZE];
};

/* Where distributions keep the roots they trust, in one file. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Gentoo */
	"/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL 6 */
	"/etc/ssl/ca-bundle.pem",                            /* SUSE */
	"/etc/pki/tls/cacert.pem",                           /* OpenELEC */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL since 7 */
	"/etc/ssl/cert.pem",                                 /* Alpine */
};

void
http_response_init(struct http_response *res)
{
	*res = (struct http_response){ .retry_after_s = -1 };
	buf_init(&res->body, HTTP_BODY_MAX);
}

void
http_response_free(struct http_response *res)
{
	buf_free(&res->body);
}

static int
find_bundle(const char *ca_file, const char **found, struct error *err)
{
	if (ca_file != NULL) {
		*found = ca_file;
		return access(ca_file, R_OK) == 0
			   ? 0
			   : error_set_errno(err, ERROR_CONFIG, "%.200s", ca_file);
	}
	for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++)
		if (access(bundles[i], R_OK) == 0) {
			*found = bundles[i];
			return 0;
		}
	return error_set(err, ERROR_CONFIG,
	    "no bundle of trusted roots is in any of the usual places, such as %s; name "
	    "one",
	    bundles[0]);
}

bool
http_is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static bool
is_loopback(const char *host)
{
	unsigned char octets[4];

	if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, octets) == 1 && octets[0] == 127;
}

static bool
has_part(CURLU *parsed, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(parsed, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

static int
judge_url(const struct http *http, CURLU *parsed, const char *scheme, const char *host)
{
	if (has_part(parsed, CURLUPART_USER) || has_part(parsed, CURLUPART_PASSWORD) ||
	    has_part(parsed, CURLUPART_FRAGMENT))
		return -1;
	if (strcmp(scheme, "https") == 0)
		return 0;
	return http->plain && strcmp(scheme, "http") == 0 && is_loopback(host) ? 0 : -1;
}

int
http_check_url(const struct http *http, const char *url, struct error *err)
{
	CURLU *parsed = curl_url();
	char *scheme = NULL, *host = NULL;
	int rc = -1;

	if (parsed != NULL && strlen(url) < HTTP_URL_MAX && http_is_plain(url) &&
	    strchr(url, ' ') == NULL &&
	    curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		rc = judge_url(http, parsed, scheme, host);
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(parsed);
	if (rc != 0)
		error_set(err, ERROR_BAD_REQUEST,
		    "\"%.150s\" is no URL to ask: https:// is, and http:// to a loopback "
		    "address if the directory is there",
		    http_is_plain(url) ? url : "(not ASCII)");
	return rc;
}

static size_t
take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct http_response *res = ctx;

	buf_append(&res->body, data, size * count);
	return buf_failed(&res->body) ? 0 : size * count;
}

static size_t
take_header(char *data, size_t size, size_t count, void *ctx)
{
	return http_read_header(ctx, data, size * count) == 0 ? size * count : 0;
}

static int
check_watch(const struct http *http, struct error *err)
{
	return http->check != NULL ? http->check(http->check_ctx, err) : 0;
}

static int
look_at_time(
    void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	struct error err;

	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	return check_watch(ctx, &err) == 0 ? 0 : 1;
}

static int
set_up(struct http *http)
{
	CURL *curl = http->curl;

	/* The process, and its signals, are not libcurl's. */
	if (curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->reason) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) !=
		CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_at_time) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
		http->plain ? "http,https" : "https") != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) !=
		CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca_file) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_USERAGENT, "keyhold/" KEYHOLD_VERSION) !=
		CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) != CURLE_OK)
		return -1;
	return 0;
}

int
http_new(
    const char *directory, const char *ca_file, struct http **http, struct error *err)
{
	struct http *h = calloc(1, sizeof(*h));

	if (h == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(h);
		return error_set(err, ERROR_INTERNAL, "libcurl cannot start");
	}
	h->plain = strncmp(directory, "http://", 7) == 0;
	if (find_bundle(ca_file, &h->ca_file, err) != 0)
		goto fail;
	if ((h->curl = curl_easy_init()) == NULL || set_up(h) != 0) {
		error_set(err, ERROR_INTERNAL, "libcurl cannot be set up");
		goto fail;
	}
	*http = h;
	return 0;
fail:
	http_free(h);
	return -1;
}

void
http_watch(
    struct http *http, int (*check)(const void *ctx, struct error *err), const void *ctx)
{
	http->check = check;
	http->check_ctx = ctx;
}

/* OpenSSL writes to a connection that the server may have closed. */
static void
block_sigpipe(sigset_t *before)
{
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, before);
}

static void
restore_sigpipe(const sigset_t *before)
{
	const struct timespec now = { 0 };
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if (!sigismember(before, SIGPIPE))
		sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

void
http_free(struct http *http)
{
	sigset_t before;

	if (http == NULL)
		return;
	block_sigpipe(&before);
	curl_easy_cleanup(http->curl);
	restore_sigpipe(&before);
	curl_global_cleanup();
	free(http);
}

static int
explain(const struct http *http, const char *url, const struct http_response *res,
    CURLcode code, struct error *err)
{
	if (code == CURLE_ABORTED_BY_CALLBACK && check_watch(http, err) != 0)
		return -1;
	if (code == CURLE_WRITE_ERROR)
		return error_set(err, ERROR_INTERNAL,
		    "the answer of %.100s is over %d bytes, or a field of its head is "
		    "too long",
		    url, res->body.failed ? HTTP_BODY_MAX : HTTP_URL_MAX);
	return error_set(err, ERROR_TIMEOUT, "%.100s: %s", url,
	    http->reason[0] != '\0' ? http->reason : curl_easy_strerror(code));
}

static int
perform(struct http *http, const char *url, struct http_response *res, struct error *err)
{
	sigset_t before;
	CURLcode code;

	http_response_free(res);
	http_response_init(res);
	http->reason[0] = '\0';
	if (http_check_url(http, url, err) != 0 || check_watch(http, err) != 0)
		return -1;
	if (curl_easy_setopt(http->curl, CURLOPT_URL, url) != CURLE_OK ||
	    curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, res) != CURLE_OK ||
	    curl_easy_setopt(http->curl, CURLOPT_HEADERDATA, res) != CURLE_OK)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	block_sigpipe(&before);
	code = curl_easy_perform(http->curl);
	restore_sigpipe(&before);
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &res->status);
	return code == CURLE_OK ? 0 : explain(http, url, res, code, err);
}

int
http_get(struct http *http, const char *url, struct http_response *res, struct error *err)
{
	curl_easy_setopt(http->curl, CURLOPT_HTTPGET, 1L);
	return perform(http, url, res, err);
}

int
http_head(
    struct http *http, const char *url, struct http_response *res, struct error *err)
{
	int rc;

	curl_easy_setopt(http->curl, CURLOPT_NOBODY, 1L);
	rc = perform(http, url, res, err);
	curl_easy_setopt(http->curl, CURLOPT_NOBODY, 0L);
	return rc;
}

int
http_post(struct http *http, const char *url, const char *body, const char *accept,
    struct http_response *res, struct error *err)
{
	struct curl_slist *fields = NULL, *more;
	char field[128];
	int rc = -1;

	snprintf(field, sizeof(field), "Accept: %s", accept != NULL ? accept : "*/*");
	fields = curl_slist_append(NULL, "Content-Type: application/jose+json");
	more = fields != NULL ? curl_slist_append(fields, field) : NULL;
	if (more == NULL ||
	    curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body)) !=
		CURLE_OK ||
	    curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, body) != CURLE_OK ||
	    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, fields) != CURLE_OK)
		error_set(err, ERROR_INTERNAL, "out of memory");
	else
		rc = perform(http, url, res, err);
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, NULL);
	curl_slist_free_all(fields);
	return rc;
}
