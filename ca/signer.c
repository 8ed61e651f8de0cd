/* signer.c - EVP_DigestSign with the hash that suits the key. */
#include "ca/signer.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

static const struct signer_choice choices[] = {
	{ "EC", 256, "SHA256", NID_ecdsa_with_SHA256 },
	{ "EC", 384, "SHA384", NID_ecdsa_with_SHA384 },
	{ "EC", 521, "SHA512", NID_ecdsa_with_SHA512 },
	{ "RSA", 0, "SHA256", NID_sha256WithRSAEncryption },
	{ "RSA-PSS", 0, "SHA256", NID_rsassaPss },
	{ "ED25519", 0, NULL, NID_ED25519 },
};

const struct signer_choice *
signer_choice(const EVP_PKEY *key)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if (EVP_PKEY_is_a(key, choices[i].key) &&
		    (choices[i].bits == 0 || choices[i].bits == EVP_PKEY_get_bits(key)))
			return &choices[i];
	return NULL;
}

static int
read_algorithm(struct signer *signer, EVP_PKEY_CTX *pctx, struct error *err)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID,
		    signer->algorithm, sizeof(signer->algorithm)),
		OSSL_PARAM_END,
	};

	if (EVP_PKEY_CTX_get_params(pctx, params) != 1 || !OSSL_PARAM_modified(params))
		return error_set_openssl(
		    err, ERROR_TOKEN, "algorithm identifier of a key");
	signer->algorithm_len = params[0].return_size;
	return 0;
}

int
signer_init(struct signer *signer, OSSL_LIB_CTX *libctx, EVP_PKEY *key, struct error *err)
{
	const struct signer_choice *choice = signer_choice(key);
	EVP_PKEY_CTX *pctx = NULL; /* belongs to signer->ctx */

	*signer = (struct signer){ 0 };
	if (choice == NULL)
		return error_set(
		    err, ERROR_UNSUPPORTED, "this type of key signs no certificates");
	if ((signer->ctx = EVP_MD_CTX_new()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (EVP_DigestSignInit_ex(
		signer->ctx, &pctx, choice->hash, libctx, NULL, key, NULL) != 1) {
		error_set_openssl(err, ERROR_TOKEN, "start a signature");
		goto out;
	}
	/* RFC 4055 section 3.1 recommends it; OpenSSL's own default is the longest. */
	if (choice->signature_nid == NID_rsassaPss &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) != 1) {
		error_set_openssl(err, ERROR_TOKEN, "salt of an RSA-PSS signature");
		goto out;
	}
	if (read_algorithm(signer, pctx, err) == 0)
		return 0;
out:
	signer_clear(signer);
	return -1;
}

int
signer_sign(struct signer *signer, struct bytes message,
    unsigned char sig[static SIGNER_SIGNATURE_MAX], size_t *sig_len, struct error *err)
{
	*sig_len = SIGNER_SIGNATURE_MAX;
	/* OpenSSL 3.0's own ECDSA says yes and -1 bytes where it runs out of memory. */
	if (EVP_DigestSign(signer->ctx, sig, sig_len, message.data, message.len) != 1 ||
	    *sig_len > SIGNER_SIGNATURE_MAX)
		return error_set_openssl(err, ERROR_TOKEN, "sign");
	return 0;
}

void
signer_clear(struct signer *signer)
{
	EVP_MD_CTX_free(signer->ctx);
	*signer = (struct signer){ 0 };
}

int
signer_verify(OSSL_LIB_CTX *libctx, EVP_PKEY *public, struct bytes message,
    struct bytes sig, struct error *err)
{
	const struct signer_choice *choice =
	    public != NULL ? signer_choice(public) : NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = 0;

	if (ctx == NULL || choice == NULL ||
	    EVP_DigestVerifyInit_ex(
		ctx, NULL, choice->hash, libctx, NULL, public, NULL) != 1 ||
	    EVP_DigestVerify(ctx, sig.data, sig.len, message.data, message.len) != 1)
		rc = error_set_openssl(err, ERROR_TOKEN,
		    "the signature does not verify with the issuer's key");
	EVP_MD_CTX_free(ctx);
	return rc;
}
