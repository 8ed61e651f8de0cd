/*
 * tlsalpn01.c - a TLS server that shows one certificate (RFC 8737).
 *
 * Its key is the account's, in the token: the certificate has to be signed by the key
 * that it is for, and a key of use tls signs handshakes and its own request, nothing
 * else. It signs through the same callback as requests do, over evp/'s built-in provider,
 * in a library context of its own: no keyhold.so to find, and the application's OpenSSL
 * does not see it.
 *
 * Only TLS 1.3: what is signed there begins with 64 spaces, so no client can have a
 * handshake signed that would be a request of the account.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "acme/alpncert.h"
#include "acme/listener.h"
#include "evp/builtin.h"

#define PROTOCOL                                                                         \
	"\x0a"                                                                           \
	"acme-tls/1"

struct state {
	const struct acme_key *source;
	struct builtin *builtin;
	EVP_PKEY *key;
	struct listener *listener;
	pthread_mutex_t lock;
	SSL_CTX *tls; /* NULL while there is nothing to show */
	char name[2 * IDENTIFIER_MAX];
};

static int
backend_sign(void *ctx, const struct key *key, enum scheme scheme,
    const struct bytes *message, unsigned char sig[static SIGNATURE_MAX_BYTES],
    size_t *sig_len, struct error *err)
{
	const struct state *state = ctx;

	(void)key;
	return state->source->sign(
	    state->source->ctx, scheme_info(scheme)->name, message, sig, sig_len, err);
}

static const struct key_backend backend = { .sign = backend_sign };

_Static_assert(SIGNATURE_MAX_BYTES <= ACME_SIGNATURE_MAX, "a signature fits");

/* OpenSSL asks choose_protocol only when the client names protocols at all. */
static int
check_hello(SSL *ssl, int *alert, void *ctx)
{
	const unsigned char *data;
	size_t len;

	(void)ctx;
	*alert = SSL_AD_NO_APPLICATION_PROTOCOL;
	return SSL_client_hello_get0_ext(ssl,
		   TLSEXT_TYPE_application_layer_protocol_negotiation, &data, &len) == 1
		   ? SSL_CLIENT_HELLO_SUCCESS
		   : SSL_CLIENT_HELLO_ERROR;
}

static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *ctx)
{
	unsigned char *chosen;

	(void)ssl;
	(void)ctx;
	if (SSL_select_next_proto(&chosen, out_len, (const unsigned char *)PROTOCOL,
		sizeof(PROTOCOL) - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* The name must be the one that is being validated. */
static int
check_name(SSL *ssl, int *alert, void *ctx)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct state *state = ctx;
	bool same;

	pthread_mutex_lock(&state->lock);
	same = name != NULL && strcasecmp(name, state->name) == 0;
	pthread_mutex_unlock(&state->lock);
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	return same ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int
make_tls(struct state *state, const struct proof *proof, SSL_CTX **out, struct error *err)
{
	OSSL_LIB_CTX *libctx = builtin_libctx(state->builtin);
	SSL_CTX *tls = SSL_CTX_new_ex(libctx, NULL, TLS_server_method());
	X509 *certificate = NULL;
	int rc = -1;

	if (alpncert_make(libctx, state->key, proof, &certificate, err) != 0)
		goto out;
	if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_use_certificate(tls, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey(tls, state->key) != 1) {
		error_set_openssl(err, ERROR_INTERNAL, "the TLS server of tls-alpn-01");
		goto out;
	}
	SSL_CTX_set_num_tickets(tls, 0);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_client_hello_cb(tls, check_hello, NULL);
	SSL_CTX_set_alpn_select_cb(tls, choose_protocol, NULL);
	SSL_CTX_set_tlsext_servername_callback(tls, check_name);
	SSL_CTX_set_tlsext_servername_arg(tls, state);
	*out = tls;
	tls = NULL;
	rc = 0;
out:
	X509_free(certificate);
	SSL_CTX_free(tls);
	return rc;
}

static SSL *
start_tls(struct state *state, int fd)
{
	SSL *ssl = NULL;

	pthread_mutex_lock(&state->lock);
	if (state->tls != NULL)
		ssl = SSL_new(state->tls);
	pthread_mutex_unlock(&state->lock);
	if (ssl != NULL && SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}

static void
shake_hands(struct state *state, int fd, int64_t deadline_ms)
{
	SSL *ssl = start_tls(state, fd);
	int rc, why;

	if (ssl == NULL)
		return;
	while ((rc = SSL_accept(ssl)) != 1) {
		why = SSL_get_error(ssl, rc);
		if ((why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) ||
		    !listener_wait(fd, why == SSL_ERROR_WANT_WRITE, deadline_ms))
			break;
	}
	if (rc == 1)
		SSL_shutdown(ssl);
	SSL_free(ssl);
	ERR_clear_error();
}

/*
 * The handshake is all there is to it. What libcrypto keeps of this thread in the library
 * context goes before the context may: the thread itself ends when nobody waits for it.
 */
static void
serve(void *ctx, int fd, int64_t deadline_ms)
{
	struct state *state = ctx;

	shake_hands(state, fd, deadline_ms);
	OPENSSL_thread_stop_ex(builtin_libctx(state->builtin));
}

static void
close_state(void *ctx)
{
	struct state *state = ctx;

	if (state == NULL)
		return;
	listener_close(state->listener);
	SSL_CTX_free(state->tls);
	EVP_PKEY_free(state->key);
	builtin_free(state->builtin);
	pthread_mutex_destroy(&state->lock);
	free(state);
}

static int
open_state(const struct acme_challenge *how, const struct acme_key *source, void **out,
    struct error *err)
{
	struct state *state = calloc(1, sizeof(*state));
	const struct listener_service service = { serve, state };
	struct key key;

	if (state == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	state->source = source;
	pthread_mutex_init(&state->lock, NULL);
	if (key_init(&key, "account", &source->spki, err) != 0 ||
	    builtin_new(&backend, state, &state->builtin, err) != 0 ||
	    builtin_pkey(state->builtin, &key, &state->key, err) != 0 ||
	    listener_open(how->listen, "443", &service, &state->listener, err) != 0) {
		close_state(state);
		return -1;
	}
	*out = state;
	return 0;
}

static int
show(const struct acme_challenge *how, void *ctx, const struct proof *proof,
    struct buffer *say, struct error *err)
{
	struct state *state = ctx;
	struct buffer name;
	SSL_CTX *tls = NULL;
	int rc = -1;

	(void)how;
	(void)say;
	buf_init(&name, sizeof(state->name) - 1);
	identifier_server_name(proof->identifier, &name);
	if (buf_failed(&name))
		error_set(err, ERROR_INTERNAL, "a name that is too long");
	else if (make_tls(state, proof, &tls, err) == 0) {
		pthread_mutex_lock(&state->lock);
		SSL_CTX_free(state->tls);
		state->tls = tls;
		memcpy(state->name, buf_string(&name), name.len + 1);
		pthread_mutex_unlock(&state->lock);
		rc = 0;
	}
	buf_free(&name);
	return rc;
}

static void
hide(const struct acme_challenge *how, void *ctx, const struct proof *proof)
{
	struct state *state = ctx;

	(void)how;
	(void)proof;
	pthread_mutex_lock(&state->lock);
	SSL_CTX_free(state->tls);
	state->tls = NULL;
	pthread_mutex_unlock(&state->lock);
}

const struct solver tlsalpn01_listen = { open_state, show, hide, close_state };
