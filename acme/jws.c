/* jws.c - header, payload and signature. */
#include "acme/jws.h"

#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "acme/base64url.h"
#include "acme/document.h"

#define MAC_BYTES 32

/* base64url(header) "." base64url(payload): what is signed (RFC 7515 section 5.1). */
static void
write_input(struct buffer *out, struct bytes header, struct bytes payload)
{
	base64url_encode(out, header);
	buf_text(out, ".");
	base64url_encode(out, payload);
}

static int
write_jws(struct buffer *out, const struct buffer *input, struct bytes signature,
    struct error *err)
{
	const char *text = buf_string(input), *dot = strchr(text, '.');

	if (dot == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	buf_printf(out, "{\"protected\":\"%.*s\",\"payload\":\"%s\",\"signature\":\"",
	    (int)(dot - text), text, dot + 1);
	base64url_encode(out, signature);
	buf_text(out, "\"}");
	return buf_failed(out) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

int
jws_sign_header(const struct jwk *jwk, struct bytes header, struct bytes payload,
    struct buffer *out, struct error *err)
{
	struct buffer input, signature;
	int rc = -1;

	buf_init(&input, 0);
	buf_init(&signature, 0);
	write_input(&input, header, payload);
	if (buf_failed(&input))
		error_set(err, ERROR_INTERNAL, "out of memory");
	else if (jwk_sign(jwk, buf_bytes(&input), &signature, err) == 0)
		rc = write_jws(out, &input, buf_bytes(&signature), err);
	buf_free(&input);
	buf_free(&signature);
	return rc;
}

int
jws_sign(const struct jwk *jwk, const struct jws_header *header, struct bytes payload,
    struct buffer *out, struct error *err)
{
	json_t *key =
	    header->kid == NULL ? json_loads(buf_string(&jwk->json), 0, NULL) : NULL;
	struct buffer protected;
	int rc;

	buf_init(&protected, 0);
	rc = document_write(
	    json_pack("{s:s, s:o*, s:s*, s:s*, s:s}", "alg", jwk->alg, "jwk", key, "kid",
		header->kid, "nonce", header->nonce, "url", header->url),
	    &protected, err);
	if (rc == 0)
		rc = jws_sign_header(jwk, buf_bytes(&protected), payload, out, err);
	buf_free(&protected);
	return rc;
}

int
jws_bind(const struct jwk *jwk, const char *kid, struct bytes mac_key, const char *url,
    struct buffer *out, struct error *err)
{
	unsigned char mac[MAC_BYTES];
	struct buffer protected, input;
	int rc = -1;

	buf_init(&protected, 0);
	buf_init(&input, 0);
	if (document_write(
		json_pack("{s:s, s:s, s:s}", "alg", "HS256", "kid", kid, "url", url),
		&protected, err) != 0)
		goto out;
	write_input(&input, buf_bytes(&protected), buf_bytes(&jwk->json));
	if (buf_failed(&input) || HMAC(EVP_sha256(), mac_key.data, (int)mac_key.len,
				      input.data, input.len, mac, NULL) == NULL)
		error_set_openssl(err, ERROR_INTERNAL, "HMAC");
	else
		rc = write_jws(out, &input, (struct bytes){ mac, sizeof(mac) }, err);
out:
	buf_free(&protected);
	buf_free(&input);
	return rc;
}
