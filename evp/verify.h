/*
 * verify.h - verification with the public half of a key, by OpenSSL's default provider.
 *
 * The public key goes to the default provider of a library context of our own. Nobody
 * else's verification comes this way, and since nothing of ours is asked for in that
 * context there, none of it comes back here.
 */
#ifndef EVP_VERIFY_H
#define EVP_VERIFY_H

#include <openssl/core.h>
#include <openssl/types.h>

#include "evp/key.h"

/*
 * Starts EVP_DigestVerify; hash as EVP_DigestVerifyInit_ex takes it. NULL after a
 * failure, whose reason is on OpenSSL's error queue. The caller frees with
 * EVP_MD_CTX_free; EVP_MD_CTX_get_pkey_ctx has the parameters.
 */
EVP_MD_CTX *verify_start(OSSL_LIB_CTX *libctx, const struct key *key, const char *hash,
    const OSSL_PARAM params[]);

#endif
