/* sign.c - POST /v1/keys/{key}/sign: the hot path. */
#include "api/handlers.h"

#include <string.h>

#include "api/json.h"
#include "api/keyuse.h"
#include "api/mediatype.h"
#include "api/url.h"

static int
read_scheme(const struct request *req, enum scheme *scheme, struct error *err)
{
	char name[48];
	bool found;

	if (query_get(req->query, "scheme", name, sizeof(name), &found, err) != 0)
		return -1;
	if (!found)
		return error_set(err, ERROR_BAD_REQUEST,
		    "URL: scheme is missing, such as ?scheme=ecdsa_secp256r1_sha256");
	return scheme_read(name, scheme, err);
}

static int
read_json_message(const struct request *req, struct buffer *message, struct error *err)
{
	static const char *const members[] = { "message", NULL };
	struct json_t *body;
	const char *text;
	int rc;

	if (json_read(&req->body, members, &body, err) != 0)
		return -1;
	rc = json_text(body, "message", true, &text, err);
	if (rc == 0)
		rc = base64_decode(message, text, strlen(text), err);
	json_free(body);
	return rc;
}

static int
sign(struct exchange *x, const struct bytes *message, unsigned char *sig, size_t *sig_len,
    struct error *err)
{
	struct recorder_use use = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "signature.made",
		.key = x->key.key.name,
	};
	enum scheme scheme;
	int rc = -1;

	if (read_scheme(x->req, &scheme, err) != 0)
		return -1;
	use.scheme = scheme_info(scheme)->name;
	if (recorder_admit(x->api->recorder, err) == 0 &&
	    keyuse_check(&x->key, scheme, message, err) == 0)
		rc = keyring_sign(x->api->keys, x->key.key.spki_sha256, scheme, message,
		    sig, sig_len, err);
	return recorder_note(x->api->recorder, &use, rc, err);
}

static int
sign_octets(struct exchange *x, struct error *err)
{
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len;

	if (sign(x, &x->req->body, sig, &len, err) != 0)
		return -1;
	buf_append(&x->res->body, sig, len);
	return response_finish(x->res, OCTET_TYPE, err);
}

static int
sign_json(struct exchange *x, struct error *err)
{
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct buffer message, text;
	struct bytes bytes;
	size_t len;
	int rc = -1;

	buf_init(&message, 0);
	buf_init(&text, 0);
	if (read_json_message(x->req, &message, err) != 0)
		goto out;
	bytes = buf_bytes(&message);
	if (sign(x, &bytes, sig, &len, err) != 0)
		goto out;
	base64_encode(&text, sig, len);
	rc = json_respond(
	    x->res, 200, json_make("{s:s}", "signature", buf_string(&text)), err);
out:
	buf_free(&text);
	buf_free(&message);
	return rc;
}

int
post_sign(struct exchange *x, struct error *err)
{
	if (request_has_type(x->req, OCTET_TYPE))
		return sign_octets(x, err);
	if (request_has_type(x->req, JSON_TYPE))
		return sign_json(x, err);
	return error_set(
	    err, ERROR_UNSUPPORTED, "send the message as " OCTET_TYPE " or " JSON_TYPE);
}
