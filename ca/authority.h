/*
 * authority.h - the issuers of this house and what they sign.
 *
 * Every call may come from any thread. Issuers are only ever added, so what a call
 * hands out about one stays valid until authority_close; nothing is locked while a
 * signature is made, and several threads issue at once. A change of an issuer
 * takes the place of what was known of it; who holds the old keeps it as it was.
 */
#ifndef CA_AUTHORITY_H
#define CA_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ca/constraints.h"
#include "ca/violation.h"
#include "ca/warning.h"
#include "ca/weakkeys.h"
#include "store/issuers.h"

struct authority;
struct certificate_copy;
struct identity;
struct profiles;

/* Where the issuers' keys are. */
struct key_finder {
	/* Gives a new reference to the key with this SHA-256 of its SPKI. */
	int (*find)(void *ctx, const unsigned char spki_sha256[static 32], EVP_PKEY **key,
	    struct error *err);
	void *ctx;
};

/*
 * Loads the issuers. One whose key is not found is listed all the same; issuing from it
 * looks for the key again and fails with ERROR_TOKEN while it is absent. libctx, store
 * and finder's ctx must outlive the authority.
 */
int authority_open(OSSL_LIB_CTX *libctx, struct store *store,
    const struct key_finder *finder, struct authority **authority, struct error *err);
void authority_close(struct authority *authority);

/* Refuses these keys, too. Before another thread has the authority; keys outlives it. */
void authority_use_weak_keys(struct authority *authority, const struct weakkeys *keys);

struct issuer_spec {
	const char *name;
	const char *subject; /* "/C=CN/CN=x" */
	const char *parent;  /* NULL: a self-signed root */
	int64_t validity_s;  /* 0: the profile's default */
	int path_len;        /* -1: none for a root, 0 for an intermediate */
	/* What its certificates say; NULL for nothing, 0 shards for one. */
	const char *crl_url, *ocsp_url, *ca_issuers_url;
	int crl_shards;
	/* NULL: none. Refused by ERROR_REFUSED where one above does not permit them. */
	const struct constraints_spec *constraints;
	bool external; /* a root elsewhere will sign it: makes a request, and no parent */
	EVP_PKEY *key; /* already recorded in the store */
	const char *actor, *request_id; /* as struct audit_event has them */
};

/*
 * Makes, records and adds an issuer, pending if external. ERROR_CONFLICT when the name is
 * taken or the key serves another issuer, ERROR_NOT_FOUND for an unknown parent,
 * ERROR_REFUSED with v.
 */
int authority_create_issuer(struct authority *authority, const struct issuer_spec *spec,
    struct violations *v, struct error *err);

/* Belongs to the authority. */
struct issuer_info {
	const char *name;
	const char *parent;  /* NULL for a root */
	const char *subject; /* RFC 2253 text */
	const char *serial;
	int64_t not_before, not_after;
	unsigned char spki_sha256[32];
	struct bytes certificate; /* DER; empty while pending */
	struct bytes request;     /* DER PKCS#10; empty unless signed elsewhere */
	bool external;            /* signed by no issuer of this house, itself included */
	enum issuer_state state;
	const char *successor; /* NULL unless another issues in its place */
	/* What its certificates say; NULL where they say nothing. */
	const char *crl_url, *ocsp_url, *ca_issuers_url;
	int crl_shards;
};

int authority_find_issuer(struct authority *authority, const char *name,
    const struct issuer_info **info, struct error *err);

/*
 * Puts a certificate that another authority made for an external issuer's key in place,
 * and takes a pending one into use: of spec its name and who asks. body is as bundle.h
 * says. ERROR_REFUSED comes with v,
 * ERROR_CONFLICT when the issuer is none of these.
 */
int
authority_install_certificate(struct authority *authority, const struct issuer_spec *spec,
    struct bytes body, struct warnings *w, struct violations *v, struct error *err);

/* Takes an existing authority into use: of spec its name, URLs, key and actor. */
int authority_import_issuer(struct authority *authority, const struct issuer_spec *spec,
    struct bytes body, struct warnings *w, struct violations *v, struct error *err);

/*
 * A successor of an active issuer under the same parent, or that one's successor, with
 * its path length and name constraints; the old one retires. Roots certify each other.
 * Of spec: parent, path_len, constraints and external are not looked at; subject may be
 * NULL.
 */
int authority_rotate_issuer(struct authority *authority, const char *old,
    const struct issuer_spec *spec, struct violations *v, struct error *err);

/* What is to change: NULL, and 0 shards, leave as it is; an empty URL removes it. */
struct issuer_change {
	const char *state;
	const char *successor; /* must be active */
	const char *crl_url, *ocsp_url, *ca_issuers_url;
	int crl_shards;
	const char *actor, *request_id;
};

/*
 * Changes and records. ERROR_REFUSED comes with v; ERROR_CONFLICT when the issuer's state
 * does not allow the change.
 */
int authority_change_issuer(struct authority *authority, const char *name,
    const struct issuer_change *change, struct violations *v, struct error *err);

/* Oldest first, until visit returns non-zero. visit must not call the authority. */
void authority_each_issuer(struct authority *authority,
    int (*visit)(void *ctx, const struct issuer_info *info), void *ctx);

/* Those whose successors lead to the issuer of this name, oldest first, until visit
 * returns non-zero. */
void authority_each_predecessor(struct authority *authority, const char *name,
    int (*visit)(void *ctx, const struct issuer_info *info), void *ctx);

/* What requests may name; the built-in ones alone until others are put there. */
struct profiles *authority_profiles(struct authority *authority);

bool authority_uses_key(
    struct authority *authority, const unsigned char spki_sha256[static 32]);

/* Appends in PEM the issuer, its issuer and so on; the root, if wanted, comes last. */
int authority_chain(struct authority *authority, const char *issuer, bool with_root,
    struct buffer *pem, struct error *err);

/*
 * The same for who trusts only the root via: cross-certificates lead there.
 * ERROR_NOT_FOUND when none does, ERROR_CONFLICT when the one that does was revoked.
 */
int authority_chain_via(struct authority *authority, const char *issuer, const char *via,
    bool with_root, struct buffer *pem, struct error *err);

struct issue_request {
	const char *issuer;
	const char *profile;
	struct bytes csr;   /* PEM, DER, or DER in base64 */
	int64_t validity_s; /* 0: the profile's default */
	const char *actor, *request_id;
	bool dry_run; /* judges and signs nothing, records nothing */
	/*
	 * The certificate that this one renews, or NULL. An empty csr then asks for its
	 * key, subject and names again; another may change the key alone.
	 */
	const struct certificate_row *renews;
	const char *idempotency_key; /* of an open entry of actor's; NULL without one */
	/* Asked, unless NULL, once the names are known that a request without a broken
	 * rule would get, before anything is signed; what it refuses with is the answer.
	 */
	int (*admit)(void *ctx, const struct identity *identity, struct error *err);
	void *admit_ctx;
};

struct issue_result {
	char issuer[STORE_NAME_SIZE];   /* that signed: the one asked or its successor */
	char serial[STORE_SERIAL_SIZE]; /* "" after a dry run */
	int64_t not_before, not_after;
	struct buffer subject;     /* RFC 2253 text */
	struct buffer names;       /* "dns:a.example ip:10.0.0.1" */
	struct buffer certificate; /* DER; empty after a dry run */
	struct buffer chain;       /* PEM: leaf and intermediates, without the root */
	struct warnings warnings;
};

/*
 * Judges a request and, when it breaks no rule, signs and records the certificate.
 * What is in result after a 0 has been committed to the store. ERROR_REFUSED comes with
 * v. The caller clears result in either case.
 */
int authority_issue(struct authority *authority, const struct issue_request *request,
    struct issue_result *result, struct violations *v, struct error *err);
void issue_result_clear(struct issue_result *result);

/*
 * The newest certificate of the request's issuer and profile with the subject and the
 * names that its csr asks for, neither expired nor revoked. ERROR_REFUSED with v when
 * there is none. The caller clears found in either case.
 */
int authority_find_predecessor(struct authority *authority,
    const struct issue_request *request, struct certificate_copy *found,
    struct violations *v, struct error *err);

#endif
