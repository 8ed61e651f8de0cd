/* remote.c - signatures and decryptions made by keyholdd. */
#include "provider/remote.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "provider/problem.h"

#define ANSWER_MAX_BYTES 4096

struct operation {
	const struct key *key;
	const char *verb, *scheme;
};

static int
call(struct module_context *module, const struct client_request *req,
    struct client_response *res, struct error *err)
{
	if (client_call(module->client, req, res, err) != 0)
		return -1;
	if (res->status != 200)
		return problem_to_error(res, err);
	return 0;
}

/* Has the key do "sign" or "decrypt", and awaits bytes. */
static int
post(struct module_context *module, const struct operation *operation,
    const struct bytes *body, struct client_response *res, struct error *err)
{
	char hash[2 * KEY_SHA256_SIZE + 1], path[160];
	struct client_request req = {
		.method = "POST",
		.path = path,
		.content_type = "application/octet-stream",
		.body = *body,
		.repeatable = true,
		.pausable = true,
	};

	hex_encode(hash, operation->key->spki_sha256, KEY_SHA256_SIZE);
	snprintf(path, sizeof(path), "/v1/keys/spki:%s/%s?scheme=%s", hash,
	    operation->verb, operation->scheme);
	return call(module, &req, res, err);
}

static int
remote_sign(void *ctx, const struct key *key, enum scheme scheme,
    const struct bytes *message, unsigned char sig[static SIGNATURE_MAX_BYTES],
    size_t *sig_len, struct error *err)
{
	const struct operation operation = { key, "sign", scheme_info(scheme)->name };
	struct client_response res;
	int rc = -1;

	client_response_init(&res, ANSWER_MAX_BYTES);
	if (post(ctx, &operation, message, &res, err) != 0)
		goto out;
	if (res.body.len == 0 || res.body.len > SIGNATURE_MAX_BYTES) {
		error_set(err, ERROR_INTERNAL, "keyholdd sent a signature of %zu bytes",
		    res.body.len);
		goto out;
	}
	memcpy(sig, res.body.data, res.body.len);
	*sig_len = res.body.len;
	rc = 0;
out:
	client_response_free(&res);
	return rc;
}

static int
remote_decrypt(void *ctx, const struct key *key, const struct bytes *ciphertext,
    unsigned char premaster[static PREMASTER_BYTES], struct error *err)
{
	const struct operation operation = { key, "decrypt", "rsa_pkcs1_tls" };
	struct client_response res;
	int rc = -1;

	client_response_init(&res, ANSWER_MAX_BYTES);
	if (post(ctx, &operation, ciphertext, &res, err) != 0)
		goto out;
	if (res.body.len != PREMASTER_BYTES) {
		error_set(err, ERROR_INTERNAL,
		    "keyholdd sent a premaster secret of %zu bytes", res.body.len);
		goto out;
	}
	memcpy(premaster, res.body.data, PREMASTER_BYTES);
	rc = 0;
out:
	client_response_free(&res);
	return rc;
}

int
remote_reference(struct module_context *module, const char *name, struct buffer *pem,
    struct error *err)
{
	char path[160];
	struct client_request req = {
		.method = "GET",
		.path = path,
		.repeatable = true,
		/* Programs load keys at their start, and then close what they do not
		 * know.
		 */
		.close = true,
	};
	struct client_response res;
	int rc = -1;

	client_response_init(&res, ANSWER_MAX_BYTES);
	snprintf(path, sizeof(path), "/v1/keys/%s/reference", name);
	if (call(module, &req, &res, err) == 0) {
		buf_append(pem, res.body.data, res.body.len);
		rc = 0;
	}
	client_response_free(&res);
	return rc;
}

const struct key_backend remote_backend = {
	.sign = remote_sign,
	.decrypt = remote_decrypt,
};
