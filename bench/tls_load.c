/*
 * tls_load.c - full TLS handshakes, one after the other in each thread: connect,
 * handshake, one small request, its answer to the end, close. No session is ever resumed.
 *
 * The generator shares the machine with the server, so it does the least that a client
 * can: X25519, AES-128-GCM, and no look at the certificate but in the first handshake,
 * which checks chain and name so that it is known who is measured.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "bench/credulous.h"
#include "bench/crew.h"
#include "bench/options.h"
#include "bench/tcp.h"

#define FAILURES_MAX 1000

static const char usage[] =
    "usage: tls_load --tcp HOST:PORT --ca FILE [--name NAME] [--tls 1.2|1.3]\n"
    "                [--sigalgs LIST] [--threads N] [--seconds S] [--warmup S]\n"
    "\n"
    "A latency is from connect to the end of the handshake. A handshake that fails is\n"
    "counted; the first one, or a thousand, end the run.\n";

static const char request[] =
    "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

struct setting {
	const char *tcp, *ca, *name, *sigalgs;
	int version;
	struct crew_options crew;
	struct tcp_server server;
	SSL_CTX *client;
	atomic_uint failures; /* of all threads, the warm-up's among them */
};

static int
read_version(const char *value, int *version, struct error *err)
{
	if (strcmp(value, "1.2") == 0)
		*version = TLS1_2_VERSION;
	else if (strcmp(value, "1.3") == 0)
		*version = TLS1_3_VERSION;
	else
		return error_set(err, ERROR_CONFIG, "--tls %s: 1.2 or 1.3", value);
	return 0;
}

static int
read_setting(int argc, char **argv, struct setting *s, struct error *err)
{
	const char *version = NULL;
	const struct option_row rows[] = {
		{ "tcp", .text = &s->tcp, .required = true },
		{ "ca", .text = &s->ca, .required = true },
		{ "name", .text = &s->name },
		{ "tls", .text = &version },
		{ "sigalgs", .text = &s->sigalgs },
		OPTIONS_CREW(&s->crew),
	};

	if (options_read(argc, argv, usage, rows, sizeof(rows) / sizeof(rows[0]), err) !=
	    0)
		return -1;
	if (version != NULL && read_version(version, &s->version, err) != 0)
		return -1;
	return tcp_find(s->tcp, &s->server, err);
}

/* libssl verifies a chain even when nobody asks for the result, unless it is told so. */
static int
look_away(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return 1;
}

static int
configure(SSL_CTX *ctx, const struct setting *s)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_cert_verify_callback(ctx, look_away, NULL);
	return SSL_CTX_set_min_proto_version(ctx, s->version) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, s->version) == 1 &&
	       SSL_CTX_set1_groups_list(ctx, "X25519:P-256") == 1 &&
	       SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") == 1 &&
	       SSL_CTX_set_cipher_list(ctx, "ECDHE+AES128+AESGCM") == 1 &&
	       (s->sigalgs == NULL || SSL_CTX_set1_sigalgs_list(ctx, s->sigalgs) == 1);
}

static SSL_CTX *
make_client(const struct setting *s, struct error *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL || !configure(ctx, s)) {
		error_set_openssl(err, ERROR_CONFIG, "client");
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static int
shake_hands(SSL *ssl, int fd, struct error *err)
{
	if (SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
		return error_set_openssl(err, ERROR_IO, "handshake");
	if (SSL_session_reused(ssl))
		return error_set(err, ERROR_INTERNAL, "a session was resumed");
	return 0;
}

static bool
is_good_answer(const char *answer, size_t len)
{
	return len >= 12 && memcmp(answer, "HTTP/1.", 7) == 0 &&
	       memcmp(answer + 8, " 200", 4) == 0;
}

/* Until the server closes; a server that does so without a word in TLS is well, too. */
static int
read_answer(SSL *ssl, struct error *err)
{
	char block[4096];
	size_t n;

	if (SSL_write_ex(ssl, request, strlen(request), &n) != 1 ||
	    SSL_read_ex(ssl, block, sizeof(block), &n) != 1)
		return error_set_openssl(err, ERROR_IO, "answer");
	if (!is_good_answer(block, n))
		return error_set(err, ERROR_IO, "the answer is not 200");
	while (SSL_read_ex(ssl, block, sizeof(block), &n) == 1)
		continue;
	ERR_clear_error();
	return 0;
}

/* One handshake and one answer. */
static int
converse(const struct setting *s, SSL *ssl, uint64_t *latency_ns, struct error *err)
{
	int64_t start_ns = clock_mono_ns();
	int fd = tcp_connect(&s->server, err), rc = -1;

	if (fd < 0)
		return -1;
	if (shake_hands(ssl, fd, err) == 0) {
		*latency_ns = (uint64_t)(clock_mono_ns() - start_ns);
		rc = read_answer(ssl, err);
	}
	close(fd);
	return rc;
}

/* The first handshake of all: does the server have a certificate of this name and CA? */
static int
check_server(const struct setting *s, struct error *err)
{
	SSL_CTX *ctx = make_client(s, err);
	uint64_t latency_ns;
	SSL *ssl = NULL;
	int rc = -1;

	if (ctx == NULL)
		return -1;
	SSL_CTX_set_cert_verify_callback(ctx, NULL, NULL);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_load_verify_file(ctx, s->ca) != 1 || (ssl = SSL_new(ctx)) == NULL ||
	    SSL_set1_host(ssl, s->name) != 1)
		error_set_openssl(err, ERROR_CONFIG, s->ca);
	else
		rc = converse(s, ssl, &latency_ns, err);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return rc;
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
step(void *state, struct crew_tally *tally, struct error *err)
{
	struct setting *s = state;
	SSL *ssl = SSL_new(s->client);
	uint64_t latency_ns;
	int rc;

	if (ssl == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "SSL_new");
	rc = converse(s, ssl, &latency_ns, err);
	SSL_free(ssl);
	if (rc == 0) {
		histogram_add(&tally->latency, latency_ns);
		return 0;
	}
	tally->failures++;
	return atomic_fetch_add(&s->failures, 1) + 1 < FAILURES_MAX ? 0 : -1;
}

static void
stop(void *state)
{
	(void)state;
}

int
main(int argc, char **argv)
{
	struct setting setting = {
		.name = "localhost",
		.version = TLS1_3_VERSION,
		.crew = OPTIONS_CREW_DEFAULT,
	};
	const struct crew_job job = { &setting, start, step, stop };
	struct crew_result result;
	struct error err = { 0 };

	if (read_setting(argc, argv, &setting, &err) != 0 ||
	    check_server(&setting, &err) != 0 || credulous_start(&err) != 0 ||
	    (setting.client = make_client(&setting, &err)) == NULL ||
	    crew_run(&setting.crew, &job, &result, &err) != 0) {
		fprintf(stderr, "tls_load: %s\n", err.text);
		return 1;
	}
	crew_report(&result);
	SSL_CTX_free(setting.client);
	return 0;
}
