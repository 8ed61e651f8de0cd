/*
 * acme.h - a client of an ACME server (RFC 8555), whose keys are in a token.
 *
 * No private key is ever in this process: the account key signs through a callback, and a
 * certificate's key has signed its request (CSR) before. One struct acme belongs to one
 * thread; several may be open. Everything that the server sends is bounded and checked.
 */
#ifndef ACME_ACME_H
#define ACME_ACME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct acme;

#define ACME_SIGNATURE_MAX 512

/* A key in the token, of use sign: the account's. */
struct acme_key {
	struct bytes spki; /* DER SubjectPublicKeyInfo; data NULL: no key */
	/*
	 * Signs the whole message by a scheme of RFC 8446 section 4.2.3, such as
	 * "ecdsa_secp256r1_sha256"; ECDSA in DER. tls-alpn-01 calls it from threads of
	 * its own, several at once.
	 */
	int (*sign)(void *ctx, const char *scheme, const struct bytes *message,
	    unsigned char sig[static ACME_SIGNATURE_MAX], size_t *sig_len,
	    struct error *err);
	void *ctx;
};

struct acme_options {
	const char *directory; /* https://...; http:// for a loopback address only */
	const char *ca_file;   /* whom to trust, in PEM; NULL: the system's bundle */
	struct acme_key key;   /* all but acme_window need one */
	bool (*stop)(void);    /* true, which then stays, ends the operation; or NULL */
};

/* Fetches the directory. Everything in options must outlive it; acme_close takes NULL. */
int acme_open(const struct acme_options *options, struct acme **acme, struct error *err);
void acme_close(struct acme *acme);

/*
 * After a failure: the server's problem document, whole, as lines of text for people,
 * each with a line feed; "" when the failure was not the server's refusal. Valid until
 * the next call.
 */
const char *acme_problem(const struct acme *acme);

/* Seconds that the server asked to wait before the next try (Retry-After), or 0. */
int64_t acme_retry_after_s(const struct acme *acme);

struct acme_registration {
	const char *const *contacts; /* "mailto:...", NULL at the end; may be NULL */
	bool terms_agreed;
	const char *eab_kid; /* external account binding; NULL: none */
	struct bytes eab_key;
};

/* What the server knows of an account; acme_account_free takes a zeroed one. */
struct acme_account {
	char *url, *status, *terms; /* terms: their URL, or NULL */
	char **contacts;            /* NULL at the end */
	char thumbprint[44];        /* of the key (RFC 7638) */
};
void acme_account_free(struct acme_account *account);

/* Makes an account, or finds the one that this key has already. */
int acme_register(struct acme *acme, const struct acme_registration *registration,
    struct acme_account *account, struct error *err);
int acme_show(struct acme *acme, struct acme_account *account, struct error *err);
int acme_deactivate(struct acme *acme, struct error *err);

/* From now on the account is new_key's, and acme is of no use but to be closed. */
int acme_rollover(struct acme *acme, const struct acme_key *new_key, struct error *err);

enum acme_method {
	ACME_HTTP_01,
	ACME_DNS_01,
	ACME_TLS_ALPN_01,
};

/* "http-01"; -1 for what is none. */
int acme_method_read(const char *name, enum acme_method *method);

struct acme_challenge {
	enum acme_method method;
	/* http-01: one of both; tls-alpn-01: listen. NULL listens on port 80 or 443 of
	 * all addresses. */
	const char *listen;  /* "ADDRESS:PORT", "[::1]:80" */
	const char *webroot; /* a directory that a web server serves */
	/* dns-01: called with add or remove, the record's name and its value */
	const char *const *hook; /* argv, NULL at the end */
	int hook_timeout_ms;     /* 0: two minutes */
};

struct acme_order {
	const char *const *names; /* DNS names and addresses, NULL at the end */
	struct bytes csr;         /* DER, of exactly these names */
	const char *profile;      /* or NULL */
	struct bytes replaces; /* the certificate to be replaced, DER (RFC 9773); may be
				  empty */
};

/*
 * Orders, answers the challenges, and appends the chain in PEM, leaf first. An
 * authorization that fails is tried again, with a new order, three times in all. Blocks
 * as long as that takes, at most 15 minutes and what the dns-01 program then takes to
 * clean up.
 */
int acme_obtain(struct acme *acme, const struct acme_order *order,
    const struct acme_challenge *challenge, struct buffer *chain, struct error *err);

/* certificate is DER; reason one of RFC 5280 section 5.3.1, or -1 for none. */
int
acme_revoke(struct acme *acme, struct bytes certificate, int reason, struct error *err);

/* When the server wants the certificate renewed (RFC 9773). */
struct acme_window {
	int64_t start, end;    /* seconds since 1970 */
	int64_t retry_after_s; /* when to ask again */
	char explanation[256]; /* a URL for people, or "" */
};

/* certificate is DER. ERROR_UNSUPPORTED when the server has no such thing. */
int acme_window(struct acme *acme, struct bytes certificate, struct acme_window *window,
    struct error *err);

#endif
