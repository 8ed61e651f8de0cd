/* test_mechanism.c - schemes in Cryptoki's terms. */
#include "pkcs11/mechanism.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

static const struct bytes abc = { (const unsigned char *)"abc", 3 };

/* RFC 8017 section 9.2 note 1, and FIPS 180-4's digests of "abc". */
static void
wraps_a_digest_for_pkcs1(void **state)
{
	static const unsigned char sha256_abc[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09,
		0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
		0x20, 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
		0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a,
		0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
	struct mechanism m;

	(void)state;
	assert_int_equal(
	    mechanism_init(&m, SCHEME_RSA_PKCS1_SHA256, KEY_RSA_2048, &abc, NULL), 0);
	assert_int_equal(m.ck.mechanism, CKM_RSA_PKCS);
	assert_int_equal(m.ck.ulParameterLen, 0);
	assert_null(m.ck.pParameter);
	assert_int_equal(m.data.len, sizeof(sha256_abc));
	assert_memory_equal(m.data.data, sha256_abc, sizeof(sha256_abc));
}

static void
names_each_digest_in_its_prefix(void **state)
{
	static const struct {
		enum scheme scheme;
		unsigned char oid, outer, octets;
	} prefixes[] = {
		{ SCHEME_RSA_PKCS1_SHA256, 1, 0x31, 0x20 },
		{ SCHEME_RSA_PKCS1_SHA384, 2, 0x41, 0x30 },
		{ SCHEME_RSA_PKCS1_SHA512, 3, 0x51, 0x40 },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct mechanism m;
		unsigned char digest[64];

		assert_int_equal(
		    mechanism_init(&m, prefixes[i].scheme, KEY_RSA_2048, &abc, NULL), 0);
		assert_true(EVP_Q_digest(NULL, scheme_info(prefixes[i].scheme)->hash,
		    NULL, "abc", 3, digest, NULL));
		assert_int_equal(m.data.data[1], prefixes[i].outer);
		assert_int_equal(m.data.data[14], prefixes[i].oid);
		assert_int_equal(m.data.data[18], prefixes[i].octets);
		assert_int_equal(m.data.len, 19 + (size_t)prefixes[i].octets);
		assert_memory_equal(m.data.data + 19, digest, prefixes[i].octets);
	}
}

static void
pss_has_one_hash_and_a_salt_of_its_length(void **state)
{
	static const struct {
		enum scheme scheme;
		CK_MECHANISM_TYPE hash;
		CK_ULONG mgf, len;
	} wanted[] = {
		{ SCHEME_RSA_PSS_RSAE_SHA256, CKM_SHA256, CKG_MGF1_SHA256, 32 },
		{ SCHEME_RSA_PSS_RSAE_SHA384, CKM_SHA384, CKG_MGF1_SHA384, 48 },
		{ SCHEME_RSA_PSS_RSAE_SHA512, CKM_SHA512, CKG_MGF1_SHA512, 64 },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct mechanism m;
		const CK_RSA_PKCS_PSS_PARAMS *pss;

		assert_int_equal(
		    mechanism_init(&m, wanted[i].scheme, KEY_RSA_3072, &abc, NULL), 0);
		assert_int_equal(m.ck.mechanism, CKM_RSA_PKCS_PSS);
		assert_int_equal(m.ck.ulParameterLen, sizeof(*pss));
		pss = m.ck.pParameter;
		assert_ptr_equal(pss, &m.pss);
		assert_int_equal(pss->hashAlg, wanted[i].hash);
		assert_int_equal(pss->mgf, wanted[i].mgf);
		assert_int_equal(pss->sLen, wanted[i].len);
		assert_int_equal(m.data.len, wanted[i].len);
	}
}

/* Some tokens refuse a digest longer than the group's order instead of truncating it. */
static void
cuts_a_digest_to_the_order_of_the_curve(void **state)
{
	static const struct {
		enum key_type type;
		size_t len; /* of what is left of SHA-512 */
	} curves[] = { { KEY_EC_P256, 32 }, { KEY_EC_P384, 48 }, { KEY_EC_P521, 64 } };
	unsigned char digest[64];

	(void)state;
	assert_true(EVP_Q_digest(NULL, "SHA512", NULL, "abc", 3, digest, NULL));
	for (size_t i = 0; i < 3; i++) {
		struct mechanism m;

		assert_int_equal(mechanism_init(&m, SCHEME_ECDSA_SECP521R1_SHA512,
				     curves[i].type, &abc, NULL),
		    0);
		assert_int_equal(m.ck.mechanism, CKM_ECDSA);
		assert_int_equal(m.data.len, curves[i].len);
		assert_memory_equal(m.data.data, digest, curves[i].len);
	}
}

static void
a_short_digest_stays_as_it_is(void **state)
{
	struct mechanism m;

	(void)state;
	assert_int_equal(
	    mechanism_init(&m, SCHEME_ECDSA_SECP256R1_SHA256, KEY_EC_P521, &abc, NULL),
	    0);
	assert_int_equal(m.data.len, 32);
}

static void
ed25519_gets_the_message_itself(void **state)
{
	struct mechanism m;

	(void)state;
	assert_int_equal(mechanism_init(&m, SCHEME_ED25519, KEY_ED25519, &abc, NULL), 0);
	assert_int_equal(m.ck.mechanism, CKM_EDDSA);
	assert_int_equal(m.data.len, 3);
	assert_ptr_equal(m.data.data, abc.data);
}

static void
an_empty_message_is_no_null_pointer(void **state)
{
	const struct bytes nothing = { 0 };
	struct mechanism m;

	(void)state;
	assert_int_equal(
	    mechanism_init(&m, SCHEME_ED25519, KEY_ED25519, &nothing, NULL), 0);
	assert_int_equal(m.data.len, 0);
	assert_non_null(m.data.data);
}

static void
refuses_a_scheme_of_another_family(void **state)
{
	(void)state;
	for (int s = 0; s < SCHEMES; s++) {
		for (int t = 0; t < KEY_TYPES; t++) {
			struct mechanism m;
			struct error err = { 0 };
			int fits = scheme_fits((enum scheme)s, (enum key_type)t);

			assert_int_equal(mechanism_init(&m, (enum scheme)s,
					     (enum key_type)t, &abc, &err),
			    fits ? 0 : -1);
			assert_int_equal(err.code, fits ? ERROR_NONE : ERROR_UNSUPPORTED);
		}
	}
}

static void
a_digest_is_wrapped_as_its_message_is(void **state)
{
	(void)state;
	for (int s = 0; s < SCHEMES; s++) {
		const struct scheme_info *info = scheme_info((enum scheme)s);
		struct mechanism of_message, of_digest;
		unsigned char hash[64];
		struct bytes digest = { hash, info->hash_len };

		for (int t = 0; t < KEY_TYPES && info->hash != NULL; t++) {
			if (!scheme_fits((enum scheme)s, (enum key_type)t))
				continue;
			assert_true(
			    EVP_Q_digest(NULL, info->hash, NULL, "abc", 3, hash, NULL));
			assert_int_equal(mechanism_init(&of_message, (enum scheme)s,
					     (enum key_type)t, &abc, NULL),
			    0);
			assert_int_equal(mechanism_init_digest(&of_digest, (enum scheme)s,
					     (enum key_type)t, &digest, NULL),
			    0);
			assert_int_equal(of_digest.data.len, of_message.data.len);
			assert_memory_equal(of_digest.data.data, of_message.data.data,
			    of_message.data.len);
			assert_int_equal(of_digest.ck.mechanism, of_message.ck.mechanism);
			assert_int_equal(of_digest.pss.sLen, of_message.pss.sLen);
		}
	}
}

static void
refuses_a_digest_of_another_length(void **state)
{
	static const unsigned char zeroes[64];
	struct bytes digest = { zeroes, 0 };
	struct mechanism m;

	(void)state;
	for (digest.len = 0; digest.len <= sizeof(zeroes); digest.len++)
		assert_int_equal(mechanism_init_digest(&m, SCHEME_ECDSA_SECP256R1_SHA256,
				     KEY_EC_P256, &digest, NULL),
		    digest.len == 32 ? 0 : -1);
}

static void
refuses_a_digest_for_ed25519(void **state)
{
	static const unsigned char zeroes[64];
	const struct bytes digest = { zeroes, sizeof(zeroes) }, empty = { zeroes, 0 };
	struct mechanism m;

	(void)state;
	assert_int_equal(
	    mechanism_init_digest(&m, SCHEME_ED25519, KEY_ED25519, &digest, NULL), -1);
	assert_int_equal(
	    mechanism_init_digest(&m, SCHEME_ED25519, KEY_ED25519, &empty, NULL), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wraps_a_digest_for_pkcs1),
		cmocka_unit_test(names_each_digest_in_its_prefix),
		cmocka_unit_test(pss_has_one_hash_and_a_salt_of_its_length),
		cmocka_unit_test(cuts_a_digest_to_the_order_of_the_curve),
		cmocka_unit_test(a_short_digest_stays_as_it_is),
		cmocka_unit_test(ed25519_gets_the_message_itself),
		cmocka_unit_test(an_empty_message_is_no_null_pointer),
		cmocka_unit_test(refuses_a_scheme_of_another_family),
		cmocka_unit_test(a_digest_is_wrapped_as_its_message_is),
		cmocka_unit_test(refuses_a_digest_of_another_length),
		cmocka_unit_test(refuses_a_digest_for_ed25519),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
