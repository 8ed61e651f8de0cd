/*
 * https.c - GnuTLS's callbacks, each with a visitor behind the session.
 *
 * libmicrohttpd sends no alert when a handshake fails, and closes: what a client is to be
 * told is sent here, before the failure is returned.
 */
#include "service/https.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/pkcs11.h>
#include <openssl/x509_vfy.h>

#include "api/failures.h"
#include "api/recorder.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "ca/anchors.h"
#include "ca/certtext.h"
#include "ca/client_certificate.h"
#include "service/https_key.h"
#include "service/server_certificate.h"
#include "service/source.h"
#include "service/visitor.h"

#define CHAIN_MAX   16 /* of the server */
#define LOOK_MS     1000
#define COMPLAIN_MS 60000

/*
 * What sslscan, and any client since 2014, finds in order: forward secrecy and AEAD only,
 * so no CBC, no RSA key exchange, no SHA-1. Named one by one: a newer GnuTLS must not
 * widen it. The signatures are also what clients' certificates may be signed with.
 */
const char https_priorities[] =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:+AEAD:"
    "+ECDHE-ECDSA:+ECDHE-RSA:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:"
    "+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:"
    "+SIGN-ECDSA-SECP521R1-SHA512:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:"
    "+SIGN-ECDSA-SHA512:+SIGN-EDDSA-ED25519:+SIGN-RSA-PSS-RSAE-SHA256:"
    "+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-RSA-PSS-SHA256:"
    "+SIGN-RSA-PSS-SHA384:+SIGN-RSA-PSS-SHA512:+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:"
    "+SIGN-RSA-SHA512:+COMP-NULL:+CTYPE-X509:%SERVER_PRECEDENCE";

struct https {
	struct api *api;
	const struct config_listener *settings;
	X509_STORE *anchors; /* NULL: clients are not asked */
	/* Handshakes, not tokens: these are told to wait, and still served otherwise. */
	struct failures *failures;
	/* Without a certificate, who knocks makes no work: when to look, and to
	 * complain, again. */
	_Atomic int64_t look_ms, complain_ms;
};

int
https_init(struct error *err)
{
	int rc = gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_MANUAL, NULL);

	if (rc != 0)
		return error_set(err, ERROR_INTERNAL, "GnuTLS: %s", gnutls_strerror(rc));
	return 0;
}

static int
read_anchors(OSSL_LIB_CTX *libctx, const struct config_listener *settings,
    X509_STORE **anchors, struct error *err)
{
	struct buffer pem;
	int rc;

	*anchors = NULL;
	if (settings->client_ca == NULL)
		return 0;
	buf_init(&pem, 0);
	rc = file_read(settings->client_ca, ANCHORS_MAX_BYTES, &pem, err);
	if (rc == 0)
		rc = anchors_read(
		    libctx, buf_bytes(&pem), settings->client_ca, anchors, err);
	buf_free(&pem);
	return rc;
}

int
https_check(const struct config_listener *settings, struct error *err)
{
	X509_STORE *anchors;

	/* Whoever may write it chooses who is let in. */
	if (settings->client_ca != NULL &&
	    source_check_writers(settings->client_ca, err) != 0)
		return -1;
	if (read_anchors(NULL, settings, &anchors, err) != 0)
		return -1;
	X509_STORE_free(anchors);
	return 0;
}

static void
complain(struct https *https, const struct error *why)
{
	char text[SERVER_CERTIFICATE_HINT_SIZE], quoted[LOG_QUOTED_MAX];
	const char *name = https->settings->certificate;
	int64_t now = clock_mono_ms();

	if (now < atomic_load(&https->complain_ms))
		return;
	atomic_store(&https->complain_ms, now + COMPLAIN_MS);
	if (why->code != ERROR_NOT_FOUND)
		log_error("https.unready", "listener=%s certificate=%s why=\"%s\"",
		    https->settings->name, name, log_quoted(quoted, why->text));
	else
		log_error("https.unready",
		    "listener=%s certificate=%s why=\"%s\" type=\"%s\"",
		    https->settings->name, name, log_quoted(quoted, why->text),
		    server_certificate_hint(https->api, name, text));
}

/* For a while after there was none, none is looked for. */
static int
find_certificate(struct https *https, struct server_certificate *found, struct error *err)
{
	int64_t now = clock_mono_ms();

	*found = (struct server_certificate){ 0 };
	if (now < atomic_load(&https->look_ms))
		return error_set(err, ERROR_NOT_FOUND, "still no certificate");
	if (server_certificate_find(
		https->api, https->settings->certificate, found, err) == 0)
		return 0;
	atomic_store(&https->look_ms, now + LOOK_MS);
	return -1;
}

/* Says at the start whether clients will be served. */
static void
look_once(struct https *https)
{
	struct server_certificate found;
	struct error err;

	if (find_certificate(https, &found, &err) != 0)
		complain(https, &err);
	server_certificate_clear(&found);
	atomic_store(&https->look_ms, 0);
}

int
https_new(struct api *api, const struct config_listener *settings, struct https **https,
    struct error *err)
{
	struct https *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	h->api = api;
	h->settings = settings;
	if (failures_new(&h->failures, err) != 0 ||
	    read_anchors(builtin_libctx(api->builtin), settings, &h->anchors, err) != 0) {
		https_free(h);
		return -1;
	}
	look_once(h);
	*https = h;
	return 0;
}

void
https_free(struct https *https)
{
	if (https == NULL)
		return;
	X509_STORE_free(https->anchors);
	failures_free(https->failures);
	free(https);
}

/* Certificate and those above it, without the root. */
static int
make_chain(struct api *api, const struct certificate_row *row, gnutls_pcert_st **certs,
    unsigned *count)
{
	struct buffer pem;
	gnutls_datum_t text;
	struct error err;
	int rc = GNUTLS_E_INTERNAL_ERROR;

	*count = CHAIN_MAX;
	if ((*certs = gnutls_calloc(CHAIN_MAX, sizeof(**certs))) == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	buf_init(&pem, 0);
	certtext_pem(row->certificate, &pem);
	if (authority_chain(api->authority, row->issuer, false, &pem, &err) == 0 &&
	    !buf_failed(&pem)) {
		text = (gnutls_datum_t){ pem.data, (unsigned)pem.len };
		rc = gnutls_pcert_list_import_x509_raw(
		    *certs, count, &text, GNUTLS_X509_FMT_PEM, 0);
	}
	buf_free(&pem);
	if (rc < 0) {
		gnutls_free(*certs);
		*certs = NULL;
	}
	return rc < 0 ? rc : 0;
}

static int
show(struct https *https, gnutls_pcert_st **certs, unsigned *count, gnutls_privkey_t *key,
    struct error *err)
{
	struct server_certificate found;
	int rc = find_certificate(https, &found, err);

	if (rc == 0 && https_key_new(https->api, https->settings->certificate,
			   found.spki_sha256, found.type, key) != 0)
		rc = error_set(err, ERROR_INTERNAL, "GnuTLS does not take the key");
	if (rc == 0 && make_chain(https->api, &found.copy.row, certs, count) != 0) {
		gnutls_privkey_deinit(*key);
		rc = error_set(err, ERROR_INTERNAL, "GnuTLS does not take the chain");
	}
	server_certificate_clear(&found);
	return rc;
}

static bool
is_stopped(const struct visitor *visitor)
{
	return failures_wait_s(
		   visitor->https->failures, visitor->caller.actor, clock_mono_ms()) > 0;
}

int
https_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
    gnutls_pcert_st **certs, unsigned *count, gnutls_ocsp_data_st **ocsp,
    unsigned *ocsp_count, gnutls_privkey_t *key, unsigned *flags)
{
	const struct visitor *visitor = gnutls_session_get_ptr(session);
	struct error err;

	(void)info;
	*ocsp = NULL;
	*ocsp_count = 0;
	*flags = GNUTLS_CERT_RETR_DEINIT_ALL;
	if (visitor == NULL)
		return -1;
	/* Here, and not later: the token has not signed yet. */
	if (is_stopped(visitor)) {
		gnutls_alert_send(session, GNUTLS_AL_FATAL, GNUTLS_A_ACCESS_DENIED);
		return -1;
	}
	if (show(visitor->https, certs, count, key, &err) == 0)
		return 0;
	complain(visitor->https, &err);
	gnutls_alert_send(session, GNUTLS_AL_FATAL, GNUTLS_A_INTERNAL_ERROR);
	return -1;
}

static void
count_failure(const struct visitor *visitor)
{
	const char *actor = visitor->caller.actor;
	char quoted[LOG_QUOTED_MAX];
	bool last;

	(void)failures_add(visitor->https->failures, actor, clock_mono_ms(), &last);
	if (last)
		log_error("authentication.stopped",
		    "listener=%s actor=%s failures=%d for_s=%d",
		    visitor->https->settings->name, log_value(quoted, actor),
		    FAILURES_MAX, FAILURES_WINDOW_S);
}

static int
turn_away(gnutls_session_t session, const struct visitor *visitor,
    gnutls_alert_description_t alert, const char *why)
{
	const struct recorder_refusal refusal = {
		.actor = visitor->caller.actor,
		.request = "",
		.method = "TLS",
		.path = "handshake",
		.target = visitor->https->settings->name,
		.why = why,
		.outcome = OUTCOME_REFUSED,
		.stranger = visitor->caller.kind == CALLER_NOBODY,
	};
	char quoted[LOG_QUOTED_MAX], actor[LOG_QUOTED_MAX];

	count_failure(visitor);
	recorder_refuse(visitor->https->api->recorder, &refusal);
	log_info("https.refused", "listener=%s actor=%s why=\"%s\"",
	    visitor->https->settings->name, log_value(actor, visitor->caller.actor),
	    log_quoted(quoted, why));
	gnutls_alert_send(session, GNUTLS_AL_FATAL, alert);
	return GNUTLS_E_CERTIFICATE_ERROR;
}

static int
judge(gnutls_session_t session, struct visitor *visitor, const gnutls_datum_t *certs,
    unsigned count)
{
	static const gnutls_alert_description_t alerts[] = {
		[CLIENT_FAULT_BAD] = GNUTLS_A_BAD_CERTIFICATE,
		[CLIENT_FAULT_EXPIRED] = GNUTLS_A_CERTIFICATE_EXPIRED,
		[CLIENT_FAULT_REVOKED] = GNUTLS_A_CERTIFICATE_REVOKED,
		[CLIENT_FAULT_UNKNOWN_CA] = GNUTLS_A_UNKNOWN_CA,
	};
	const struct https *https = visitor->https;
	struct client_certificate *client;
	struct client_chain chain = { .count = count };
	enum client_fault fault;
	struct error err;

	if (count > CLIENT_CHAIN_MAX)
		return turn_away(session, visitor, GNUTLS_A_BAD_CERTIFICATE,
		    "a chain of too many certificates");
	for (unsigned i = 0; i < count; i++)
		chain.certificates[i] = (struct bytes){ certs[i].data, certs[i].size };
	if (client_certificate_verify(https->api->authority, https->anchors, &chain,
		&client, &fault, &err) != 0)
		return turn_away(session, visitor, alerts[fault], err.text);
	visitor_introduce(visitor, client);
	return 0;
}

/* The handshake is over but for this. GnuTLS calls it without a certificate, too. */
static int
verify(gnutls_session_t session)
{
	struct visitor *visitor = gnutls_session_get_ptr(session);
	const gnutls_datum_t *certs;
	unsigned count = 0;

	/* A second one would be that of a renegotiation, which there is not. */
	if (visitor->certificate != NULL)
		return GNUTLS_E_CERTIFICATE_ERROR;
	certs = gnutls_certificate_get_peers(session, &count);
	if (certs != NULL && count > 0)
		return judge(session, visitor, certs, count);
	if (visitor->https->settings->client_auth == CLIENT_AUTH_REQUIRED)
		return turn_away(
		    session, visitor, GNUTLS_A_CERTIFICATE_REQUIRED, "no certificate");
	return 0;
}

void
https_attend(struct https *https, gnutls_session_t session, struct visitor *visitor)
{
	visitor->https = https;
	gnutls_session_set_ptr(session, visitor);
	if (https->settings->client_auth == CLIENT_AUTH_NONE)
		return;
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
	gnutls_session_set_verify_function(session, verify);
}
