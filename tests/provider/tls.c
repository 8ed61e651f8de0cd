/* tls.c - a certificate and a handshake. */
#include "tests/provider/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

X509 *
tls_certificate(OSSL_LIB_CTX *libctx, EVP_PKEY *pkey, const char *hash)
{
	X509 *made = X509_new_ex(libctx, NULL), *read = X509_new_ex(libctx, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *der = NULL;
	const unsigned char *p;
	int len;

	X509_set_version(made, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
	X509_gmtime_adj(X509_getm_notBefore(made), -60);
	X509_gmtime_adj(X509_getm_notAfter(made), 3600);
	X509_set_pubkey(made, pkey);
	assert_int_equal(
	    EVP_DigestSignInit_ex(ctx, NULL, hash, libctx, NULL, pkey, NULL), 1);
	assert_true(X509_sign_ctx(made, ctx) > 0);
	len = i2d_X509(made, &der);
	p = der;
	assert_non_null(d2i_X509(&read, &p, len));
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	X509_free(made);
	return read;
}

static bool
is_done(const SSL *server, const SSL *client)
{
	return SSL_is_init_finished(server) && SSL_is_init_finished(client);
}

unsigned
tls_shake_hands(SSL *server, SSL *client)
{
	unsigned pauses = 0;
	BIO *a, *b;

	assert_int_equal(BIO_new_bio_pair(&a, 65536, &b, 65536), 1);
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int i = 0; i < 1000 && !is_done(server, client); i++) {
		SSL_do_handshake(client);
		if (SSL_do_handshake(server) < 0 &&
		    SSL_get_error(server, -1) == SSL_ERROR_WANT_ASYNC)
			pauses++;
	}
	if (!is_done(server, client))
		ERR_print_errors_fp(stderr);
	assert_true(is_done(server, client));
	return pauses;
}
