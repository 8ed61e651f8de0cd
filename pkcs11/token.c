/* token.c - finds a token by what is written on it, and logs in. */
#include "pkcs11/token.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libp11.h>
#include <openssl/err.h>

#include "base/text.h"
#include "pkcs11/ckr.h"
#include "pkcs11/session.h"

#define LABEL_BYTES 32 /* CK_TOKEN_INFO.label */

static bool
matches(const PKCS11_TOKEN *candidate, const struct token_options *options)
{
	if (candidate == NULL || !candidate->initialized)
		return false;
	if (options->label != NULL && strcmp(candidate->label, options->label) != 0)
		return false;
	return options->serial == NULL ||
	       strcmp(candidate->serialnr, options->serial) == 0;
}

static int
find_slot(struct token *token, const struct token_options *options, struct error *err)
{
	const char *what = options->label != NULL ? "label" : "serial";
	const char *value = options->label != NULL ? options->label : options->serial;

	if (PKCS11_enumerate_slots(
		token->module->libp11, &token->slots, &token->slot_count) != 0)
		return error_set_openssl(err, ERROR_TOKEN, "listing the module's slots");
	for (unsigned i = 0; i < token->slot_count; i++) {
		if (!matches(token->slots[i].token, options))
			continue;
		if (token->slot != NULL)
			return error_set(err, ERROR_CONFIG,
			    "two tokens have %s \"%s\"; name the serial too", what,
			    value);
		token->slot = &token->slots[i];
	}
	if (token->slot == NULL)
		return error_set(err, ERROR_NOT_FOUND, "no token with %s \"%s\" in %s",
		    what, value, token->module->path);
	token->slot_id = PKCS11_get_slotid_from_slot(token->slot);
	if (text_copy(token->label, sizeof(token->label), token->slot->token->label) !=
		0 ||
	    text_copy(
		token->serial, sizeof(token->serial), token->slot->token->serialnr) != 0)
		return error_set(
		    err, ERROR_TOKEN, "the token's label or serial is overlong");
	return 0;
}

/* What libp11 left on OpenSSL's queue is the CK_RV of C_Login. */
static int
login_failed(struct error *err)
{
	CK_RV rv = (CK_RV)ERR_GET_REASON(ERR_peek_last_error());

	ERR_clear_error();
	if (ckr_class(rv) == CKR_CLASS_PIN)
		return ckr_error(
		    err, rv, "the token refused the PIN; it is not tried again");
	return ckr_error(err, rv, "login");
}

static int
login(struct token *token, const struct secret *pin, struct error *err)
{
	const PKCS11_TOKEN *t = token->slot->token;

	if (t->userPinLocked)
		return error_set(
		    err, ERROR_PIN, "token %s: the PIN is locked", token->label);
	if (t->userPinFinalTry)
		return error_set(err, ERROR_PIN,
		    "token %s: one more wrong PIN locks it; log in by hand once",
		    token->label);
	/* Read-write from the start: libp11 closes every session when the mode changes.
	 */
	if (PKCS11_open_session(token->slot, 1) != 0)
		return error_set_openssl(err, ERROR_TOKEN, "opening the first session");
	if (PKCS11_login(token->slot, 0, secret_text(pin)) != 0)
		return login_failed(err);
	return 0;
}

int
token_open(struct module *module, const struct token_options *options,
    const struct secret *pin, struct token **token, struct error *err)
{
	struct token *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	t->module = module;
	t->functions = module->functions;
	t->session_copies = options->session_copies;
	if (find_slot(t, options, err) != 0 || login(t, pin, err) != 0 ||
	    session_pool_new(t->functions, t->slot_id, options->max_sessions,
		options->session_wait_ms, &t->sessions, err) != 0) {
		token_close(t);
		return -1;
	}
	*token = t;
	return 0;
}

int
token_look(struct module *module, const struct token_options *options, struct error *err)
{
	struct token t = { .module = module };
	int rc = find_slot(&t, options, err);

	if (t.slots != NULL)
		PKCS11_release_all_slots(module->libp11, t.slots, t.slot_count);
	return rc;
}

void
token_close(struct token *token)
{
	if (token == NULL)
		return;
	session_pool_free(token->sessions);
	if (token->slots != NULL)
		PKCS11_release_all_slots(
		    token->module->libp11, token->slots, token->slot_count);
	free(token);
}

static PKCS11_SLOT *
empty_slot(PKCS11_SLOT *slots, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (slots[i].token != NULL && !slots[i].token->initialized)
			return &slots[i];
	return NULL;
}

/* C_InitToken reads 32 bytes, blank-padded, and libp11 hands its argument on as it is. */
static int
pad_label(char padded[static LABEL_BYTES + 1], const char *label, struct error *err)
{
	size_t len = strlen(label);

	if (len > LABEL_BYTES)
		return error_set(
		    err, ERROR_CONFIG, "a token label has at most %d bytes", LABEL_BYTES);
	memset(padded, ' ', LABEL_BYTES);
	memcpy(padded, label, len);
	padded[LABEL_BYTES] = '\0';
	return 0;
}

int
token_initialise(struct module *module, const char *label, const struct secret *so_pin,
    const struct secret *pin, struct error *err)
{
	char padded[LABEL_BYTES + 1];
	PKCS11_SLOT *slots = NULL, *slot;
	unsigned count = 0;
	int rc = -1;

	if (pad_label(padded, label, err) != 0)
		return -1;
	if (PKCS11_enumerate_slots(module->libp11, &slots, &count) != 0)
		return error_set_openssl(err, ERROR_TOKEN, "listing the module's slots");
	if ((slot = empty_slot(slots, count)) == NULL) {
		error_set(
		    err, ERROR_NOT_FOUND, "no uninitialised slot in %s", module->path);
		goto out;
	}
	if (PKCS11_init_token(slot->token, secret_text(so_pin), padded) != 0 ||
	    PKCS11_open_session(slot, 1) != 0 ||
	    PKCS11_login(slot, 1, secret_text(so_pin)) != 0 ||
	    PKCS11_init_pin(slot->token, secret_text(pin)) != 0) {
		error_set_openssl(err, ERROR_TOKEN, "initialising a token");
		goto out;
	}
	rc = 0;
out:
	PKCS11_release_all_slots(module->libp11, slots, count);
	return rc;
}
