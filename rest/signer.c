/* signer.c - POST /v1/keys/spki:{hash}/sign. */
#include "rest/signer.h"

#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/pem.h"
#include "base/text.h"
#include "rest/problem.h"
#include "rest/url.h"

#define ANSWER_MAX_BYTES 4096

int
signer_init(
    struct signer *signer, const struct rest *rest, struct bytes pem, struct error *err)
{
	static const char *const labels[] = { "PUBLIC KEY", NULL };
	unsigned char hash[SHA256_DIGEST_LENGTH];

	*signer = (struct signer){ .rest = rest };
	buf_init(&signer->spki, 0);
	if (pem_read(pem, labels, &signer->spki, err) != 0)
		return error_set(err, ERROR_INTERNAL,
		    "keyholdd's answer is not the public key that was expected");
	SHA256(signer->spki.data, signer->spki.len, hash);
	hex_encode(signer->hash, hash, sizeof(hash));
	return 0;
}

void
signer_clear(struct signer *signer)
{
	buf_free(&signer->spki);
}

static int
take_signature(const struct client_response *res, const char *path,
    unsigned char sig[static SIGNER_SIGNATURE_MAX], size_t *sig_len, struct error *err)
{
	json_t *problem;

	if (res->status == 200 && res->body.len > 0 &&
	    res->body.len <= SIGNER_SIGNATURE_MAX) {
		memcpy(sig, res->body.data, res->body.len);
		*sig_len = res->body.len;
		return 0;
	}
	if (res->status == 200)
		return error_set(err, ERROR_INTERNAL,
		    "keyholdd's signature has %zu bytes", res->body.len);
	problem = problem_read(res);
	problem_summarise(problem, res->status, path, err);
	json_decref(problem);
	return -1;
}

int
signer_sign(void *ctx, const char *scheme, const struct bytes *message,
    unsigned char sig[static SIGNER_SIGNATURE_MAX], size_t *sig_len, struct error *err)
{
	const struct signer *signer = ctx;
	const struct rest *rest = signer->rest;
	char path[URL_MAX];
	const struct client_request req = {
		.method = "POST",
		.path = path,
		.content_type = "application/octet-stream",
		.bearer = rest->token != NULL ? secret_text(rest->token) : NULL,
		.body = *message,
		.repeatable = true,
	};
	struct client_response res;
	int rc;

	snprintf(
	    path, sizeof(path), "/v1/keys/spki:%s/sign?scheme=%s", signer->hash, scheme);
	client_response_init(&res, ANSWER_MAX_BYTES);
	rc = client_call(rest->client, &req, &res, err);
	if (rc == 0)
		rc = take_signature(&res, path, sig, sig_len, err);
	client_response_free(&res);
	return rc;
}
