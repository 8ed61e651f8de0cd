/* account.c - accounts (RFC 8555 section 7.3). */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "acme/document.h"
#include "acme/jws.h"
#include "acme/session.h"
#include "base/text.h"

/* The account's URL is in the answer's head. */
static int
keep_url(struct acme *acme, struct error *err)
{
	if (acme->res.location[0] == '\0')
		return error_set(
		    err, ERROR_INTERNAL, "the server does not name the account's URL");
	if (http_check_url(acme->http, acme->res.location, err) != 0)
		return -1;
	return text_copy(acme->account, sizeof(acme->account), acme->res.location);
}

static int
take_account(struct acme *acme, struct acme_account *account, struct error *err)
{
	const char *terms = acme->directory.terms;

	*account = (struct acme_account){ .url = strdup(acme->account),
		.terms = terms != NULL ? strdup(terms) : NULL };
	text_copy(account->thumbprint, sizeof(account->thumbprint), acme->jwk.thumbprint);
	if (account->url != NULL && (terms == NULL || account->terms != NULL) &&
	    account_read(buf_bytes(&acme->res.body), account, err) == 0)
		return 0;
	if (account->url == NULL || (terms != NULL && account->terms == NULL))
		error_set(err, ERROR_INTERNAL, "out of memory");
	acme_account_free(account);
	return -1;
}

static json_t *
make_contacts(const char *const *contacts)
{
	json_t *array = json_array();

	for (; contacts != NULL && *contacts != NULL; contacts++)
		json_array_append_new(array, json_string(*contacts));
	return array;
}

static int
make_binding(struct acme *acme, const struct acme_registration *registration,
    json_t **binding, struct error *err)
{
	struct buffer text;
	int rc = -1;

	*binding = NULL;
	if (registration->eab_kid == NULL)
		return 0;
	buf_init(&text, 0);
	if (jws_bind(&acme->jwk, registration->eab_kid, registration->eab_key,
		acme->directory.new_account, &text, err) == 0) {
		*binding = json_loads(buf_string(&text), 0, NULL);
		rc = *binding != NULL ? 0
				      : error_set(err, ERROR_INTERNAL, "out of memory");
	}
	buf_free(&text);
	return rc;
}

static int
check_registration(const struct acme *acme, const struct acme_registration *registration,
    struct error *err)
{
	if (acme->options.key.spki.data == NULL)
		return error_set(err, ERROR_CONFIG, "this takes an account key");
	if (acme->directory.terms != NULL && !registration->terms_agreed)
		return error_set(err, ERROR_CONFIG,
		    "the server has terms of service, which must be agreed to: %.150s",
		    acme->directory.terms);
	if (acme->directory.needs_binding && registration->eab_kid == NULL)
		return error_set(err, ERROR_CONFIG,
		    "the server takes only accounts that are bound to one outside of "
		    "ACME: it gives a key identifier and a key for that");
	return 0;
}

int
acme_register(struct acme *acme, const struct acme_registration *registration,
    struct acme_account *account, struct error *err)
{
	struct buffer payload;
	json_t *binding;
	int rc = -1;

	session_begin(acme);
	if (check_registration(acme, registration, err) != 0 ||
	    make_binding(acme, registration, &binding, err) != 0)
		return -1;
	buf_init(&payload, 0);
	if (document_write(json_pack("{s:b, s:o, s:o*}", "termsOfServiceAgreed",
			       registration->terms_agreed, "contact",
			       make_contacts(registration->contacts),
			       "externalAccountBinding", binding),
		&payload, err) == 0 &&
	    session_introduce(
		acme, acme->directory.new_account, buf_string(&payload), err) == 0 &&
	    keep_url(acme, err) == 0)
		rc = take_account(acme, account, err);
	buf_free(&payload);
	return rc;
}

int
session_find_account(struct acme *acme, struct error *err)
{
	if (acme->account[0] != '\0')
		return 0;
	if (session_introduce(acme, acme->directory.new_account,
		"{\"onlyReturnExisting\":true}", err) != 0)
		return -1;
	return keep_url(acme, err);
}

int
acme_show(struct acme *acme, struct acme_account *account, struct error *err)
{
	session_begin(acme);
	if (session_find_account(acme, err) != 0 ||
	    session_post(acme, acme->account, "", NULL, err) != 0)
		return -1;
	return take_account(acme, account, err);
}

int
acme_deactivate(struct acme *acme, struct error *err)
{
	session_begin(acme);
	if (session_find_account(acme, err) != 0)
		return -1;
	return session_post(
	    acme, acme->account, "{\"status\":\"deactivated\"}", NULL, err);
}

/* {"account", "oldKey"}, signed by the new key (RFC 8555 section 7.3.5). */
static int
make_change(
    struct acme *acme, const struct jwk *new_key, struct buffer *out, struct error *err)
{
	const struct jws_header header = { .url = acme->directory.key_change };
	struct buffer payload;
	int rc = -1;

	buf_init(&payload, 0);
	if (document_write(json_pack("{s:s, s:o}", "account", acme->account, "oldKey",
			       json_loads(buf_string(&acme->jwk.json), 0, NULL)),
		&payload, err) == 0)
		rc = jws_sign(new_key, &header, buf_bytes(&payload), out, err);
	buf_free(&payload);
	return rc;
}

int
acme_rollover(struct acme *acme, const struct acme_key *new_key, struct error *err)
{
	struct buffer change;
	struct jwk jwk;
	int rc = -1;

	session_begin(acme);
	buf_init(&change, 0);
	if (jwk_init(&jwk, new_key, err) == 0 && session_find_account(acme, err) == 0 &&
	    make_change(acme, &jwk, &change, err) == 0)
		rc = session_post(
		    acme, acme->directory.key_change, buf_string(&change), NULL, err);
	jwk_clear(&jwk);
	buf_free(&change);
	return rc;
}
