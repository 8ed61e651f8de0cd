/*
 * loaded.h - keyhold.so as OpenSSL loads it, in a library context of its own, with a key
 * reference read from PEM. KEYHOLD_SO names the file.
 */
#ifndef TESTS_PROVIDER_LOADED_H
#define TESTS_PROVIDER_LOADED_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

struct loaded {
	OSSL_LIB_CTX *libctx;
	OSSL_PROVIDER *standard, *keyhold;
	EVP_PKEY *key; /* P-256 */
};

/* The private half of the key: for who signs, and to make certificates. */
EVP_PKEY *loaded_private_key(void);
void loaded_private_key_free(void);

/*
 * The lines go into keyhold.so's section of an openssl.cnf. False when it does not load;
 * the reason is on OpenSSL's queue.
 */
bool loaded_open(struct loaded *loaded, const char *lines);
void loaded_close(struct loaded *loaded);

/* The same with this socket and answer_timeout_ms; dies on failure. */
void loaded_with(struct loaded *loaded, const char *socket, int answer_timeout_ms);

/* Signs a text with the reference; false leaves the reason on OpenSSL's queue. */
bool loaded_sign(struct loaded *loaded);

/* The same as a thread's function: NULL on failure. */
void *loaded_sign_once(void *loaded);

/* How many descriptors below LOADED_DESCRIPTORS_MAX this process has open. */
#define LOADED_DESCRIPTORS_MAX 1024
unsigned loaded_descriptors(void);

/* Whether an error on OpenSSL's queue contains the text; empties the queue. */
bool queue_says(const char *text);

#endif
