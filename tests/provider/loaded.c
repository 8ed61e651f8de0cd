/* loaded.c - a library context with keyhold.so. */
#include "tests/provider/loaded.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>

#include "evp/reference.h"
#include "tests/evp/software.h"

static EVP_PKEY *private_key;

static void
check(bool fine, const char *what)
{
	if (fine)
		return;
	perror(what);
	ERR_print_errors_fp(stderr);
	abort();
}

EVP_PKEY *
loaded_private_key(void)
{
	if (private_key == NULL)
		check((private_key = EVP_EC_gen("P-256")) != NULL, "EVP_EC_gen");
	return private_key;
}

void
loaded_private_key_free(void)
{
	EVP_PKEY_free(private_key);
	private_key = NULL;
}

/* No activate: OpenSSL 3.0 keeps silent about what it cannot activate. */
static void
write_config(FILE *file, const char *lines)
{
	fprintf(file,
	    "openssl_conf = init\n[init]\nproviders = provs\n[provs]\n"
	    "keyhold = keyhold\n[keyhold]\nmodule = %s\n%s\n",
	    KEYHOLD_SO, lines);
	check(fclose(file) == 0, "fclose");
}

static void
load_config(OSSL_LIB_CTX *libctx, const char *lines)
{
	char path[] = "/tmp/keyhold-conf-XXXXXX";
	int fd = mkstemp(path);

	check(fd >= 0, path);
	write_config(fdopen(fd, "w"), lines);
	check(OSSL_LIB_CTX_load_config(libctx, path) == 1, "OSSL_LIB_CTX_load_config");
	unlink(path);
}

static EVP_PKEY *
load_key(OSSL_LIB_CTX *libctx)
{
	struct buffer spki, pem;
	struct bytes bytes;
	struct key key;
	EVP_PKEY *pkey;
	BIO *bio;

	buf_init(&spki, 0);
	buf_init(&pem, 0);
	software_spki(loaded_private_key(), &spki);
	bytes = buf_bytes(&spki);
	check(key_init(&key, "web", &bytes, NULL) == 0 &&
		  reference_to_pem(&key, &pem, NULL) == 0,
	    "reference_to_pem");
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	pkey = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, libctx, NULL);
	check(pkey != NULL, "PEM_read_bio_PrivateKey_ex");
	BIO_free(bio);
	buf_free(&spki);
	buf_free(&pem);
	return pkey;
}

bool
loaded_open(struct loaded *loaded, const char *lines)
{
	*loaded = (struct loaded){ .libctx = OSSL_LIB_CTX_new() };
	load_config(loaded->libctx, lines);
	loaded->standard = OSSL_PROVIDER_load(loaded->libctx, "default");
	loaded->keyhold = OSSL_PROVIDER_load(loaded->libctx, "keyhold");
	if (loaded->keyhold != NULL)
		loaded->key = load_key(loaded->libctx);
	return loaded->keyhold != NULL;
}

void
loaded_close(struct loaded *loaded)
{
	EVP_PKEY_free(loaded->key);
	if (loaded->keyhold != NULL)
		OSSL_PROVIDER_unload(loaded->keyhold);
	OSSL_PROVIDER_unload(loaded->standard);
	OSSL_LIB_CTX_free(loaded->libctx);
	*loaded = (struct loaded){ .key = NULL };
}

void
loaded_with(struct loaded *loaded, const char *socket, int answer_timeout_ms)
{
	char lines[200];

	snprintf(lines, sizeof(lines), "socket = %s\nanswer_timeout_ms = %d", socket,
	    answer_timeout_ms);
	check(loaded_open(loaded, lines), "loaded_open");
}

bool
loaded_sign(struct loaded *loaded)
{
	static const unsigned char text[] = "to be signed";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[512];
	size_t len = sizeof(sig);
	bool fine = EVP_DigestSignInit_ex(ctx, NULL, "SHA256", loaded->libctx, NULL,
			loaded->key, NULL) == 1 &&
		    EVP_DigestSign(ctx, sig, &len, text, sizeof(text)) == 1;

	EVP_MD_CTX_free(ctx);
	return fine;
}

void *
loaded_sign_once(void *loaded)
{
	return loaded_sign(loaded) ? loaded : NULL;
}

unsigned
loaded_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < LOADED_DESCRIPTORS_MAX; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

bool
queue_says(const char *text)
{
	const char *data;
	bool found = false;

	while (ERR_get_error_all(NULL, NULL, NULL, &data, NULL) != 0) {
		found = found || strstr(data, text) != NULL;
		if (!found)
			fprintf(stderr, "on the queue: %s\n", data);
	}
	return found;
}
