/* test_formats.c - the ways in which applications write, show and check keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/store.h>
#include <openssl/x509.h>

#include "evp/reference.h"
#include "tests/evp/software.h"
#include "tests/provider/activated.h"
#include "tests/provider/tls.h"

static void
assert_holds(BIO *bio, const char *text)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	assert_int_equal(len, strlen(text));
	assert_memory_equal(data, text, (size_t)len);
}

/* The last reason is keyhold's, and reads so. */
static void
assert_reason(const char *text)
{
	const char *data = NULL, *last = "";
	int flags = 0;

	while (ERR_get_error_all(NULL, NULL, NULL, &data, &flags) != 0)
		if ((flags & ERR_TXT_STRING) != 0 && strstr(data, text) != NULL)
			last = text;
	assert_string_equal(last, text);
}

static void
a_private_key_in_pem_is_its_reference(void **state)
{
	for (int t = 0; t < KEY_TYPES; t++) {
		EVP_PKEY *pkey = activated_key(*state, (enum key_type)t), *again;
		BIO *bio = BIO_new(BIO_s_mem());
		struct buffer pem;

		assert_non_null(pkey);
		assert_string_equal(activated_holder(pkey), "keyhold");
		activated_reference((enum key_type)t, &pem);
		assert_int_equal(
		    PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
		assert_holds(bio, buf_string(&pem));
		again = activated_from_pem(*state, buf_string(&pem));
		assert_int_equal(EVP_PKEY_eq(again, pkey), 1);
		EVP_PKEY_free(again);
		EVP_PKEY_free(pkey);
		buf_free(&pem);
		BIO_free(bio);
	}
}

static void
nothing_else_is_written_of_a_private_key(void **state)
{
	for (int t = 0; t < KEY_TYPES; t++) {
		EVP_PKEY *pkey = activated_key(*state, (enum key_type)t);
		BIO *bio = BIO_new(BIO_s_mem());
		unsigned char *der = NULL;
		char password[] = "secret";

		assert_int_not_equal(PEM_write_bio_PrivateKey(bio, pkey,
					 EVP_aes_256_cbc(), NULL, 0, NULL, password),
		    1);
		assert_reason("the private key is in the token");
		assert_int_not_equal(PEM_write_bio_PKCS8PrivateKey(bio, pkey,
					 EVP_aes_256_cbc(), password, 6, NULL, NULL),
		    1);
		assert_reason("the private key is in the token");
		assert_int_not_equal(
		    i2d_PKCS8PrivateKey_bio(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
		assert_reason("the private key is in the token");
		assert_true(i2d_PrivateKey(pkey, &der) <= 0);
		assert_reason("the private key is in the token");
		assert_null(EVP_PKEY2PKCS8(pkey));
		assert_reason("the private key is in the token");
		assert_int_not_equal(PEM_write_bio_PrivateKey_traditional(
					 bio, pkey, NULL, NULL, 0, NULL, NULL),
		    1);
		assert_holds(bio, "");
		BIO_free(bio);
		EVP_PKEY_free(pkey);
	}
}

static void
a_public_key_is_written_as_openssl_does(void **state)
{
	for (int t = 0; t < KEY_TYPES; t++) {
		EVP_PKEY *pkey = activated_key(*state, (enum key_type)t);
		BIO *ours = BIO_new(BIO_s_mem()), *theirs = BIO_new(BIO_s_mem());
		unsigned char *der = NULL;
		struct buffer wanted;
		int len;

		assert_int_equal(PEM_write_bio_PUBKEY(ours, pkey), 1);
		assert_int_equal(
		    PEM_write_bio_PUBKEY(theirs, software_key((enum key_type)t)), 1);
		BIO_write(theirs, "", 1);
		BIO_get_mem_data(theirs, (char **)&der);
		assert_holds(ours, (char *)der);
		der = NULL;
		len = i2d_PUBKEY(pkey, &der);
		buf_init(&wanted, 0);
		software_spki(software_key((enum key_type)t), &wanted);
		assert_int_equal(len, wanted.len);
		assert_memory_equal(der, wanted.data, wanted.len);
		OPENSSL_free(der);
		buf_free(&wanted);
		BIO_free(ours);
		BIO_free(theirs);
		EVP_PKEY_free(pkey);
	}
}

static void
its_text_says_where_the_key_is(void **state)
{
	for (int t = 0; t < KEY_TYPES; t++) {
		EVP_PKEY *pkey = activated_key(*state, (enum key_type)t);
		BIO *bio = BIO_new(BIO_s_mem());
		char type[64], *text;

		assert_int_equal(EVP_PKEY_print_private(bio, pkey, 0, NULL), 1);
		BIO_write(bio, "", 1);
		BIO_get_mem_data(bio, &text);
		snprintf(type, sizeof(type), "\nType: %s\n",
		    key_type_info((enum key_type)t)->name);
		assert_non_null(strstr(text, "held by keyhold"));
		assert_non_null(strstr(text, "\nName: web\n"));
		assert_non_null(strstr(text, type));
		assert_non_null(strstr(text, "\nSPKI SHA-256: "));
		assert_non_null(strstr(text, t < KEY_RSA_2048 || t == KEY_ED25519
						 ? "\npub:\n    "
						 : "\nModulus:\n    00:"));
		BIO_free(bio);
		EVP_PKEY_free(pkey);
	}
}

static void
write_file(char path[static 32], const char *text)
{
	int fd;

	snprintf(path, 32, "/tmp/keyhold-formats.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* As nginx, HAProxy and PostgreSQL load a pair. */
static void
libssl_takes_it_with_its_certificate_and_no_other(void **state)
{
	struct activated *l = *state;

	for (int t = 0; t < KEY_TYPES; t++) {
		const char *hash = key_type_info((enum key_type)t)->default_hash;
		X509 *mine = tls_certificate(NULL, software_key((enum key_type)t), hash);
		enum key_type other = t == KEY_EC_P256 ? KEY_RSA_2048 : KEY_EC_P256;
		X509 *foreign = tls_certificate(NULL, software_key(other), "SHA256");
		SSL_CTX *ctx = SSL_CTX_new_ex(l->libctx, NULL, TLS_server_method());
		struct buffer pem;
		char path[32];

		activated_reference((enum key_type)t, &pem);
		write_file(path, buf_string(&pem));
		assert_int_equal(SSL_CTX_use_certificate(ctx, mine), 1);
		assert_int_equal(
		    SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM), 1);
		assert_int_equal(SSL_CTX_check_private_key(ctx), 1);
		SSL_CTX_free(ctx);
		ctx = SSL_CTX_new_ex(l->libctx, NULL, TLS_server_method());
		assert_int_equal(SSL_CTX_use_certificate(ctx, foreign), 1);
		assert_true(
		    SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) != 1 ||
		    SSL_CTX_check_private_key(ctx) != 1);
		SSL_CTX_free(ctx);
		unlink(path);
		buf_free(&pem);
		X509_free(mine);
		X509_free(foreign);
	}
}

static void
a_bare_digest_is_refused_in_words(void **state)
{
	struct activated *l = *state;

	for (int t = 0; t < KEY_TYPES; t++) {
		EVP_PKEY *pkey = activated_key(l, (enum key_type)t);
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(l->libctx, pkey, NULL);

		ERR_clear_error();
		assert_int_not_equal(EVP_PKEY_sign_init(ctx), 1);
		assert_reason("never a bare digest");
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(pkey);
	}
}

/* As openssl(1) loads it. */
static void
a_store_finds_it_in_a_file(void **state)
{
	struct activated *l = *state;

	for (int t = 0; t < KEY_TYPES; t++) {
		OSSL_STORE_CTX *store;
		OSSL_STORE_INFO *info;
		struct buffer pem;
		EVP_PKEY *pkey;
		char path[32];

		activated_reference((enum key_type)t, &pem);
		write_file(path, buf_string(&pem));
		store = OSSL_STORE_open_ex(
		    path, l->libctx, NULL, NULL, NULL, NULL, NULL, NULL);
		assert_non_null(store);
		info = OSSL_STORE_load(store);
		assert_non_null(info);
		pkey = OSSL_STORE_INFO_get1_PKEY(info);
		assert_string_equal(activated_holder(pkey), "keyhold");
		EVP_PKEY_free(pkey);
		OSSL_STORE_INFO_free(info);
		OSSL_STORE_close(store);
		unlink(path);
		buf_free(&pem);
	}
}

static void
a_uri_says_what_is_wrong_with_it(void **state)
{
	static const struct {
		const char *uri, *reason;
	} cases[] = { { "keyhold:UPPER", "is not a key name" },
		{ "keyhold:web?spki=0", "spki= takes 64 hex digits" },
		{ "keyhold:web", "/nonexistent/keyhold.sock" } };
	struct activated *l = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		OSSL_STORE_CTX *store;

		ERR_clear_error();
		store = OSSL_STORE_open_ex(
		    cases[i].uri, l->libctx, NULL, NULL, NULL, NULL, NULL, NULL);
		if (store != NULL)
			assert_null(OSSL_STORE_load(store));
		assert_reason(cases[i].reason);
		OSSL_STORE_close(store);
	}
}

static void
verify_every_type(const struct activated *l)
{
	static const unsigned char text[] = "signed elsewhere";

	for (int t = 0; t < KEY_TYPES; t++) {
		enum scheme scheme = scheme_default((enum key_type)t);
		const char *hash = scheme_info(scheme)->hash;
		EVP_PKEY *pkey = activated_key(l, (enum key_type)t);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		unsigned char sig[SIGNATURE_MAX_BYTES];
		size_t len = sizeof(sig);

		assert_int_equal(
		    software_sign_init(ctx, NULL, software_key((enum key_type)t), scheme),
		    1);
		assert_int_equal(EVP_DigestSign(ctx, sig, &len, text, sizeof(text)), 1);
		EVP_MD_CTX_reset(ctx);
		assert_int_equal(
		    EVP_DigestVerifyInit_ex(ctx, NULL, hash, l->libctx, NULL, pkey, NULL),
		    1);
		assert_int_equal(EVP_DigestVerify(ctx, sig, len, text, sizeof(text)), 1);
		EVP_MD_CTX_free(ctx);
		EVP_PKEY_free(pkey);
	}
}

/* The module's library context is the child's as well, as it was at the fork. */
static void
verifies_before_and_after_a_fork(void **state)
{
	int status = -1;
	pid_t child;

	verify_every_type(*state);
	if ((child = fork()) == 0) {
		verify_every_type(*state);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOADED_TEST(a_private_key_in_pem_is_its_reference),
		LOADED_TEST(nothing_else_is_written_of_a_private_key),
		LOADED_TEST(a_public_key_is_written_as_openssl_does),
		LOADED_TEST(its_text_says_where_the_key_is),
		LOADED_TEST(libssl_takes_it_with_its_certificate_and_no_other),
		LOADED_TEST(a_bare_digest_is_refused_in_words),
		LOADED_TEST(a_store_finds_it_in_a_file),
		LOADED_TEST(a_uri_says_what_is_wrong_with_it),
		LOADED_TEST(verifies_before_and_after_a_fork),
	};

	setenv("KEYHOLD_SOCKET", "/nonexistent/keyhold.sock", 1);
	return cmocka_run_group_tests(tests, software_make, software_free);
}
