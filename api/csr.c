/* csr.c - a certification request for a key in use. */
#include "ca/csr.h"

#include <openssl/evp.h>

#include "api/handlers.h"
#include "api/json.h"
#include "api/mediatype.h"

#define SANS_MAX 100

static int
build_csr(struct exchange *x, const struct keystore_key *key, const struct json_t *body,
    struct error *err)
{
	const char *sans[SANS_MAX], *subject;
	struct csr_spec spec = { .sans = sans };
	int rc;

	if (json_text(body, "subject", false, &subject, err) != 0 ||
	    json_texts(body, "sans", sans, SANS_MAX, &spec.san_count, err) != 0 ||
	    builtin_pkey(x->api->builtin, &key->key, &spec.key, err) != 0)
		return -1;
	spec.subject = subject;
	/* Whoever certifies it: without keyEncipherment clients refuse the exchange. */
	spec.key_encipherment = key->use == KEY_USE_TLS_RSA_KEX;
	rc = csr_build(builtin_libctx(x->api->builtin), &spec, &x->res->body, err);
	EVP_PKEY_free(spec.key);
	return rc;
}

int
post_csr(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "subject", "sans", NULL };
	struct keystore_key key;
	struct json_t *body;
	int rc;

	if (keyring_find(x->api->keys, x->req->params[0], &key, err) != 0)
		return -1;
	if (key.use == KEY_USE_CA || key.use == KEY_USE_AUDIT)
		return error_set(err, ERROR_FORBIDDEN, "key %s has use %s", key.key.name,
		    key_use_name(key.use));
	if (json_read(&x->req->body, members, &body, err) != 0)
		return -1;
	rc = build_csr(x, &key, body, err);
	json_free(body);
	return rc == 0 ? response_finish(x->res, PEM_TYPE, err) : -1;
}
