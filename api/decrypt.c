/*
 * decrypt.c - POST /v1/keys/{key}/decrypt: the server's half of RSA key exchange.
 *
 * The answer is 48 bytes whatever the ciphertext held. Nothing here looks at them, and
 * nothing about them is logged: knowing which ciphertexts are well-formed is enough to
 * decrypt any (Bleichenbacher 1998; Boeck, Somorovsky, Young: ROBOT, 2018).
 */
#include "api/handlers.h"

#include <string.h>

#include <openssl/crypto.h>

#include "api/keyuse.h"
#include "api/mediatype.h"
#include "api/url.h"

#define SCHEME "rsa_pkcs1_tls"

static int
check_scheme(const struct request *req, struct error *err)
{
	char name[48];
	bool found;

	if (query_get(req->query, "scheme", name, sizeof(name), &found, err) != 0)
		return -1;
	if (!found)
		return error_set(
		    err, ERROR_BAD_REQUEST, "URL: scheme is missing; ?scheme=" SCHEME);
	if (strcmp(name, SCHEME) != 0)
		return error_set(err, ERROR_UNSUPPORTED,
		    "\"%.40s\" is not a scheme of decryption; " SCHEME " is the one",
		    name);
	return 0;
}

int
post_decrypt(struct exchange *x, struct error *err)
{
	const struct recorder_use use = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "decryption.made",
		.key = x->key.key.name,
		.scheme = SCHEME,
	};
	unsigned char premaster[PREMASTER_BYTES];
	int rc = -1;

	if (!request_has_type(x->req, OCTET_TYPE))
		return error_set(
		    err, ERROR_UNSUPPORTED, "send the ciphertext as " OCTET_TYPE);
	if (check_scheme(x->req, err) != 0)
		return -1;
	if (recorder_admit(x->api->recorder, err) == 0 &&
	    keyuse_check_decrypt(&x->key, err) == 0)
		rc = keyring_decrypt(
		    x->api->keys, x->key.key.spki_sha256, &x->req->body, premaster, err);
	rc = recorder_note(x->api->recorder, &use, rc, err);
	if (rc == 0)
		buf_append(&x->res->body, premaster, sizeof(premaster));
	OPENSSL_cleanse(premaster, sizeof(premaster));
	return rc == 0 ? response_finish(x->res, OCTET_TYPE, err) : -1;
}
