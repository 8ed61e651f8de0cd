/* renewal.c - when to renew (RFC 9773), and taking back (RFC 8555 section 7.6). */
#include <string.h>

#include <jansson.h>

#include "acme/base64url.h"
#include "acme/certid.h"
#include "acme/document.h"
#include "acme/session.h"

/* RFC 9773 section 4.3: limits on both sides of what the server says. */
#define RETRY_MIN_S     60
#define RETRY_MAX_S     86400
#define RETRY_DEFAULT_S 21600

static int64_t
limit_retry(int64_t retry_after_s)
{
	if (retry_after_s < 0)
		return RETRY_DEFAULT_S;
	if (retry_after_s < RETRY_MIN_S)
		return RETRY_MIN_S;
	return retry_after_s > RETRY_MAX_S ? RETRY_MAX_S : retry_after_s;
}

static int
fetch_window(
    struct acme *acme, const char *url, struct acme_window *window, struct error *err)
{
	if (http_get(acme->http, url, &acme->res, err) != 0)
		return -1;
	if (acme->res.status != 200) {
		refusal_parse(&acme->res.body, acme->res.status, &acme->refusal,
		    &acme->refusal_text);
		return error_set(err, refusal_code(&acme->refusal, acme->res.status),
		    "the server's renewal information: %s %s", acme->refusal.type,
		    acme->refusal.detail);
	}
	if (window_read(buf_bytes(&acme->res.body), window, err) != 0)
		return -1;
	window->retry_after_s = limit_retry(acme->res.retry_after_s);
	return 0;
}

int
acme_window(struct acme *acme, struct bytes certificate, struct acme_window *window,
    struct error *err)
{
	const char *base = acme->directory.renewal_info;
	struct buffer url;
	int rc = -1;

	session_begin(acme);
	if (base == NULL)
		return error_set(err, ERROR_UNSUPPORTED,
		    "this server has no renewal information (RFC 9773)");
	buf_init(&url, 0);
	buf_printf(&url, "%s%s", base, base[strlen(base) - 1] == '/' ? "" : "/");
	if (certid_write(certificate, &url, err) == 0)
		rc = fetch_window(acme, buf_string(&url), window, err);
	buf_free(&url);
	return rc;
}

int
acme_revoke(struct acme *acme, struct bytes certificate, int reason, struct error *err)
{
	struct buffer encoded, payload;
	json_t *body;
	int rc = -1;

	session_begin(acme);
	buf_init(&encoded, 0);
	buf_init(&payload, 0);
	base64url_encode(&encoded, certificate);
	body = json_pack("{s:s}", "certificate", buf_string(&encoded));
	if (body != NULL && reason >= 0)
		json_object_set_new(body, "reason", json_integer(reason));
	if (document_write(body, &payload, err) == 0 &&
	    session_find_account(acme, err) == 0)
		rc = session_post(
		    acme, acme->directory.revoke_cert, buf_string(&payload), NULL, err);
	buf_free(&encoded);
	buf_free(&payload);
	return rc;
}
