/*
 * decrypt.c - C_DecryptInit and C_Decrypt with raw RSA.
 *
 * Not CKM_RSA_PKCS: a token tells good padding from bad by its return value and its time
 * (SoftHSM 2.6.1: CKR_GENERAL_ERROR), and either is Bleichenbacher's oracle.
 */
#include "pkcs11/decrypt.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "evp/spki.h"
#include "pkcs11/ckr.h"
#include "pkcs11/operation.h"
#include "pkcs11/premaster.h"

#define MODULUS_MAX_BYTES SIGNATURE_MAX_BYTES

/* The ciphertext as the token gets it, and what it makes of it. */
struct block {
	unsigned char in[MODULUS_MAX_BYTES], em[MODULUS_MAX_BYTES];
	size_t len; /* of the modulus */
	size_t got; /* of em, by the token's account */
};

static int
is_below_modulus(
    const struct key *key, const struct bytes *ciphertext, bool *below, struct error *err)
{
	struct bytes der = { .data = key->spki, .len = key->spki_len };
	BIGNUM *c = BN_bin2bn(ciphertext->data, (int)ciphertext->len, NULL);
	struct spki spki = { 0 };
	int rc = -1;

	if (c == NULL) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	if (spki_read(&der, &spki, err) != 0)
		goto out;
	*below = BN_cmp(c, spki.n) < 0;
	rc = 0;
out:
	spki_clear(&spki);
	BN_free(c);
	return rc;
}

static int
decrypt_raw(
    struct token *token, CK_OBJECT_HANDLE handle, struct block *block, struct error *err)
{
	CK_MECHANISM mechanism = { .mechanism = CKM_RSA_X_509 };
	struct operation operation = {
		.init = token->functions->C_DecryptInit,
		.run = token->functions->C_Decrypt,
		.work = TOKEN_DECRYPTS,
		.mechanism = &mechanism,
		.handle = handle,
		.input = { .data = block->in, .len = block->len },
		.output = block->em,
		.output_len = sizeof(block->em),
	};

	if (operation_run(token, &operation, err) != 0)
		return -1;
	if (operation.rv != CKR_OK && !operation_judges_input(operation.rv))
		return ckr_error(err, operation.rv, "decrypting");
	block->got = operation.rv == CKR_OK ? operation.output_len : 0;
	return 0;
}

int
token_decrypt(struct token *token, CK_OBJECT_HANDLE handle, const struct key *key,
    const struct bytes *ciphertext, unsigned char premaster[static PREMASTER_BYTES],
    struct error *err)
{
	struct block block = { .len = key_type_info(key->type)->signature_max };
	bool below = false;
	int rc = -1;

	if (key_type_info(key->type)->family != KEY_FAMILY_RSA)
		return error_set(err, ERROR_UNSUPPORTED,
		    "a key of type %s cannot decrypt", key_type_info(key->type)->name);
	if (ciphertext->len != block.len)
		return error_set(err, ERROR_BAD_REQUEST,
		    "a ciphertext of %zu bytes; the key's modulus has %zu",
		    ciphertext->len, block.len);
	if (abilities_check_decrypt(&token->abilities, err) != 0)
		return -1;
	memcpy(block.in, ciphertext->data, block.len);
	if (is_below_modulus(key, ciphertext, &below, err) != 0)
		return -1;
	/* Everyone can see that it is too large. It is worked on all the same, made small
	 * enough, so that this answer takes no other time. */
	if (!below)
		block.in[0] = 0;
	if (RAND_priv_bytes(premaster, PREMASTER_BYTES) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "random premaster secret");
	if (decrypt_raw(token, handle, &block, err) == 0) {
		premaster_take(block.em, block.len, below ? block.got : 0, premaster);
		rc = 0;
	}
	OPENSSL_cleanse(&block, sizeof(block));
	return rc;
}
