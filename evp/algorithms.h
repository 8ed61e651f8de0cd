/* algorithms.h - the dispatch tables of evp/, one per file that defines them. */
#ifndef EVP_ALGORITHMS_H
#define EVP_ALGORITHMS_H

#include <openssl/core.h>

extern const OSSL_DISPATCH evp_keymgmt_rsa_functions[];
extern const OSSL_DISPATCH evp_keymgmt_rsa_pss_functions[];
extern const OSSL_DISPATCH evp_keymgmt_ed25519_functions[];
extern const OSSL_DISPATCH evp_keymgmt_ec_functions[]; /* signs as "ECDSA" */
extern const OSSL_DISPATCH evp_signature_functions[];
extern const OSSL_DISPATCH evp_asym_cipher_functions[];

#endif
