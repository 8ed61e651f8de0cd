/* softkey.c - signs as the daemon does, by the scheme's name. */
#include "tests/acme/softkey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>

static const char *
hash_of(const char *scheme)
{
	if (strcmp(scheme, "ed25519") == 0)
		return NULL;
	if (strstr(scheme, "sha512") != NULL)
		return "SHA512";
	return strstr(scheme, "sha384") != NULL ? "SHA384" : "SHA256";
}

static int
sign(void *ctx, const char *scheme, const struct bytes *message,
    unsigned char sig[static ACME_SIGNATURE_MAX], size_t *sig_len, struct error *err)
{
	struct softkey *softkey = ctx;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	int ok;

	*sig_len = ACME_SIGNATURE_MAX;
	ok = md != NULL &&
	     EVP_DigestSignInit_ex(
		 md, &pctx, hash_of(scheme), NULL, NULL, softkey->pkey, NULL) == 1 &&
	     (strncmp(scheme, "rsa_pss", 7) != 0 ||
		 (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) ==
			 1)) &&
	     EVP_DigestSign(md, sig, sig_len, message->data, message->len) == 1;
	EVP_MD_CTX_free(md);
	softkey->signatures++;
	return ok ? 0 : error_set_openssl(err, ERROR_TOKEN, "software key");
}

void
softkey_take(struct softkey *softkey, EVP_PKEY *pkey)
{
	unsigned char *at = softkey->spki;
	int len;

	*softkey = (struct softkey){ .pkey = pkey };
	assert_non_null(pkey);
	at = softkey->spki;
	len = i2d_PUBKEY(pkey, NULL);
	assert_true(len > 0 && (size_t)len <= sizeof(softkey->spki));
	i2d_PUBKEY(pkey, &at);
	softkey->key = (struct acme_key){ { softkey->spki, (size_t)len }, sign, softkey };
}

void
softkey_make(struct softkey *softkey, const char *type, const char *size)
{
	EVP_PKEY *pkey = strcmp(type, "RSA") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
							(size_t)strtoul(size, NULL, 10))
			 : size != NULL ? EVP_PKEY_Q_keygen(NULL, NULL, type, size)
					: EVP_PKEY_Q_keygen(NULL, NULL, type);

	softkey_take(softkey, pkey);
}

void
softkey_clear(struct softkey *softkey)
{
	EVP_PKEY_free(softkey->pkey);
}
