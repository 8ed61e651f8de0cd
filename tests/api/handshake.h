/*
 * handshake.h - real TLS handshakes in memory, and what each side signs in them.
 *
 * Both sides hold their keys through evp/, over a backend that notes down every message
 * and signs it with a software key.
 */
#ifndef TESTS_API_HANDSHAKE_H
#define TESTS_API_HANDSHAKE_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "evp/builtin.h"
#include "evp/key.h"

#define RECORDED_MAX 4

struct recorded {
	struct key key;
	enum scheme scheme;
	unsigned char data[16384];
	size_t len;
};

/* What has been signed, in order. */
struct recorder {
	EVP_PKEY *keys[2]; /* software: the server's, the client's */
	struct recorded messages[RECORDED_MAX];
	size_t count;
};

struct handshake {
	const char *server_type, *client_type; /* as EVP_PKEY_Q_keygen: "EC", "RSA" ... */
	const char *detail;                    /* curve of the EC keys */
	int version;                           /* TLS1_2_VERSION ... */
	const char *ciphers, *groups;          /* NULL: OpenSSL's */
	bool dhe;
	bool client_auth;
};

/* Aborts unless the handshake succeeds. The caller frees with recorder_clear. */
void handshake_run(const struct handshake *spec, struct recorder *recorder);
void recorder_clear(struct recorder *recorder);

/* The first message that this key ("server" or "client") signed. */
const struct recorded *recorder_find(const struct recorder *recorder, const char *name);

/* A software key as a struct key. */
void software_key(const char *name, EVP_PKEY *pkey, struct key *key);

#endif
