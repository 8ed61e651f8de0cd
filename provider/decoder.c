/*
 * decoder.c - DECODER: the reference PEM, in two steps.
 *
 * PEM to DER, then DER to a key: OpenSSL's file: loader, which openssl(1) uses, chains
 * decoders through DER and would not find a single step. Neither does any I/O beyond
 * the BIO it is given. What is not a reference is passed by without an error
 * ("empty handed"), for the next decoder.
 */
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "evp/reference.h"
#include "provider/module.h"
#include "provider/pem.h"

#define STRUCTURE "KeyholdKeyReference"

struct decoder {
	struct module_context *module;
	const char *algorithm; /* NULL for the PEM step */
};

static OSSL_FUNC_decoder_newctx_fn pem_newctx, ec_newctx, rsa_newctx, rsa_pss_newctx,
    ed25519_newctx;
static OSSL_FUNC_decoder_freectx_fn decoder_freectx;
static OSSL_FUNC_decoder_does_selection_fn decoder_does_selection;
static OSSL_FUNC_decoder_decode_fn pem_decode, der_decode;

static void *
new_decoder(void *module, const char *algorithm)
{
	struct decoder *d = OPENSSL_zalloc(sizeof(*d));

	if (d != NULL) {
		d->module = module;
		d->algorithm = algorithm;
	}
	return d;
}

static void *
pem_newctx(void *module)
{
	return new_decoder(module, NULL);
}

static void *
ec_newctx(void *module)
{
	return new_decoder(module, "EC");
}

static void *
rsa_newctx(void *module)
{
	return new_decoder(module, "RSA");
}

static void *
rsa_pss_newctx(void *module)
{
	return new_decoder(module, "RSA-PSS");
}

static void *
ed25519_newctx(void *module)
{
	return new_decoder(module, "ED25519");
}

static void
decoder_freectx(void *ctx)
{
	OPENSSL_free(ctx);
}

/* A reference stands for a private key; 0 means that the caller takes anything. */
static int
decoder_does_selection(void *provider, int selection)
{
	(void)provider;
	return selection == 0 || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
}

static int
give_der(
    const struct buffer *der, const struct key *key, OSSL_CALLBACK *receive, void *arg)
{
	int type = OSSL_OBJECT_PKEY;
	OSSL_PARAM params[5];

	params[0] = OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type);
	params[1] = OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE,
	    (char *)(uintptr_t)key_type_info(key->type)->algorithm, 0);
	params[2] = OSSL_PARAM_construct_utf8_string(
	    OSSL_OBJECT_PARAM_DATA_STRUCTURE, (char *)(uintptr_t)STRUCTURE, 0);
	params[3] = OSSL_PARAM_construct_octet_string(
	    OSSL_OBJECT_PARAM_DATA, der->data, der->len);
	params[4] = OSSL_PARAM_construct_end();
	return receive(params, arg);
}

/* A block under our label that is not a reference is an error worth reading. */
static int
pem_decode(void *ctx, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *receive, void *arg,
    OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_arg)
{
	struct decoder *d = ctx;
	BIO *bio = BIO_new_from_core_bio(d->module->libctx, in);
	struct error err = { 0 };
	struct buffer der;
	struct bytes bytes;
	struct key key;
	int ok = 1;

	(void)selection;
	(void)passphrase;
	(void)passphrase_arg;
	if (bio == NULL)
		return 0;
	buf_init(&der, REFERENCE_MAX_BYTES);
	if (pem_read_reference(bio, &der)) {
		bytes = buf_bytes(&der);
		if (reference_decode(&bytes, &key, &err) == 0) {
			ok = give_der(&der, &key, receive, arg);
		} else {
			evp_raise(&d->module->evp, &err);
			ok = 0;
		}
	}
	buf_free(&der);
	BIO_free(bio);
	return ok;
}

/* Reads what there is, up to one byte more than a reference can have. */
static void
read_all(BIO *bio, struct buffer *der)
{
	unsigned char block[REFERENCE_MAX_BYTES + 1];
	size_t len;

	while (
	    !buf_failed(der) && BIO_read_ex(bio, block, sizeof(block), &len) && len > 0)
		buf_append(der, block, len);
}

static int
der_decode(void *ctx, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *receive, void *arg,
    OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_arg)
{
	struct decoder *d = ctx;
	BIO *bio = BIO_new_from_core_bio(d->module->libctx, in);
	struct buffer der;
	struct bytes bytes;
	struct key key;
	int ok = 1;

	(void)selection;
	(void)passphrase;
	(void)passphrase_arg;
	if (bio == NULL)
		return 0;
	buf_init(&der, REFERENCE_MAX_BYTES + 1);
	ERR_set_mark();
	read_all(bio, &der);
	bytes = buf_bytes(&der);
	if (buf_failed(&der) || reference_decode(&bytes, &key, NULL) != 0 ||
	    strcmp(key_type_info(key.type)->algorithm, d->algorithm) != 0) {
		ERR_pop_to_mark();
	} else {
		ERR_clear_last_mark();
		ok = module_give_key(evp_key_dup(&key), receive, arg);
	}
	buf_free(&der);
	BIO_free(bio);
	return ok;
}

#define DECODER(newctx, decode)                                                          \
	{                                                                                \
		{ OSSL_FUNC_DECODER_NEWCTX, (void (*)(void))newctx },                    \
		    { OSSL_FUNC_DECODER_FREECTX, (void (*)(void))decoder_freectx },      \
		    { OSSL_FUNC_DECODER_DOES_SELECTION,                                  \
			    (void (*)(void))decoder_does_selection },                    \
		    { OSSL_FUNC_DECODER_DECODE, (void (*)(void))decode }, { 0, NULL },   \
	}

static const OSSL_DISPATCH pem_functions[] = DECODER(pem_newctx, pem_decode);
static const OSSL_DISPATCH ec_functions[] = DECODER(ec_newctx, der_decode);
static const OSSL_DISPATCH rsa_functions[] = DECODER(rsa_newctx, der_decode);
static const OSSL_DISPATCH rsa_pss_functions[] = DECODER(rsa_pss_newctx, der_decode);
static const OSSL_DISPATCH ed25519_functions[] = DECODER(ed25519_newctx, der_decode);

#define DER_PROPERTIES "provider=keyhold,input=der,structure=" STRUCTURE

const OSSL_ALGORITHM module_decoders[] = {
	{ "DER", "provider=keyhold,input=pem", pem_functions, "key reference PEM" },
	{ "EC:id-ecPublicKey:1.2.840.10045.2.1", DER_PROPERTIES, ec_functions,
	    "reference to an EC key" },
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", DER_PROPERTIES, rsa_functions,
	    "reference to an RSA key" },
	{ "RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10", DER_PROPERTIES, rsa_pss_functions,
	    "reference to an RSA-PSS key" },
	{ "ED25519:1.3.101.112", DER_PROPERTIES, ed25519_functions,
	    "reference to an Ed25519 key" },
	{ NULL, NULL, NULL, NULL },
};
