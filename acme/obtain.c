/*
 * obtain.c - from an order to a certificate (RFC 8555 section 7.4).
 *
 * One authorization after the other. When one fails the order is lost with it, and a new
 * one is made: what the server validated before is mostly valid in that, too.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "acme/base64url.h"
#include "acme/certid.h"
#include "acme/chain.h"
#include "acme/challenge.h"
#include "acme/document.h"
#include "acme/session.h"
#include "base/text.h"

#define ORDERS_MAX     3
#define FINALIZES_MAX  3
#define AGAIN_PAUSE_MS 2000
#define TYPE_CHAIN     "application/pem-certificate-chain"

struct obtaining {
	struct acme *acme;
	const struct acme_order *wanted;
	const struct acme_challenge *how;
	struct challenge *challenge;
	struct identifier names[RESOURCE_NAMES_MAX];
	size_t count;
	bool names_replaced;   /* the order did */
	bool without_replaces; /* the server did not want to know */
	char url[HTTP_URL_MAX];
	struct order order;
	bool again; /* the failure may pass */
};

static int
check_name(const struct obtaining *o, const struct identifier *name, struct error *err)
{
	bool is_address = strcmp(name->type, "ip") == 0;

	if (identifier_is_wildcard(name) && o->how->method != ACME_DNS_01)
		return error_set(err, ERROR_CONFIG,
		    "%.100s: a wildcard takes the challenge dns-01", name->value);
	if (is_address && o->how->method == ACME_DNS_01)
		return error_set(err, ERROR_CONFIG,
		    "%.100s: an address takes the challenge http-01 or tls-alpn-01",
		    name->value);
	return 0;
}

static int
read_names(struct obtaining *o, struct error *err)
{
	const char *const *name = o->wanted->names;

	for (; name != NULL && *name != NULL; name++) {
		if (o->count == RESOURCE_NAMES_MAX)
			return error_set(
			    err, ERROR_CONFIG, "more than %d names", RESOURCE_NAMES_MAX);
		if (identifier_read(*name, &o->names[o->count], err) != 0 ||
		    check_name(o, &o->names[o->count], err) != 0)
			return -1;
		o->count++;
	}
	return o->count > 0 ? 0
			    : error_set(err, ERROR_CONFIG, "a certificate needs a name");
}

static json_t *
make_identifiers(const struct obtaining *o)
{
	json_t *array = json_array();

	for (size_t i = 0; i < o->count; i++)
		json_array_append_new(
		    array, json_pack("{s:s, s:s}", "type", o->names[i].type, "value",
			       o->names[i].value));
	return array;
}

/* "" when the order replaces none, or the certificate has no such name. */
static void
write_replaces(const struct obtaining *o, struct buffer *out)
{
	struct error err;

	if (o->wanted->replaces.len == 0 || o->without_replaces ||
	    o->acme->directory.renewal_info == NULL ||
	    certid_write(o->wanted->replaces, out, &err) != 0)
		buf_reset(out);
}

static int
write_order(struct obtaining *o, struct buffer *payload, struct error *err)
{
	struct buffer replaces;
	int rc;

	buf_init(&replaces, 0);
	write_replaces(o, &replaces);
	o->names_replaced = replaces.len > 0;
	rc = document_write(
	    json_pack("{s:o, s:s*, s:s*}", "identifiers", make_identifiers(o), "profile",
		o->wanted->profile, "replaces",
		replaces.len > 0 ? buf_string(&replaces) : NULL),
	    payload, err);
	buf_free(&replaces);
	return rc;
}

/* The last answer is the order as it is now. */
static int
take_order(struct obtaining *o, struct error *err)
{
	order_free(&o->order);
	return order_read(o->acme->http, buf_bytes(&o->acme->res.body), &o->order, err);
}

static int
send_order(struct obtaining *o, struct error *err)
{
	struct buffer payload;
	int rc;

	o->acme->refusal = (struct refusal){ .type = "" };
	o->acme->res.status = 0;
	buf_init(&payload, 0);
	rc = write_order(o, &payload, err);
	if (rc == 0)
		rc = session_post(o->acme, o->acme->directory.new_order,
		    buf_string(&payload), NULL, err);
	buf_free(&payload);
	return rc;
}

/*
 * Replaced by another order already (RFC 9773 section 5), or another account's, or
 * another CA's, or forgotten: servers have many words for that, and some have none. These
 * are certainly about something else.
 */
static bool
minds_replacing(const struct obtaining *o)
{
	static const char *const others[] = { "rateLimited", "badNonce", "compound",
		"rejectedIdentifier", "unsupportedIdentifier", "accountDoesNotExist",
		"userActionRequired", NULL };

	return o->names_replaced && o->acme->res.status >= 400 &&
	       !text_in_list(others, o->acme->refusal.type);
}

static int
make_order(struct obtaining *o, struct error *err)
{
	struct acme *acme = o->acme;

	if (send_order(o, err) != 0) {
		if (!minds_replacing(o))
			return -1;
		o->without_replaces = true;
		buf_reset(&acme->refusal_text);
		if (send_order(o, err) != 0)
			return -1;
	}
	if (http_check_url(acme->http, acme->res.location, err) != 0 ||
	    text_copy(o->url, sizeof(o->url), acme->res.location) != 0)
		return -1;
	return take_order(o, err);
}

/* One of ours, whatever the server says: the name goes to programs and into names. */
static const struct identifier *
find_name(const struct obtaining *o, const struct authorization *a)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct identifier *name = &o->names[i];

		if (strcmp(name->type, a->type) == 0 &&
		    strcasecmp(identifier_base(name), a->value) == 0 &&
		    identifier_is_wildcard(name) == a->wildcard)
			return name;
	}
	return NULL;
}

static int
fetch_authorization(
    struct obtaining *o, const char *url, struct authorization *a, struct error *err)
{
	struct acme *acme = o->acme;

	if (session_post(acme, url, "", NULL, err) != 0)
		return -1;
	return authorization_read(acme->http, buf_bytes(&acme->res.body),
	    challenge_name(o->how->method), a, err);
}

static int
refuse_authorization(
    struct obtaining *o, const struct authorization *a, struct error *err)
{
	char what[64];

	/* Our side was wrong, or the server's look at it went wrong: nobody can tell. */
	o->again = true;
	snprintf(what, sizeof(what), "%s of %.36s failed", challenge_name(o->how->method),
	    a->value);
	if (a->error != NULL)
		return session_refuse(o->acme, a->error, what, err);
	return error_set(err, ERROR_REFUSED, "%s, and the server does not say why", what);
}

/* Until the server has looked. */
static int
follow_authorization(struct obtaining *o, const char *url, struct error *err)
{
	struct authorization a = { .json = NULL };
	int64_t pause_ms = 0;
	int rc;

	do {
		authorization_free(&a);
		if (session_pause_poll(o->acme, &pause_ms, err) != 0)
			return -1;
		if (fetch_authorization(o, url, &a, err) != 0)
			return -1;
	} while (a.status == STATUS_PENDING && a.challenge_status != STATUS_INVALID);
	rc = a.status == STATUS_VALID ? 0 : refuse_authorization(o, &a, err);
	authorization_free(&a);
	return rc;
}

/* The proof is there to be seen. */
static int
answer(struct obtaining *o, const char *url, const struct authorization *a,
    struct error *err)
{
	/* One that is processing was answered before, by a run that was cut off. */
	if (a->challenge_status == STATUS_PENDING &&
	    session_post(o->acme, a->url, "{}", NULL, err) != 0)
		return -1;
	return follow_authorization(o, url, err);
}

static int
prove(struct obtaining *o, const char *url, const struct authorization *a,
    const struct identifier *name, struct error *err)
{
	struct proof proof = { .identifier = name, .token = a->token };
	struct acme *acme = o->acme;
	struct buffer text;
	int rc = -1;

	buf_init(&text, 0);
	jwk_authorize(&acme->jwk, a->token, &text);
	proof.authorization = buf_string(&text);
	if (buf_failed(&text)) {
		error_set(err, ERROR_INTERNAL, "out of memory");
	} else {
		if (challenge_show(o->challenge, &proof, &acme->refusal_text, err) == 0)
			rc = answer(o, url, a, err);
		/* Also what failed, or was killed, may have set its record before. */
		challenge_hide(o->challenge, &proof);
	}
	buf_free(&text);
	return rc;
}

static int
settle(struct obtaining *o, const char *url, const struct authorization *a,
    struct error *err)
{
	const struct identifier *name = find_name(o, a);

	if (name == NULL)
		return error_set(err, ERROR_INTERNAL,
		    "the server wants an authorization for %.100s, which was not ordered",
		    a->value);
	if (a->status == STATUS_VALID)
		return 0;
	if (a->status != STATUS_PENDING)
		return refuse_authorization(o, a, err);
	if (a->url == NULL)
		return error_set(err, ERROR_REFUSED,
		    "the server does not offer the challenge %s for %.100s",
		    challenge_name(o->how->method), name->value);
	return prove(o, url, a, name, err);
}

static int
authorize(struct obtaining *o, const char *url, struct error *err)
{
	struct authorization a;
	int rc;

	if (fetch_authorization(o, url, &a, err) != 0)
		return -1;
	rc = settle(o, url, &a, err);
	authorization_free(&a);
	return rc;
}

static int
refuse_order(struct obtaining *o, struct error *err)
{
	if (o->order.error != NULL)
		return session_refuse(
		    o->acme, o->order.error, "the order is invalid", err);
	return error_set(err, ERROR_REFUSED, "the order is invalid");
}

static int
fetch_order(struct obtaining *o, struct error *err)
{
	if (session_post(o->acme, o->url, "", NULL, err) != 0)
		return -1;
	return take_order(o, err);
}

/* Until it is in another state than this one. */
static int
follow_order(struct obtaining *o, enum resource_status leaving, struct error *err)
{
	int64_t pause_ms = 0;

	while (o->order.status == leaving) {
		if (session_pause_poll(o->acme, &pause_ms, err) != 0 ||
		    fetch_order(o, err) != 0)
			return -1;
	}
	return o->order.status == STATUS_INVALID ? refuse_order(o, err) : 0;
}

static int
send_request(struct obtaining *o, struct error *err)
{
	struct buffer csr, payload;
	int rc;

	buf_init(&csr, 0);
	buf_init(&payload, 0);
	base64url_encode(&csr, o->wanted->csr);
	rc = document_write(json_pack("{s:s}", "csr", buf_string(&csr)), &payload, err);
	if (rc == 0)
		rc = session_post(
		    o->acme, o->order.finalize, buf_string(&payload), NULL, err);
	if (rc == 0)
		rc = take_order(o, err);
	buf_free(&csr);
	buf_free(&payload);
	return rc;
}

/* No answer came, or one that tells of the server's trouble alone. */
static bool
is_unknown(const struct obtaining *o, const struct error *err)
{
	return err->code == ERROR_TIMEOUT ||
	       (err->code == ERROR_BUSY && o->acme->retry_after_s == 0);
}

/* The server may have issued for all that: the order tells. */
static int
finalize(struct obtaining *o, struct error *err)
{
	for (int i = 1; send_request(o, err) != 0; i++) {
		if (i == FINALIZES_MAX || !is_unknown(o, err) ||
		    session_pause(o->acme, AGAIN_PAUSE_MS, err) != 0 ||
		    fetch_order(o, err) != 0)
			return -1;
		if (o->order.status != STATUS_READY)
			return 0;
	}
	return 0;
}

static int
download(struct obtaining *o, struct buffer *chain, struct error *err)
{
	struct acme *acme = o->acme;

	if (o->order.status != STATUS_VALID)
		return error_set(err, ERROR_INTERNAL,
		    "the server's order is neither valid nor refused");
	if (session_post(acme, o->order.certificate, "", TYPE_CHAIN, err) != 0)
		return -1;
	return chain_read(
	    buf_bytes(&acme->res.body), o->wanted->csr, o->names, o->count, chain, err);
}

static int
try_order(struct obtaining *o, struct buffer *chain, struct error *err)
{
	const char *url;

	if (make_order(o, err) != 0)
		return -1;
	/* The URLs stay while the order is not read again. */
	for (size_t i = 0; i < o->order.count; i++) {
		url = o->order.authorizations[i];
		if (authorize(o, url, err) != 0)
			return -1;
	}
	if (follow_order(o, STATUS_PENDING, err) != 0)
		return -1;
	if (o->order.status == STATUS_READY && finalize(o, err) != 0)
		return -1;
	if (follow_order(o, STATUS_READY, err) != 0 ||
	    follow_order(o, STATUS_PROCESSING, err) != 0)
		return -1;
	return download(o, chain, err);
}

static int
try_orders(struct obtaining *o, struct buffer *chain, struct error *err)
{
	for (int i = 0;; i++) {
		struct error pause;

		o->again = false;
		if (try_order(o, chain, err) == 0)
			return 0;
		if (!o->again || i + 1 == ORDERS_MAX ||
		    session_pause(o->acme, (int64_t)AGAIN_PAUSE_MS << i, &pause) != 0)
			return -1;
		buf_reset(&o->acme->refusal_text);
	}
}

int
acme_obtain(struct acme *acme, const struct acme_order *order,
    const struct acme_challenge *challenge, struct buffer *chain, struct error *err)
{
	struct obtaining *o = calloc(1, sizeof(*o));
	int rc = -1;

	session_begin(acme);
	if (o == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	*o = (struct obtaining){ .acme = acme, .wanted = order, .how = challenge };
	if (read_names(o, err) == 0 &&
	    challenge_open(challenge, &acme->options.key, &o->challenge, err) == 0 &&
	    session_find_account(acme, err) == 0)
		rc = try_orders(o, chain, err);
	challenge_close(o->challenge);
	order_free(&o->order);
	free(o);
	return rc;
}
