/* server.h - a server on 127.0.0.1 that speaks TLS, or anything but. */
#ifndef TESTS_PROBE_SERVER_H
#define TESTS_PROBE_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/probe/certificates.h"

enum server_manner {
	SERVER_TLS,
	SERVER_CLOSES,
	SERVER_HANGS,
	SERVER_RUBBISH, /* says "220 mail.example ESMTP" and waits */
	SERVER_FLOODS,  /* sends handshake records without end */
};

#define SERVER_NAME_SIZE 256

/* What it wants to hear, these very bytes, and then says. */
struct server_turn {
	const char *hears, *says;
	size_t hears_len, says_len;
};

struct server_options {
	enum server_manner manner;
	const struct identity *identity;
	const struct server_turn *turns; /* before its manner; the last hears NULL */
	X509 *intermediate;              /* sent after it, or NULL */
	int min_version, max_version;
	bool wants_client;  /* a certificate of its own */
	bool has_other_key; /* it signs with one that is not its certificate's */
	const unsigned char *staple;
	size_t staple_len;
	char *saw_name; /* the last SNI, "" without, once it has stopped; or NULL */
};

struct server;

/* What options points to lives as long as the server. Dies on failure. */
struct server *server_start(const struct server_options *options);
void server_stop(struct server *server);

const char *server_port(const struct server *server);

unsigned server_connections(const struct server *server);

#endif
