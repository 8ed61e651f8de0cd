/* activated.c - loads keyhold.so (KEYHOLD_MODULES_DIR) beside the default provider. */
#include "tests/provider/activated.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>

#include "evp/reference.h"
#include "tests/evp/software.h"

static int
load(void **state, const char *first, const char *second)
{
	struct activated *l = calloc(1, sizeof(*l));

	if (l == NULL || (l->libctx = OSSL_LIB_CTX_new()) == NULL ||
	    OSSL_PROVIDER_set_default_search_path(l->libctx, KEYHOLD_MODULES_DIR) != 1 ||
	    (l->first = OSSL_PROVIDER_load(l->libctx, first)) == NULL ||
	    (l->second = OSSL_PROVIDER_load(l->libctx, second)) == NULL) {
		ERR_print_errors_fp(stderr);
		return -1;
	}
	*state = l;
	return 0;
}

int
activated_after_default(void **state)
{
	return load(state, "default", "keyhold");
}

int
activated_before_default(void **state)
{
	return load(state, "keyhold", "default");
}

int
activated_preferring_default(void **state)
{
	struct activated *l;

	if (activated_before_default(state) != 0)
		return -1;
	l = *state;
	return EVP_set_default_properties(l->libctx, "?provider=default") == 1 ? 0 : -1;
}

int
activated_close(void **state)
{
	struct activated *l = *state;

	OSSL_PROVIDER_unload(l->second);
	OSSL_PROVIDER_unload(l->first);
	OSSL_LIB_CTX_free(l->libctx);
	free(l);
	ERR_clear_error();
	return 0;
}

void
activated_reference(enum key_type type, struct buffer *pem)
{
	struct key key = software_describe(type, "web");

	buf_init(pem, 0);
	if (reference_to_pem(&key, pem, NULL) != 0)
		abort();
}

EVP_PKEY *
activated_from_pem(const struct activated *l, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *pkey =
	    PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, l->libctx, NULL);

	BIO_free(bio);
	return pkey;
}

EVP_PKEY *
activated_key(const struct activated *l, enum key_type type)
{
	struct buffer pem;
	EVP_PKEY *pkey;

	activated_reference(type, &pem);
	pkey = activated_from_pem(l, buf_string(&pem));
	buf_free(&pem);
	return pkey;
}

const char *
activated_holder(const EVP_PKEY *pkey)
{
	const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(pkey);

	return provider != NULL ? OSSL_PROVIDER_get0_name(provider) : "nobody";
}
