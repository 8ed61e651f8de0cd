/*
 * handshake.c - libssl over memory, with the socket in our hands: so there is a deadline,
 * a limit of bytes, and no SIGPIPE in whoever calls this.
 */
#include "probe/handshake.h"

#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "probe/connection.h"

#define BLOCK_BYTES 16384

/* Anonymous ciphers show no certificate. */
#define CIPHERS "ALL:!aNULL:!eNULL:@SECLEVEL=0"

/* libssl asks what to think of the certificates. */
static int
keep_certificates(X509_STORE_CTX *certificates, void *ctx)
{
	struct handshake *seen = ctx;

	sk_X509_pop_free(seen->chain, X509_free);
	seen->chain = X509_chain_up_ref(X509_STORE_CTX_get0_untrusted(certificates));
	return 1;
}

/* There is none to give. */
static int
note_request(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
	struct handshake *seen = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	(void)cert;
	(void)key;
	seen->wants_client = true;
	return 0;
}

static SSL_CTX *
make_context(const struct handshake_options *options, struct handshake *seen)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return NULL;
	/* Level 0 first: libssl refuses what comes with TLS 1.0 at any other. */
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, keep_certificates, seen);
	SSL_CTX_set_app_data(ctx, seen);
	SSL_CTX_set_client_cert_cb(ctx, note_request);
	if (SSL_CTX_set_cipher_list(ctx, CIPHERS) == 1 &&
	    SSL_CTX_set_min_proto_version(ctx, options->min_version) == 1 &&
	    SSL_CTX_set_max_proto_version(ctx, options->max_version) == 1)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* RFC 6066 section 3: no addresses. */
static int
set_name(SSL *ssl, const char *name)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);

	if (address == NULL)
		return SSL_set_tlsext_host_name(ssl, name) == 1 ? 0 : -1;
	ASN1_OCTET_STRING_free(address);
	return 0;
}

static SSL *
make_ssl(SSL_CTX *ctx, const struct handshake_options *options)
{
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	if (ssl == NULL || in == NULL || out == NULL ||
	    set_name(ssl, options->name) != 0 ||
	    (options->staple &&
		SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp) != 1)) {
		BIO_free(in);
		BIO_free(out);
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_bio(ssl, in, out);
	SSL_set_connect_state(ssl);
	return ssl;
}

static int
flush(SSL *ssl, int fd, int64_t deadline, struct error *err)
{
	char *data;
	long len = BIO_get_mem_data(SSL_get_wbio(ssl), &data);
	int rc = 0;

	if (len > 0)
		rc = probe_send(fd,
		    (struct bytes){ (const unsigned char *)data, (size_t)len }, deadline,
		    err);
	(void)BIO_reset(SSL_get_wbio(ssl));
	return rc;
}

static int
feed(SSL *ssl, int fd, int64_t deadline, size_t *total, struct error *err)
{
	char block[BLOCK_BYTES];
	size_t len;

	if (probe_receive(fd, block, sizeof(block), deadline, &len, err) != 0)
		return -1;
	if (len == 0)
		return error_set(err, ERROR_UNSUPPORTED,
		    *total == 0 ? "closed the connection without a word"
				: "closed the connection in its handshake");
	if ((*total += len) > HANDSHAKE_MAX_BYTES)
		return error_set(err, ERROR_UNSUPPORTED, "sent more than %d bytes",
		    HANDSHAKE_MAX_BYTES);
	if (BIO_write(SSL_get_rbio(ssl), block, (int)len) != (int)len)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

/* Why libssl gave up: an alert from over there has a number of its own. */
static int
explain(struct error *err)
{
	unsigned long last = ERR_peek_error();
	int reason = ERR_GET_REASON(last);
	const char *text = ERR_reason_error_string(last);

	if (ERR_GET_LIB(last) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET)
		error_set(err, ERROR_UNSUPPORTED, "refused the handshake: %s",
		    SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
	else
		error_set(err, ERROR_UNSUPPORTED, "no handshake of TLS: %s",
		    text != NULL ? text : "no reason given");
	ERR_clear_error();
	return -1;
}

static int
shake_hands(SSL *ssl, int fd, int64_t deadline, struct error *err)
{
	size_t total = 0;
	int rc, what;

	for (;;) {
		ERR_clear_error();
		rc = SSL_do_handshake(ssl);
		what = SSL_get_error(ssl, rc);
		if (rc != 1 && what != SSL_ERROR_WANT_READ)
			explain(err);
		/* Also the alert that says why; whether it arrives is the server's
		 * matter. */
		if (flush(ssl, fd, deadline,
			rc == 1 || what == SSL_ERROR_WANT_READ ? err : NULL) != 0)
			return -1;
		if (rc == 1)
			return 0;
		if (what != SSL_ERROR_WANT_READ ||
		    feed(ssl, fd, deadline, &total, err) != 0)
			return -1;
	}
}

static void
keep_staple(SSL *ssl, struct buffer *ocsp)
{
	const unsigned char *der;
	long len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);

	if (len > 0)
		buf_append(ocsp, der, (size_t)len);
}

/* On a connection that is open. */
static int
look(const struct handshake_options *options, int fd, struct handshake *seen,
    struct error *err)
{
	SSL_CTX *ctx = make_context(options, seen);
	SSL *ssl = ctx != NULL ? make_ssl(ctx, options) : NULL;
	int rc = -1;

	if (ssl == NULL) {
		error_set_openssl(err, ERROR_INTERNAL, "libssl");
		goto out;
	}
	seen->is_finished = shake_hands(ssl, fd, options->deadline, &seen->why) == 0;
	if (sk_X509_num(seen->chain) <= 0) {
		*err = seen->why;
		if (seen->is_finished)
			error_set(err, ERROR_UNSUPPORTED, "showed no certificate");
		goto out;
	}
	seen->version = SSL_version(ssl);
	keep_staple(ssl, &seen->ocsp);
	rc = 0;
	if (seen->is_finished && SSL_shutdown(ssl) >= 0)
		(void)flush(ssl, fd, options->deadline, NULL);
out:
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return rc;
}

int
handshake_run(
    const struct handshake_options *options, struct handshake *seen, struct error *err)
{
	int fd, rc;

	*seen = (struct handshake){ .version = 0 };
	buf_init(&seen->ocsp, HANDSHAKE_MAX_BYTES);
	if ((fd = probe_connect(options->host, options->port, options->deadline, err)) <
	    0)
		return -1;
	rc = starttls_begin(options->starttls, fd, options->deadline, err);
	if (rc == 0)
		rc = look(options, fd, seen, err);
	close(fd);
	return rc;
}

bool
handshake_is_good(const struct handshake *seen)
{
	return seen->is_finished || seen->wants_client;
}

void
handshake_clear(struct handshake *seen)
{
	sk_X509_pop_free(seen->chain, X509_free);
	seen->chain = NULL;
	buf_free(&seen->ocsp);
}
