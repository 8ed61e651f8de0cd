/*
 * signer.h - a stand-in for keyholdd that signs, and can be slow, deaf or dead.
 *
 * A thread for each connection, so that a slow answer delays no other.
 */
#ifndef TESTS_SUPPORT_SIGNER_H
#define TESTS_SUPPORT_SIGNER_H

#include <openssl/types.h>

enum signer_mood {
	SIGNER_SIGNS,
	SIGNER_HANGS,    /* reads, and does not answer */
	SIGNER_HANGS_UP, /* reads, and closes */
};

struct signer;

/* Signs with the key and SHA-256; without a key it sends a few bytes. Dies on failure. */
struct signer *signer_start(EVP_PKEY *key);
void signer_stop(struct signer *signer);

const char *signer_socket(const struct signer *signer);

/* From the next request on; a signature takes so long. */
void signer_behave(struct signer *signer, enum signer_mood mood, int delay_ms);

/* Open ones. */
unsigned signer_connections(struct signer *signer);

/* Accepted so far. */
unsigned signer_accepted(struct signer *signer);

#endif
