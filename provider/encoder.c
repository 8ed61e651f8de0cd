/*
 * encoder.c - ENCODER: a key of keyhold's as others may write it to a file.
 *
 * Whoever asks for the private key in PEM gets the reference, so that copying a key
 * file copies it. DER has no label that would say what it is, and a passphrase would
 * promise a secret: both are refused, here and with a reason, because the encoders of
 * the default provider would fail without one. Public keys are written as they are.
 */
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "base/pem.h"
#include "evp/reference.h"
#include "provider/keytext.h"
#include "provider/module.h"

#define REFERENCE_ALONE                                                                  \
	"the private key is in the token; all that can be written is its reference, in " \
	"PEM without a passphrase"

struct encoder {
	struct module_context *module;
	bool encrypted; /* a cipher was asked for */
};

static OSSL_FUNC_encoder_newctx_fn encoder_newctx;
static OSSL_FUNC_encoder_freectx_fn encoder_freectx;
static OSSL_FUNC_encoder_settable_ctx_params_fn encoder_settable_ctx_params;
static OSSL_FUNC_encoder_set_ctx_params_fn encoder_set_ctx_params;
static OSSL_FUNC_encoder_does_selection_fn does_private, does_public;
static OSSL_FUNC_encoder_encode_fn encode_reference, encode_nothing, encode_text;
static OSSL_FUNC_encoder_encode_fn encode_public_pem, encode_public_der;

static void *
encoder_newctx(void *module)
{
	struct encoder *e = OPENSSL_zalloc(sizeof(*e));

	if (e != NULL)
		e->module = module;
	return e;
}

static void
encoder_freectx(void *ctx)
{
	OPENSSL_free(ctx);
}

static const OSSL_PARAM *
encoder_settable_ctx_params(void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_ENCODER_PARAM_CIPHER, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)provider;
	return params;
}

static int
encoder_set_ctx_params(void *ctx, const OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_ENCODER_PARAM_CIPHER);
	struct encoder *e = ctx;

	if (p != NULL)
		e->encrypted = p->data != NULL;
	return 1;
}

static int
does_private(void *provider, int selection)
{
	(void)provider;
	return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
}

/* Never for a caller that wants the private key as well: it might take it for that. */
static int
does_public(void *provider, int selection)
{
	return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 &&
	       !does_private(provider, selection);
}

static int
refuse(const struct encoder *e)
{
	struct error err;

	error_set(&err, ERROR_UNSUPPORTED, REFERENCE_ALONE);
	evp_raise(&e->module->evp, &err);
	return 0;
}

static int
write_bytes(const struct encoder *e, OSSL_CORE_BIO *out, struct bytes bytes)
{
	BIO *bio = BIO_new_from_core_bio(e->module->libctx, out);
	size_t written;
	int ok = bio != NULL && BIO_write_ex(bio, bytes.data, bytes.len, &written) == 1 &&
		 written == bytes.len;

	BIO_free(bio);
	return ok;
}

static int
encode_reference(void *ctx, OSSL_CORE_BIO *out, const void *key,
    const OSSL_PARAM abstract[], int selection, OSSL_PASSPHRASE_CALLBACK *passphrase,
    void *passphrase_arg)
{
	struct encoder *e = ctx;
	struct buffer pem;
	struct error err;
	int ok = 0;

	(void)selection;
	(void)passphrase;
	(void)passphrase_arg;
	if (key == NULL || abstract != NULL || e->encrypted)
		return refuse(e);
	buf_init(&pem, 0);
	if (reference_to_pem(key, &pem, &err) == 0)
		ok = write_bytes(e, out, buf_bytes(&pem));
	else
		evp_raise(&e->module->evp, &err);
	buf_free(&pem);
	return ok;
}

static int
encode_nothing(void *ctx, OSSL_CORE_BIO *out, const void *key,
    const OSSL_PARAM abstract[], int selection, OSSL_PASSPHRASE_CALLBACK *passphrase,
    void *passphrase_arg)
{
	(void)out;
	(void)key;
	(void)abstract;
	(void)selection;
	(void)passphrase;
	(void)passphrase_arg;
	return refuse(ctx);
}

static int
encode_public_der(void *ctx, OSSL_CORE_BIO *out, const void *data,
    const OSSL_PARAM abstract[], int selection, OSSL_PASSPHRASE_CALLBACK *passphrase,
    void *passphrase_arg)
{
	const struct key *key = data;

	(void)selection;
	(void)passphrase;
	(void)passphrase_arg;
	if (key == NULL || abstract != NULL)
		return 0;
	return write_bytes(ctx, out, (struct bytes){ key->spki, key->spki_len });
}

static int
encode_public_pem(void *ctx, OSSL_CORE_BIO *out, const void *data,
    const OSSL_PARAM abstract[], int selection, OSSL_PASSPHRASE_CALLBACK *passphrase,
    void *passphrase_arg)
{
	const struct key *key = data;
	struct buffer pem;
	int ok;

	(void)selection;
	(void)passphrase;
	(void)passphrase_arg;
	if (key == NULL || abstract != NULL)
		return 0;
	buf_init(&pem, 0);
	pem_append(&pem, "PUBLIC KEY", (struct bytes){ key->spki, key->spki_len });
	ok = !buf_failed(&pem) && write_bytes(ctx, out, buf_bytes(&pem));
	buf_free(&pem);
	return ok;
}

static int
encode_text(void *ctx, OSSL_CORE_BIO *out, const void *key, const OSSL_PARAM abstract[],
    int selection, OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_arg)
{
	struct encoder *e = ctx;
	BIO *bio;
	int ok;

	(void)selection;
	(void)passphrase;
	(void)passphrase_arg;
	if (key == NULL || abstract != NULL ||
	    (bio = BIO_new_from_core_bio(e->module->libctx, out)) == NULL)
		return 0;
	ok = keytext_print(bio, key);
	BIO_free(bio);
	return ok;
}

#define ENCODER(does_selection, encode)                                                  \
	{                                                                                \
		{ OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))encoder_newctx },            \
		    { OSSL_FUNC_ENCODER_FREECTX, (void (*)(void))encoder_freectx },      \
		    { OSSL_FUNC_ENCODER_SETTABLE_CTX_PARAMS,                             \
			    (void (*)(void))encoder_settable_ctx_params },               \
		    { OSSL_FUNC_ENCODER_SET_CTX_PARAMS,                                  \
			    (void (*)(void))encoder_set_ctx_params },                    \
		    { OSSL_FUNC_ENCODER_DOES_SELECTION,                                  \
			    (void (*)(void))does_selection },                            \
		    { OSSL_FUNC_ENCODER_ENCODE, (void (*)(void))encode }, { 0, NULL },   \
	}

static const OSSL_DISPATCH reference_functions[] =
    ENCODER(does_private, encode_reference);
static const OSSL_DISPATCH refusal_functions[] = ENCODER(does_private, encode_nothing);
static const OSSL_DISPATCH public_pem_functions[] =
    ENCODER(does_public, encode_public_pem);
static const OSSL_DISPATCH public_der_functions[] =
    ENCODER(does_public, encode_public_der);
static const OSSL_DISPATCH text_functions[] = ENCODER(does_private, encode_text);

#define PROPERTIES(output)            "provider=keyhold,output=" output
#define STRUCTURED(output, structure) PROPERTIES(output) ",structure=" structure

/*
 * OpenSSL begins at the end of those that fit, so the reference stands behind the
 * refusals: it is what a caller gets who names no structure.
 */
#define ENCODERS(names)                                                                  \
	{ names, STRUCTURED("pem", "EncryptedPrivateKeyInfo"), refusal_functions,        \
		"a refusal" },                                                           \
	    { names, STRUCTURED("pem", "pkcs1"), refusal_functions, "a refusal" },       \
	    { names, STRUCTURED("der", "PrivateKeyInfo"), refusal_functions,             \
		    "a refusal" },                                                       \
	    { names, STRUCTURED("der", "EncryptedPrivateKeyInfo"), refusal_functions,    \
		    "a refusal" },                                                       \
	    { names, STRUCTURED("der", "type-specific"), refusal_functions,              \
		    "a refusal" },                                                       \
	    { names, STRUCTURED("der", "pkcs1"), refusal_functions, "a refusal" },       \
	    { names, STRUCTURED("pem", "type-specific"), reference_functions,            \
		    "key reference" },                                                   \
	    { names, STRUCTURED("pem", "PrivateKeyInfo"), reference_functions,           \
		    "key reference" },                                                   \
	    { names, STRUCTURED("der", "SubjectPublicKeyInfo"), public_der_functions,    \
		    "public key" },                                                      \
	    { names, STRUCTURED("pem", "SubjectPublicKeyInfo"), public_pem_functions,    \
		    "public key" },                                                      \
	{                                                                                \
		names, PROPERTIES("text"), text_functions, "description"                 \
	}

const OSSL_ALGORITHM module_encoders[] = {
	ENCODERS("EC:id-ecPublicKey:1.2.840.10045.2.1"),
	ENCODERS("RSA:rsaEncryption:1.2.840.113549.1.1.1"),
	ENCODERS("RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10"),
	ENCODERS("ED25519:1.3.101.112"),
	{ NULL, NULL, NULL, NULL },
};
