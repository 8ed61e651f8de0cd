/* test_foreign.c - keys that are not keyhold's stay with the default provider. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tests/evp/software.h"
#include "tests/provider/activated.h"
#include "tests/provider/tls.h"

static void
assert_default(const EVP_PKEY *pkey)
{
	assert_non_null(pkey);
	assert_string_equal(activated_holder(pkey), "default");
}

/* An ordinary key of the type, read from its PEM. */
static EVP_PKEY *
ordinary_key(const struct activated *l, enum key_type type)
{
	BIO *bio = BIO_new(BIO_s_mem());
	EVP_PKEY *pkey;

	assert_int_equal(
	    PEM_write_bio_PrivateKey(bio, software_key(type), NULL, NULL, 0, NULL, NULL),
	    1);
	pkey = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, l->libctx, NULL);
	BIO_free(bio);
	assert_default(pkey);
	return pkey;
}

static void
generates_keys_in_the_default_provider(void **state)
{
	static const struct {
		const char *type, *group;
	} kinds[] = { { "EC", "P-256" }, { "EC", "P-384" }, { "X25519", NULL },
		{ "ED25519", NULL }, { "X448", NULL } };
	struct activated *l = *state;
	EVP_PKEY *pkey;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		pkey = kinds[i].group != NULL
			   ? EVP_PKEY_Q_keygen(
				 l->libctx, NULL, kinds[i].type, kinds[i].group)
			   : EVP_PKEY_Q_keygen(l->libctx, NULL, kinds[i].type);
		assert_default(pkey);
		EVP_PKEY_free(pkey);
	}
	pkey = EVP_PKEY_Q_keygen(l->libctx, NULL, "RSA", (size_t)1024);
	assert_default(pkey);
	EVP_PKEY_free(pkey);
}

static void
sign_and_verify(const struct activated *l, EVP_PKEY *pkey, enum scheme scheme)
{
	static const unsigned char text[] = "an ordinary message";
	const char *hash = scheme_info(scheme)->hash;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(sig);

	assert_int_equal(software_sign_init(ctx, l->libctx, pkey, scheme), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, text, sizeof(text)), 1);
	EVP_MD_CTX_reset(ctx);
	assert_int_equal(
	    EVP_DigestVerifyInit_ex(ctx, NULL, hash, l->libctx, NULL, pkey, NULL), 1);
	assert_int_equal(EVP_DigestVerify(ctx, sig, len, text, sizeof(text)), 1);
	EVP_MD_CTX_free(ctx);
}

static void
ordinary_keys_sign_and_verify(void **state)
{
	for (int t = 0; t < KEY_TYPES; t++) {
		EVP_PKEY *pkey = ordinary_key(*state, (enum key_type)t);

		sign_and_verify(*state, pkey, scheme_default((enum key_type)t));
		EVP_PKEY_free(pkey);
	}
}

/* The bare digests of keyhold's keys are refused; those of others are none of its
 * business. */
static void
ordinary_keys_sign_bare_digests(void **state)
{
	static const enum key_type types[] = { KEY_EC_P256, KEY_RSA_2048,
		KEY_RSA_PSS_2048 };
	struct activated *l = *state;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		EVP_PKEY *pkey = ordinary_key(l, types[i]);
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(l->libctx, pkey, NULL);
		unsigned char digest[32] = { 1 }, sig[SIGNATURE_MAX_BYTES];
		size_t len = sizeof(sig);

		assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
		assert_true(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0);
		assert_int_equal(
		    EVP_PKEY_sign(ctx, sig, &len, digest, sizeof(digest)), 1);
		assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
		assert_true(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0);
		assert_int_equal(
		    EVP_PKEY_verify(ctx, sig, len, digest, sizeof(digest)), 1);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(pkey);
	}
}

static void
an_ordinary_rsa_key_encrypts_and_decrypts(void **state)
{
	struct activated *l = *state;
	EVP_PKEY *pkey = ordinary_key(l, KEY_RSA_2048);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(l->libctx, pkey, NULL);
	unsigned char in[16] = "to be encrypted", out[256], back[256];
	size_t len = sizeof(out), back_len = sizeof(back);

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, out, &len, in, sizeof(in)), 1);
	assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_decrypt(ctx, back, &back_len, out, len), 1);
	assert_int_equal(back_len, sizeof(in));
	assert_memory_equal(back, in, sizeof(in));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
}

static void
two_ordinary_keys_agree(void **state)
{
	static const char *const kinds[][2] = { { "EC", "P-256" }, { "X25519", NULL } };
	struct activated *l = *state;

	for (size_t i = 0; i < 2; i++) {
		EVP_PKEY *a =
		    EVP_PKEY_Q_keygen(l->libctx, NULL, kinds[i][0], kinds[i][1]);
		EVP_PKEY *b =
		    EVP_PKEY_Q_keygen(l->libctx, NULL, kinds[i][0], kinds[i][1]);
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(l->libctx, a, NULL);
		unsigned char secret[64];
		size_t len = sizeof(secret);

		assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
		assert_int_equal(EVP_PKEY_derive_set_peer(ctx, b), 1);
		assert_int_equal(EVP_PKEY_derive(ctx, secret, &len), 1);
		assert_int_equal(len, 32);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(a);
		EVP_PKEY_free(b);
	}
}

static void
foreign_certificates_are_verified(void **state)
{
	struct activated *l = *state;

	for (int t = 0; t < KEY_TYPES; t++) {
		const char *hash = key_type_info((enum key_type)t)->default_hash;
		EVP_PKEY *pkey = ordinary_key(l, (enum key_type)t);
		X509 *cert = tls_certificate(l->libctx, pkey, hash);
		EVP_PKEY *public = X509_get_pubkey(cert);

		assert_default(public);
		assert_int_equal(X509_verify(cert, public), 1);
		assert_int_equal(X509_check_private_key(cert, pkey), 1);
		EVP_PKEY_free(public);
		X509_free(cert);
		EVP_PKEY_free(pkey);
	}
}

static void
ordinary_keys_are_written_as_keys(void **state)
{
	struct activated *l = *state;

	for (int t = 0; t < KEY_TYPES; t++) {
		EVP_PKEY *pkey = ordinary_key(l, (enum key_type)t), *again;
		BIO *bio = BIO_new(BIO_s_mem());
		char password[] = "secret";

		assert_int_equal(PEM_write_bio_PrivateKey(bio, pkey, EVP_aes_256_cbc(),
				     NULL, 0, NULL, password),
		    1);
		again = PEM_read_bio_PrivateKey_ex(
		    bio, NULL, NULL, password, l->libctx, NULL);
		assert_default(again);
		assert_int_equal(EVP_PKEY_eq(again, pkey), 1);
		assert_true(i2d_PrivateKey(pkey, NULL) > 0);
		assert_true(i2d_PUBKEY(pkey, NULL) > 0);
		assert_int_equal(EVP_PKEY_print_private(bio, pkey, 0, NULL), 1);
		EVP_PKEY_free(again);
		EVP_PKEY_free(pkey);
		BIO_free(bio);
	}
}

static void
pkcs12_goes_out_and_in(void **state)
{
	struct activated *l = *state;
	EVP_PKEY *pkey = ordinary_key(l, KEY_RSA_2048), *back = NULL;
	X509 *cert = tls_certificate(l->libctx, pkey, "SHA256"), *back_cert = NULL;
	PKCS12 *p12 = PKCS12_create_ex(
	    "secret", "web", pkey, cert, NULL, 0, 0, 0, 0, 0, l->libctx, NULL);

	assert_non_null(p12);
	assert_int_equal(PKCS12_parse(p12, "secret", &back, &back_cert, NULL), 1);
	assert_default(back);
	assert_int_equal(EVP_PKEY_eq(back, pkey), 1);
	PKCS12_free(p12);
	X509_free(back_cert);
	X509_free(cert);
	EVP_PKEY_free(back);
	EVP_PKEY_free(pkey);
}

static void
check_handshake(struct activated *l, enum key_type type, int version, const char *group)
{
	EVP_PKEY *pkey = ordinary_key(l, type), *ephemeral = NULL;
	X509 *cert = tls_certificate(l->libctx, pkey, key_type_info(type)->default_hash);
	SSL_CTX *server = SSL_CTX_new_ex(l->libctx, NULL, TLS_server_method());
	SSL_CTX *client = SSL_CTX_new_ex(l->libctx, NULL, TLS_client_method());
	SSL *s, *c;

	assert_int_equal(SSL_CTX_use_certificate(server, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(server, pkey), 1);
	SSL_CTX_set_max_proto_version(server, version);
	SSL_CTX_set1_groups_list(server, group);
	SSL_CTX_set1_groups_list(client, group);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(client), cert);
	SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);
	s = SSL_new(server);
	c = SSL_new(client);
	tls_shake_hands(s, c);
	assert_int_equal(SSL_get_peer_tmp_key(c, &ephemeral), 1);
	assert_default(ephemeral);
	EVP_PKEY_free(ephemeral);
	SSL_free(s);
	SSL_free(c);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	X509_free(cert);
	EVP_PKEY_free(pkey);
}

static void
ordinary_handshakes_use_nothing_of_keyhold(void **state)
{
	static const enum key_type types[] = { KEY_EC_P256, KEY_RSA_2048,
		KEY_RSA_PSS_2048, KEY_ED25519 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		check_handshake(*state, types[i], TLS1_2_VERSION, "P-256");
		/* P-256 as well, for the certificate (RFC 8422 section 5.1). */
		check_handshake(*state, types[i], TLS1_2_VERSION, "X25519:P-256");
		check_handshake(*state, types[i], TLS1_3_VERSION, "P-256");
		check_handshake(*state, types[i], TLS1_3_VERSION, "X25519");
	}
}

/*
 * What docs/openssl.md warns of: without a property query OpenSSL takes the first
 * provider that has the name, and asks no second one.
 */
static void
keyhold_before_default_breaks_generation(void **state)
{
	struct activated *l = *state;
	EVP_PKEY *x25519 = EVP_PKEY_Q_keygen(l->libctx, NULL, "X25519");

	assert_null(EVP_PKEY_Q_keygen(l->libctx, NULL, "EC", "P-256"));
	assert_null(EVP_PKEY_Q_keygen(l->libctx, NULL, "RSA", (size_t)2048));
	assert_default(x25519);
	EVP_PKEY_free(x25519);
}

/* Neither does a reference become an ordinary key. */
static void
a_reference_goes_to_keyhold(void **state)
{
	for (int t = 0; t < KEY_TYPES; t++) {
		EVP_PKEY *pkey = activated_key(*state, (enum key_type)t);

		assert_non_null(pkey);
		assert_string_equal(activated_holder(pkey), "keyhold");
		EVP_PKEY_free(pkey);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOADED_WELL_TEST(generates_keys_in_the_default_provider),
		LOADED_TEST(ordinary_keys_sign_and_verify),
		LOADED_TEST(ordinary_keys_sign_bare_digests),
		LOADED_TEST(an_ordinary_rsa_key_encrypts_and_decrypts),
		LOADED_WELL_TEST(two_ordinary_keys_agree),
		LOADED_TEST(foreign_certificates_are_verified),
		LOADED_TEST(ordinary_keys_are_written_as_keys),
		LOADED_TEST(pkcs12_goes_out_and_in),
		LOADED_WELL_TEST(ordinary_handshakes_use_nothing_of_keyhold),
		cmocka_unit_test_setup_teardown(keyhold_before_default_breaks_generation,
		    activated_before_default, activated_close),
		LOADED_TEST(a_reference_goes_to_keyhold),
	};

	return cmocka_run_group_tests(tests, software_make, software_free);
}
