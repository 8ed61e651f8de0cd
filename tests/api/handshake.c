/* handshake.c - two SSL objects, back to back. Any failure here ends the test program. */
#include "tests/api/handshake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static void
must(bool fine, const char *what)
{
	if (!fine) {
		fprintf(stderr, "handshake: %s\n", what);
		ERR_print_errors_fp(stderr);
		abort();
	}
}

void
software_key(const char *name, EVP_PKEY *pkey, struct key *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(pkey, &der);
	struct bytes spki = { der, (size_t)len };
	struct error err;

	must(len > 0 && key_init(key, name, &spki, &err) == 0, "public key");
	OPENSSL_free(der);
}

static int
record_and_sign(void *ctx, const struct key *key, enum scheme scheme,
    const struct bytes *message, unsigned char sig[static SIGNATURE_MAX_BYTES],
    size_t *sig_len, struct error *err)
{
	struct recorder *recorder = ctx;
	struct recorded *r = &recorder->messages[recorder->count++];
	const struct scheme_info *info = scheme_info(scheme);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;

	(void)err;
	must(recorder->count <= RECORDED_MAX && message->len <= sizeof(r->data), "room");
	r->key = *key;
	r->scheme = scheme;
	r->len = message->len;
	memcpy(r->data, message->data, message->len);
	must(EVP_DigestSignInit_ex(md, &pctx, info->hash, NULL, NULL,
		 recorder->keys[strcmp(key->name, "client") == 0], NULL) == 1,
	    "start to sign");
	if (info->pss)
		must(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
			 EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) ==
			     1,
		    "PSS");
	*sig_len = SIGNATURE_MAX_BYTES;
	must(EVP_DigestSign(md, sig, sig_len, message->data, message->len) == 1, "sign");
	EVP_MD_CTX_free(md);
	return 0;
}

static EVP_PKEY *
generate(const char *type, const char *detail)
{
	EVP_PKEY *key;

	if (strcmp(type, "EC") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, type, detail);
	else if (strcmp(type, "RSA") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, type);
	must(key != NULL, type);
	return key;
}

static X509 *
self_signed(EVP_PKEY *key, const char *name)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	X509_NAME_add_entry_by_txt(
	    subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, subject);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_set_version(cert, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	must(X509_set_pubkey(cert, key) == 1, "public key of a certificate");
	must(
	    X509_sign(cert, key, EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()) > 0,
	    "sign a certificate");
	return cert;
}

static int
trust_anybody(int ok, X509_STORE_CTX *ctx)
{
	(void)ok;
	(void)ctx;
	return 1;
}

static void
use_key(SSL_CTX *ctx, const struct builtin *builtin, EVP_PKEY *software, const char *name)
{
	X509 *cert = self_signed(software, name);
	struct key key;
	EVP_PKEY *pkey;
	struct error err;

	software_key(name, software, &key);
	must(builtin_pkey(builtin, &key, &pkey, &err) == 0, err.text);
	must(SSL_CTX_use_certificate(ctx, cert) == 1, "certificate");
	must(SSL_CTX_use_PrivateKey(ctx, pkey) == 1, "private key");
	X509_free(cert);
	EVP_PKEY_free(pkey);
}

static SSL_CTX *
make_context(
    const struct handshake *spec, const struct builtin *builtin, const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new_ex(builtin_libctx(builtin), NULL, method);

	must(ctx != NULL && SSL_CTX_set_min_proto_version(ctx, spec->version) == 1 &&
		 SSL_CTX_set_max_proto_version(ctx, spec->version) == 1,
	    "context");
	if (spec->ciphers != NULL && spec->version == TLS1_3_VERSION)
		must(SSL_CTX_set_ciphersuites(ctx, spec->ciphers) == 1, spec->ciphers);
	else if (spec->ciphers != NULL)
		must(SSL_CTX_set_cipher_list(ctx, spec->ciphers) == 1, spec->ciphers);
	must(spec->groups == NULL || SSL_CTX_set1_groups_list(ctx, spec->groups) == 1,
	    "groups");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, trust_anybody);
	SSL_CTX_set_dh_auto(ctx, spec->dhe);
	return ctx;
}

static void
shake(SSL_CTX *server_ctx, SSL_CTX *client_ctx)
{
	SSL *server = SSL_new(server_ctx), *client = SSL_new(client_ctx);
	BIO *a, *b;
	int done = 0;

	must(BIO_new_bio_pair(&a, 0, &b, 0) == 1, "a pair of BIOs");
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int i = 0; done != 3 && i < 50; i++) {
		if (SSL_do_handshake(client) == 1)
			done |= 1;
		if (SSL_do_handshake(server) == 1)
			done |= 2;
	}
	must(done == 3, "handshake");
	SSL_free(server);
	SSL_free(client);
}

void
handshake_run(const struct handshake *spec, struct recorder *recorder)
{
	static const struct key_backend backend = { .sign = record_and_sign };
	SSL_CTX *server, *client;
	struct builtin *builtin;
	struct error err;

	*recorder = (struct recorder){ 0 };
	must(builtin_new(&backend, recorder, &builtin, &err) == 0, err.text);
	server = make_context(spec, builtin, TLS_server_method());
	client = make_context(spec, builtin, TLS_client_method());
	recorder->keys[0] = generate(spec->server_type, spec->detail);
	use_key(server, builtin, recorder->keys[0], "server");
	if (spec->client_auth) {
		recorder->keys[1] = generate(spec->client_type, spec->detail);
		use_key(client, builtin, recorder->keys[1], "client");
	}
	shake(server, client);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	builtin_free(builtin);
}

void
recorder_clear(struct recorder *recorder)
{
	EVP_PKEY_free(recorder->keys[0]);
	EVP_PKEY_free(recorder->keys[1]);
	*recorder = (struct recorder){ 0 };
}

const struct recorded *
recorder_find(const struct recorder *recorder, const char *name)
{
	for (size_t i = 0; i < recorder->count; i++)
		if (strcmp(recorder->messages[i].key.name, name) == 0)
			return &recorder->messages[i];
	must(false, name);
	return NULL;
}
