/* test_algorithm_id.c - AlgorithmIdentifiers, against those of OpenSSL's own provider. */
#include "evp/algorithm_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "tests/evp/software.h"

static enum key_type
some_type(enum scheme scheme)
{
	for (int i = 0; i < KEY_TYPES; i++)
		if (scheme_fits(scheme, (enum key_type)i))
			return (enum key_type)i;
	return KEY_TYPES;
}

static void
equals_what_the_default_provider_says(void **state)
{
	(void)state;
	for (int i = 0; i < SCHEMES; i++) {
		enum scheme scheme = (enum scheme)i;
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		unsigned char id[256];
		OSSL_PARAM params[] = {
			OSSL_PARAM_construct_octet_string(
			    OSSL_SIGNATURE_PARAM_ALGORITHM_ID, id, sizeof(id)),
			OSSL_PARAM_construct_end(),
		};

		assert_int_equal(software_sign_init(
				     ctx, NULL, software_key(some_type(scheme)), scheme),
		    1);
		assert_int_equal(
		    EVP_PKEY_CTX_get_params(EVP_MD_CTX_get_pkey_ctx(ctx), params), 1);
		assert_int_equal(algorithm_id(scheme).len, params[0].return_size);
		assert_memory_equal(algorithm_id(scheme).data, id, params[0].return_size);
		EVP_MD_CTX_free(ctx);
	}
}

/* RFC 4055 section 3.1: the same hash in MGF1, and a salt of its length. */
static void
pss_names_one_hash_and_its_length(void **state)
{
	(void)state;
	for (int i = SCHEME_RSA_PSS_RSAE_SHA256; i <= SCHEME_RSA_PSS_PSS_SHA512; i++) {
		struct bytes id = algorithm_id((enum scheme)i);
		const unsigned char *p = id.data, *q, *m;
		X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &p, (long)id.len), *mgf1;
		RSA_PSS_PARAMS *pss;
		const void *value;
		int type;

		X509_ALGOR_get0(NULL, &type, &value, algorithm);
		q = ASN1_STRING_get0_data(value);
		pss = d2i_RSA_PSS_PARAMS(NULL, &q, ASN1_STRING_length(value));
		assert_non_null(pss);
		assert_int_equal(ASN1_INTEGER_get(pss->saltLength),
		    scheme_info((enum scheme)i)->hash_len);
		X509_ALGOR_get0(NULL, &type, &value, pss->maskGenAlgorithm);
		m = ASN1_STRING_get0_data(value);
		mgf1 = d2i_X509_ALGOR(NULL, &m, ASN1_STRING_length(value));
		assert_int_equal(X509_ALGOR_cmp(pss->hashAlgorithm, mgf1), 0);
		X509_ALGOR_free(mgf1);
		RSA_PSS_PARAMS_free(pss);
		X509_ALGOR_free(algorithm);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_what_the_default_provider_says),
		cmocka_unit_test(pss_names_one_hash_and_its_length),
	};

	return cmocka_run_group_tests(tests, software_make, software_free);
}
