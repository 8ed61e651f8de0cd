/* server.c - one thread, one connection after the other. */
#include "tests/probe/server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

struct server {
	struct server_options options;
	pthread_t thread;
	SSL_CTX *ctx;
	int listener;
	char port[8];
	atomic_uint connections;
};

static void
must(int ok)
{
	if (!ok)
		abort();
}

static int
staple(SSL *ssl, void *arg)
{
	const struct server_options *options = arg;
	unsigned char *copy;

	if (options->staple == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	must((copy = OPENSSL_memdup(options->staple, options->staple_len)) != NULL);
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)options->staple_len);
	return SSL_TLSEXT_ERR_OK;
}

/* libssl compares key and certificate now, and not again when the key becomes another. */
static void
use_key(SSL_CTX *ctx, const struct server_options *options)
{
	EVP_PKEY *key = EVP_PKEY_dup(options->identity->key);
	EVP_PKEY_CTX *other = EVP_PKEY_CTX_new(key, NULL);

	must(SSL_CTX_use_PrivateKey(ctx, key) == 1);
	if (options->has_other_key)
		must(EVP_PKEY_keygen_init(other) == 1 &&
		     EVP_PKEY_keygen(other, &key) == 1);
	EVP_PKEY_CTX_free(other);
	EVP_PKEY_free(key);
}

static SSL_CTX *
make_context(struct server_options *options)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	must(ctx != NULL);
	SSL_CTX_set_security_level(ctx, 0);
	must(SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0") == 1);
	must(SSL_CTX_set_min_proto_version(ctx,
		 options->min_version != 0 ? options->min_version : TLS1_2_VERSION) == 1);
	must(SSL_CTX_set_max_proto_version(ctx, options->max_version) == 1);
	if (options->identity != NULL) {
		must(SSL_CTX_use_certificate(ctx, options->identity->cert) == 1);
		use_key(ctx, options);
	}
	if (options->intermediate != NULL)
		must(SSL_CTX_add1_chain_cert(ctx, options->intermediate) == 1);
	if (options->wants_client)
		SSL_CTX_set_verify(
		    ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_tlsext_status_cb(ctx, staple);
	SSL_CTX_set_tlsext_status_arg(ctx, options);
	return ctx;
}

static void
wait_for_end(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		;
}

static void
speak_tls(struct server *server, int fd)
{
	SSL *ssl = SSL_new(server->ctx);
	const char *name;

	must(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
	if (SSL_accept(ssl) == 1)
		wait_for_end(fd);
	name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	if (server->options.saw_name != NULL)
		snprintf(server->options.saw_name, SERVER_NAME_SIZE, "%s",
		    name != NULL ? name : "");
	SSL_free(ssl);
	ERR_clear_error();
}

/* Each full of messages of no length and type 0, HelloRequest, which a client skips. */
static void
flood(int fd)
{
	static unsigned char record[5 + 16384] = { 22, 3, 3, 0x40, 0 };

	while (send(fd, record, sizeof(record), MSG_NOSIGNAL) > 0)
		;
}

/* Whether it heard all that it wanted to hear. */
static bool
talk(const struct server_turn *turn, int fd)
{
	char heard[64];

	for (; turn != NULL && turn->hears != NULL; turn++) {
		must(turn->hears_len <= sizeof(heard));
		if (turn->hears_len > 0 &&
		    (recv(fd, heard, turn->hears_len, MSG_WAITALL) !=
			    (ssize_t)turn->hears_len ||
			memcmp(heard, turn->hears, turn->hears_len) != 0))
			return false;
		if (turn->says_len > 0 &&
		    send(fd, turn->says, turn->says_len, MSG_NOSIGNAL) < 0)
			return false;
	}
	return true;
}

static void
serve(struct server *server, int fd)
{
	static const char greeting[] = "220 mail.example ESMTP\r\n";

	if (!talk(server->options.turns, fd))
		return;
	switch (server->options.manner) {
	case SERVER_TLS:
		speak_tls(server, fd);
		break;
	case SERVER_CLOSES:
		break;
	case SERVER_RUBBISH:
		/* Who has hung up meanwhile is none to wait for. */
		if (send(fd, greeting, strlen(greeting), MSG_NOSIGNAL) > 0)
			wait_for_end(fd);
		break;
	case SERVER_HANGS:
		wait_for_end(fd);
		break;
	case SERVER_FLOODS:
		flood(fd);
		break;
	}
}

static void *
run(void *arg)
{
	struct server *server = arg;
	sigset_t pipe;
	int fd;

	/* In this thread only: whoever probes must not need that. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	must(pthread_sigmask(SIG_BLOCK, &pipe, NULL) == 0);
	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		atomic_fetch_add(&server->connections, 1);
		serve(server, fd);
		close(fd);
	}
	return NULL;
}

struct server *
server_start(const struct server_options *options)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct server *server = calloc(1, sizeof(*server));
	socklen_t len = sizeof(address);

	must(server != NULL);
	server->options = *options;
	server->ctx = make_context(&server->options);
	must((server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0);
	must(bind(server->listener, (struct sockaddr *)&address, len) == 0);
	must(listen(server->listener, 8) == 0);
	must(getsockname(server->listener, (struct sockaddr *)&address, &len) == 0);
	snprintf(server->port, sizeof(server->port), "%u", ntohs(address.sin_port));
	must(pthread_create(&server->thread, NULL, run, server) == 0);
	return server;
}

void
server_stop(struct server *server)
{
	if (server == NULL)
		return;
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
	SSL_CTX_free(server->ctx);
	free(server);
}

const char *
server_port(const struct server *server)
{
	return server->port;
}

unsigned
server_connections(const struct server *server)
{
	return atomic_load(&server->connections);
}
