/*
 * resource.h - what an ACME server answers: directory, account, order, authorization,
 * renewal information (RFC 8555 section 7.1, RFC 9773 section 4.2), read strictly.
 *
 * Every URL is checked by http_check_url, every text bounded. A read one keeps the JSON
 * that its texts point into: free it with the function beside it, which takes a zeroed
 * one.
 */
#ifndef ACME_RESOURCE_H
#define ACME_RESOURCE_H

#include <jansson.h>

#include "acme/acme.h"
#include "acme/http.h"

#define RESOURCE_NAMES_MAX      100 /* names of a certificate */
#define RESOURCE_CHALLENGES_MAX 20
#define RESOURCE_TOKEN_MAX      256

struct directory {
	json_t *json;
	const char *new_nonce, *new_account, *new_order, *revoke_cert, *key_change;
	const char *renewal_info; /* NULL: the server has none */
	const char *terms;        /* or NULL */
	bool needs_binding;       /* externalAccountRequired */
};
int directory_read(const struct http *http, struct bytes body,
    struct directory *directory, struct error *err);
void directory_free(struct directory *directory);

/* Copies what the account object says into account. */
int account_read(struct bytes body, struct acme_account *account, struct error *err);

enum resource_status {
	STATUS_PENDING,
	STATUS_READY,
	STATUS_PROCESSING,
	STATUS_VALID,
	STATUS_INVALID,
	STATUS_DEACTIVATED,
	STATUS_EXPIRED,
	STATUS_REVOKED,
};

struct order {
	json_t *json;
	enum resource_status status;
	const char *authorizations[RESOURCE_NAMES_MAX];
	size_t count;
	const char *finalize;
	const char *certificate; /* NULL before it is valid */
	const json_t *error;     /* a problem document, or NULL */
};
int order_read(
    const struct http *http, struct bytes body, struct order *order, struct error *err);
void order_free(struct order *order);

struct authorization {
	json_t *json;
	enum resource_status status;
	const char *type, *value; /* of the identifier */
	bool wildcard;
	/* The challenge of the method asked for; url NULL when there is none. */
	const char *url, *token;
	enum resource_status challenge_status;
	const json_t *error; /* why a challenge failed, or NULL */
};
int authorization_read(const struct http *http, struct bytes body, const char *method,
    struct authorization *authorization, struct error *err);
void authorization_free(struct authorization *authorization);

int window_read(struct bytes body, struct acme_window *window, struct error *err);

#endif
