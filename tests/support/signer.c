/* signer.c - threads that answer POST .../sign. */
#include "tests/support/signer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/evp.h>

#define BACKLOG     1024
#define REQUEST_MAX 16384
#define HANG_MS     60000

struct signer {
	EVP_PKEY *key;
	char directory[32];
	char socket[64];
	int listener;
	pthread_t thread;
	_Atomic enum signer_mood mood;
	_Atomic int delay_ms;
	atomic_bool stopping;
	atomic_uint connections;
	atomic_uint accepted;
};

struct peer {
	struct signer *signer;
	int fd;
	size_t len;
	char in[REQUEST_MAX + 1];
};

static void
check(bool fine, const char *what)
{
	if (fine)
		return;
	perror(what);
	abort();
}

/* False once it is to stop. */
static bool
wait_ms(const struct signer *signer, int ms)
{
	for (; ms > 0 && !atomic_load(&signer->stopping); ms -= 10)
		usleep(ms < 10 ? (useconds_t)ms * 1000 : 10000);
	return !atomic_load(&signer->stopping);
}

/* The body of a whole request, or NULL. */
static const char *
find_body(const struct peer *peer, size_t *len)
{
	const char *end = memmem(peer->in, peer->len, "\r\n\r\n", 4);
	const char *field = strstr(peer->in, "Content-Length: ");

	if (end == NULL || field == NULL)
		return NULL;
	*len = strtoul(field + strlen("Content-Length: "), NULL, 10);
	end += 4;
	return (size_t)(peer->in + peer->len - end) >= *len ? end : NULL;
}

static size_t
sign(EVP_PKEY *key, const char *data, size_t len, unsigned char *sig, size_t size)
{
	EVP_MD_CTX *ctx;

	if (key == NULL) {
		memcpy(sig, "signature", 9);
		return 9;
	}
	ctx = EVP_MD_CTX_new();
	check(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		  EVP_DigestSign(ctx, sig, &size, (const unsigned char *)data, len) == 1,
	    "EVP_DigestSign");
	EVP_MD_CTX_free(ctx);
	return size;
}

static bool
answer(struct peer *peer, const char *body, size_t body_len)
{
	unsigned char sig[1024];
	char reply[2048];
	size_t sig_len = sign(peer->signer->key, body, body_len, sig, sizeof(sig));
	int n = snprintf(reply, sizeof(reply),
	    "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    sig_len);

	memcpy(reply + n, sig, sig_len);
	peer->len = 0;
	return send(peer->fd, reply, (size_t)n + sig_len, MSG_NOSIGNAL) > 0;
}

/* False when the connection is at its end. */
static bool
serve_one(struct peer *peer)
{
	struct signer *signer = peer->signer;
	const char *body;
	size_t len;
	ssize_t n = recv(peer->fd, peer->in + peer->len, REQUEST_MAX - peer->len, 0);

	if (n <= 0)
		return false;
	peer->len += (size_t)n;
	peer->in[peer->len] = '\0';
	if ((body = find_body(peer, &len)) == NULL)
		return true;
	if (atomic_load(&signer->mood) == SIGNER_HANGS)
		wait_ms(signer, HANG_MS);
	else
		wait_ms(signer, atomic_load(&signer->delay_ms));
	return atomic_load(&signer->mood) == SIGNER_SIGNS && answer(peer, body, len);
}

static void *
serve(void *arg)
{
	struct peer *peer = arg;
	struct signer *signer = peer->signer;
	struct timeval tick = { .tv_usec = 100000 };

	setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
	while (!atomic_load(&signer->stopping)) {
		char byte;

		/* A tick without a request is no end. */
		if (recv(peer->fd, &byte, 1, MSG_PEEK) < 0)
			continue;
		if (!serve_one(peer))
			break;
	}
	close(peer->fd);
	free(peer);
	atomic_fetch_sub(&signer->connections, 1);
	return NULL;
}

static void *
accept_all(void *arg)
{
	struct signer *signer = arg;
	pthread_attr_t detached;
	pthread_t thread;
	int fd;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	while ((fd = accept4(signer->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct peer *peer = calloc(1, sizeof(*peer));

		check(peer != NULL, "calloc");
		peer->signer = signer;
		peer->fd = fd;
		atomic_fetch_add(&signer->connections, 1);
		atomic_fetch_add(&signer->accepted, 1);
		check(pthread_create(&thread, &detached, serve, peer) == 0,
		    "pthread_create");
	}
	pthread_attr_destroy(&detached);
	return NULL;
}

struct signer *
signer_start(EVP_PKEY *key)
{
	struct signer *signer = calloc(1, sizeof(*signer));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	check(signer != NULL, "calloc");
	signer->key = key;
	snprintf(
	    signer->directory, sizeof(signer->directory), "/tmp/keyhold-signer-XXXXXX");
	check(mkdtemp(signer->directory) != NULL, "mkdtemp");
	snprintf(signer->socket, sizeof(signer->socket), "%s/s", signer->directory);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", signer->socket);
	signer->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(bind(signer->listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		  listen(signer->listener, BACKLOG) == 0,
	    signer->socket);
	check(pthread_create(&signer->thread, NULL, accept_all, signer) == 0,
	    "pthread_create");
	return signer;
}

void
signer_stop(struct signer *signer)
{
	if (signer == NULL)
		return;
	atomic_store(&signer->stopping, true);
	shutdown(signer->listener, SHUT_RDWR);
	pthread_join(signer->thread, NULL);
	while (atomic_load(&signer->connections) > 0)
		usleep(1000);
	close(signer->listener);
	unlink(signer->socket);
	rmdir(signer->directory);
	free(signer);
}

const char *
signer_socket(const struct signer *signer)
{
	return signer->socket;
}

void
signer_behave(struct signer *signer, enum signer_mood mood, int delay_ms)
{
	atomic_store(&signer->delay_ms, delay_ms);
	atomic_store(&signer->mood, mood);
}

unsigned
signer_connections(struct signer *signer)
{
	return atomic_load(&signer->connections);
}

unsigned
signer_accepted(struct signer *signer)
{
	return atomic_load(&signer->accepted);
}
