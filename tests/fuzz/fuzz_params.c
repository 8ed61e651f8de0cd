/*
 * fuzz_params.c - any parameters, of any type and length, for each thing that the
 * provider makes: contexts that sign, verify and decrypt, and keys.
 *
 * An input is a key, what is done with it, and lists of parameters: what is set, and what
 * is asked for. Each is a name, a type, and a length and as many bytes.
 */
#include "tests/fuzz/target.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "evp/evp.h"
#include "tests/evp/fixture.h"

#define PARAMS_MAX 8

static const char *const names[] = {
	OSSL_SIGNATURE_PARAM_DIGEST,
	OSSL_SIGNATURE_PARAM_PAD_MODE,
	OSSL_SIGNATURE_PARAM_PSS_SALTLEN,
	OSSL_SIGNATURE_PARAM_MGF1_DIGEST,
	OSSL_SIGNATURE_PARAM_ALGORITHM_ID,
	OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION,
	OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION,
	OSSL_PKEY_PARAM_BITS,
	OSSL_PKEY_PARAM_SECURITY_BITS,
	OSSL_PKEY_PARAM_MAX_SIZE,
	OSSL_PKEY_PARAM_DEFAULT_DIGEST,
	OSSL_PKEY_PARAM_MANDATORY_DIGEST,
	OSSL_PKEY_PARAM_GROUP_NAME,
	OSSL_PKEY_PARAM_PUB_KEY,
	OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
	OSSL_PKEY_PARAM_EC_PUB_X,
	OSSL_PKEY_PARAM_EC_PUB_Y,
	OSSL_PKEY_PARAM_RSA_N,
	OSSL_PKEY_PARAM_RSA_E,
	OSSL_PKEY_PARAM_PRIV_KEY,
	EVP_PARAM_REFERENCE,
};

struct input {
	const uint8_t *data;
	size_t size;
};

static unsigned
take(struct input *in)
{
	if (in->size == 0)
		return 0;
	in->size--;
	return *in->data++;
}

/* As long as it says and no longer; a text ends with a NUL behind that, as OpenSSL's do.
 */
static void
take_param(struct input *in, OSSL_PARAM *p)
{
	size_t len;

	p->key = names[take(in) % (sizeof(names) / sizeof(names[0]))];
	p->data_type = take(in) % (OSSL_PARAM_OCTET_PTR + 1);
	len = take(in);
	if (len == 255)
		len = take(in) * 8;
	p->data_size = len;
	p->return_size = OSSL_PARAM_UNMODIFIED;
	if (len > in->size)
		len = in->size;
	/* A pointer is one, and what it points to is not ours to choose. */
	if (p->data_type == OSSL_PARAM_UTF8_PTR || p->data_type == OSSL_PARAM_OCTET_PTR)
		p->data_size = sizeof(void *);
	p->data = calloc(1, p->data_size + (p->data_type == OSSL_PARAM_UTF8_STRING));
	must(p->data != NULL || p->data_size == 0);
	if (p->data_type != OSSL_PARAM_UTF8_PTR && p->data_type != OSSL_PARAM_OCTET_PTR &&
	    len > 0)
		memcpy(p->data, in->data, len);
	in->data += len;
	in->size -= len;
}

static void
take_params(struct input *in, OSSL_PARAM params[static PARAMS_MAX + 1])
{
	unsigned count = take(in) % (PARAMS_MAX + 1);

	for (unsigned i = 0; i < count; i++)
		take_param(in, &params[i]);
	params[count] = (OSSL_PARAM)OSSL_PARAM_END;
}

static void
free_params(OSSL_PARAM params[])
{
	for (size_t i = 0; params[i].key != NULL; i++)
		free(params[i].data);
}

static struct fixture *fixture;

static void
sign(EVP_MD_CTX *ctx)
{
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(sig);

	if (EVP_DigestSign(ctx, sig, &len, (const unsigned char *)"message", 7) == 1)
		must(len <= sizeof(sig));
}

static void
set_on_signature(EVP_PKEY *pkey, bool verifies, OSSL_PARAM set[], OSSL_PARAM asked[])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	int rc = verifies ? EVP_DigestVerifyInit_ex(
				ctx, &pctx, NULL, fixture->libctx, NULL, pkey, NULL)
			  : EVP_DigestSignInit_ex(
				ctx, &pctx, NULL, fixture->libctx, NULL, pkey, NULL);

	if (rc == 1) {
		EVP_PKEY_CTX_set_params(pctx, set);
		EVP_PKEY_CTX_get_params(pctx, asked);
		if (verifies)
			(void)EVP_DigestVerify(ctx, (const unsigned char *)"signature", 9,
			    (const unsigned char *)"message", 7);
		else
			sign(ctx);
	}
	EVP_MD_CTX_free(ctx);
}

static void
set_on_decryption(EVP_PKEY *pkey, OSSL_PARAM set[], OSSL_PARAM asked[])
{
	unsigned char ciphertext[SIGNATURE_MAX_BYTES] = { 0 }, out[SIGNATURE_MAX_BYTES];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(fixture->libctx, pkey, NULL);
	size_t len = sizeof(out);

	if (ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1) {
		EVP_PKEY_CTX_set_params(ctx, set);
		EVP_PKEY_CTX_get_params(ctx, asked);
		if (EVP_PKEY_decrypt(ctx, out, &len, ciphertext, 256) == 1)
			must(len <= sizeof(out));
	}
	EVP_PKEY_CTX_free(ctx);
}

static void
make_key(EVP_PKEY *like, OSSL_PARAM set[], OSSL_PARAM asked[])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(fixture->libctx, like, NULL);
	EVP_PKEY *pkey = NULL;

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, set) == 1)
		EVP_PKEY_get_params(pkey, asked);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_get_params(like, asked);
}

static void
close_fixture(void)
{
	void *state = fixture;

	fixture_close(&state);
	software_free(&state);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	OSSL_PARAM set[PARAMS_MAX + 1], asked[PARAMS_MAX + 1];
	void *state = NULL;
	EVP_PKEY *pkey;
	unsigned what;

	if (fixture == NULL) {
		must(software_make(&state) == 0 && fixture_open(&state) == 0);
		fixture = state;
		atexit(close_fixture);
	}
	pkey = fixture->pkeys[take(&in) % KEY_TYPES];
	what = take(&in) % 4;
	take_params(&in, set);
	take_params(&in, asked);
	if (what < 2)
		set_on_signature(pkey, what == 1, set, asked);
	else if (what == 2)
		set_on_decryption(pkey, set, asked);
	else
		make_key(pkey, set, asked);
	free_params(set);
	free_params(asked);
	ERR_clear_error();
	return 0;
}
