/*
 * evp_load.c - signatures as libssl asks for them: EVP_DigestSign with a key that the
 * program has from a PEM file, over what a TLS 1.3 server signs (RFC 8446 section 4.4.3).
 * With OPENSSL_CONF and a reference it is keyhold.so that signs, with a key file OpenSSL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/clock.h"
#include "bench/crew.h"
#include "bench/options.h"

#define MESSAGE_BYTES   130
#define SIGNATURE_BYTES 1024

static const char usage[] =
    "usage: evp_load --key FILE [--threads N] [--seconds S] [--warmup S]\n";

struct setting {
	const char *key_file;
	struct crew_options crew;
	EVP_PKEY *key;
	unsigned char message[MESSAGE_BYTES];
};

static int
read_key(struct setting *s, struct error *err)
{
	BIO *file = BIO_new_file(s->key_file, "r");

	if (file != NULL)
		s->key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
	BIO_free(file);
	return s->key != NULL ? 0 : error_set_openssl(err, ERROR_CONFIG, s->key_file);
}

static int
read_setting(int argc, char **argv, struct setting *s, struct error *err)
{
	const struct option_row rows[] = {
		{ "key", .text = &s->key_file, .required = true },
		OPTIONS_CREW(&s->crew),
	};

	if (options_read(argc, argv, usage, rows, sizeof(rows) / sizeof(rows[0]), err) !=
	    0)
		return -1;
	return read_key(s, err);
}

/* 64 spaces, the context, a NUL, and a transcript's hash. */
static void
write_message(unsigned char message[static MESSAGE_BYTES])
{
	static const char context[] = "TLS 1.3, server CertificateVerify";

	memset(message, ' ', 64);
	memcpy(message + 64, context, sizeof(context));
	memset(message + 64 + sizeof(context), 0x5a, 32);
}

static int
start(void *ctx, unsigned thread, void **state, struct error *err)
{
	(void)thread;
	(void)err;
	*state = ctx;
	return 0;
}

static int
sign(const struct setting *s, EVP_MD_CTX *ctx)
{
	unsigned char signature[SIGNATURE_BYTES];
	size_t len = sizeof(signature);
	EVP_PKEY_CTX *params;

	if (EVP_DigestSignInit_ex(ctx, &params, "SHA256", NULL, NULL, s->key, NULL) != 1)
		return 0;
	if (EVP_PKEY_is_a(s->key, "RSA") &&
	    (EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) != 1 ||
		EVP_PKEY_CTX_set_rsa_pss_saltlen(params, RSA_PSS_SALTLEN_DIGEST) != 1))
		return 0;
	return EVP_DigestSign(ctx, signature, &len, s->message, MESSAGE_BYTES);
}

static int
step(void *state, struct crew_tally *tally, struct error *err)
{
	int64_t start_ns = clock_mono_ns();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx != NULL && sign(state, ctx) == 1;

	EVP_MD_CTX_free(ctx);
	if (!ok)
		return error_set_openssl(err, ERROR_IO, "EVP_DigestSign");
	histogram_add(&tally->latency, (uint64_t)(clock_mono_ns() - start_ns));
	return 0;
}

static void
stop(void *state)
{
	(void)state;
}

int
main(int argc, char **argv)
{
	struct setting setting = { .crew = OPTIONS_CREW_DEFAULT };
	const struct crew_job job = { &setting, start, step, stop };
	struct crew_result result;
	struct error err = { 0 };

	write_message(setting.message);
	if (read_setting(argc, argv, &setting, &err) != 0 ||
	    crew_run(&setting.crew, &job, &result, &err) != 0) {
		fprintf(stderr, "evp_load: %s\n", err.text);
		return 1;
	}
	crew_report(&result);
	EVP_PKEY_free(setting.key);
	return 0;
}
