/* sign.c - C_SignInit and C_Sign on a borrowed session. */
#include "pkcs11/sign.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "pkcs11/ckr.h"
#include "pkcs11/operation.h"
#include "pkcs11/pss.h"

static int
sign_input(struct token *token, CK_OBJECT_HANDLE handle, CK_MECHANISM *mechanism,
    struct bytes input, unsigned char *raw, CK_ULONG *raw_len, struct error *err)
{
	struct operation operation = {
		.init = token->functions->C_SignInit,
		.run = token->functions->C_Sign,
		.work = TOKEN_SIGNS,
		.mechanism = mechanism,
		.handle = handle,
		.input = input,
		.output = raw,
		.output_len = *raw_len,
	};

	if (operation_run(token, &operation, err) != 0)
		return -1;
	if (operation.rv != CKR_OK)
		return ckr_error(err, operation.rv, "signing");
	*raw_len = operation.output_len;
	return 0;
}

/* PSS by a token that knows raw RSA alone. */
static int
sign_padded(struct token *token, CK_OBJECT_HANDLE handle,
    const struct mechanism *mechanism, unsigned char *raw, CK_ULONG *raw_len,
    struct error *err)
{
	CK_MECHANISM raw_rsa = { .mechanism = CKM_RSA_X_509 };
	unsigned char em[SIGNATURE_MAX_BYTES];
	struct bytes block = { em, key_type_info(mechanism->type)->signature_max };

	if (pss_encode(mechanism->scheme, &mechanism->data, em, block.len, err) != 0)
		return -1;
	return sign_input(token, handle, &raw_rsa, block, raw, raw_len, err);
}

static int
sign_raw(struct token *token, CK_OBJECT_HANDLE handle, struct mechanism *mechanism,
    unsigned char *raw, CK_ULONG *raw_len, struct error *err)
{
	if (abilities_check_sign(&token->abilities, mechanism->scheme, err) != 0)
		return -1;
	if (mechanism->ck.mechanism == CKM_RSA_PKCS_PSS &&
	    abilities_lack_pss(&token->abilities))
		return sign_padded(token, handle, mechanism, raw, raw_len, err);
	return sign_input(
	    token, handle, &mechanism->ck, mechanism->data, raw, raw_len, err);
}

/* PKCS#11 v2.40 section 2.3.1: r and s, each as long as the group's order. */
static int
ecdsa_to_der(const unsigned char *raw, size_t raw_len, enum key_type type,
    unsigned char *der, size_t *der_len, struct error *err)
{
	size_t half = (size_t)(key_type_info(type)->bits + 7) / 8;
	ECDSA_SIG *sig = NULL;
	BIGNUM *r = NULL, *s = NULL;
	unsigned char *p = der;
	int len, rc = -1;

	if (raw_len != 2 * half)
		return error_set(err, ERROR_TOKEN,
		    "an ECDSA signature of %zu bytes, not %zu", raw_len, 2 * half);
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(raw, (int)half, NULL);
	s = BN_bin2bn(raw + half, (int)half, NULL);
	if (sig == NULL || r == NULL || s == NULL || !ECDSA_SIG_set0(sig, r, s)) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	r = s = NULL; /* sig's now */
	/* At most 9 bytes more than r and s: SIGNATURE_MAX_BYTES holds P-521's 139. */
	if ((len = i2d_ECDSA_SIG(sig, &p)) <= 0) {
		error_set_openssl(err, ERROR_INTERNAL, "ECDSA signature");
		goto out;
	}
	*der_len = (size_t)len;
	rc = 0;
out:
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return rc;
}

int
token_sign(struct token *token, CK_OBJECT_HANDLE handle, struct mechanism *mechanism,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err)
{
	const struct key_type_info *type = key_type_info(mechanism->type);
	unsigned char raw[SIGNATURE_MAX_BYTES];
	CK_ULONG raw_len = sizeof(raw);

	if (sign_raw(token, handle, mechanism, raw, &raw_len, err) != 0)
		return -1;
	if (type->family == KEY_FAMILY_EC)
		return ecdsa_to_der(raw, raw_len, mechanism->type, sig, sig_len, err);
	if (raw_len != type->signature_max)
		return error_set(err, ERROR_TOKEN, "a signature of %lu bytes, not %zu",
		    (unsigned long)raw_len, type->signature_max);
	memcpy(sig, raw, raw_len);
	*sig_len = raw_len;
	return 0;
}
