/* token.c - finds a token by what is written on it, and logs in. */
#include "pkcs11/token.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libp11.h>

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

static PKCS11_SLOT *
find_slot(PKCS11_SLOT *slots, unsigned count, const struct token_options *options,
    const char *path, struct error *err)
{
	const char *what = options->label != NULL ? "label" : "serial";
	const char *value = options->label != NULL ? options->label : options->serial;
	PKCS11_SLOT *found = NULL;

	for (unsigned i = 0; i < count; i++) {
		if (!matches(slots[i].token, options))
			continue;
		if (found != NULL) {
			error_set(err, ERROR_CONFIG,
			    "two tokens have %s \"%s\"; name the serial too", what,
			    value);
			return NULL;
		}
		found = &slots[i];
	}
	if (found == NULL)
		error_set(err, ERROR_NOT_FOUND, "no token with %s \"%s\" in %s", what,
		    value, path);
	return found;
}

/* For reading only, and JSON takes whole UTF-8 alone: what is not ASCII is not copied. */
static void
copy_words(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
	for (char *c = out; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

/* Nothing of libp11's is kept: with its list of slots it would end their sessions. */
static int
find_token(struct token *token, const struct token_options *options, struct error *err)
{
	PKCS11_CTX *libp11 = token->module->libp11;
	PKCS11_SLOT *slots = NULL, *slot;
	unsigned count = 0;
	int rc = -1;

	if (PKCS11_enumerate_slots(libp11, &slots, &count) != 0)
		return error_set_openssl(err, ERROR_TOKEN, "listing the module's slots");
	if ((slot = find_slot(slots, count, options, token->module->path, err)) == NULL)
		goto out;
	token->slot_id = PKCS11_get_slotid_from_slot(slot);
	if (text_copy(token->label, sizeof(token->label), slot->token->label) != 0 ||
	    text_copy(token->serial, sizeof(token->serial), slot->token->serialnr) != 0) {
		error_set(err, ERROR_TOKEN, "the token's label or serial is overlong");
		goto out;
	}
	copy_words(
	    token->manufacturer, sizeof(token->manufacturer), slot->token->manufacturer);
	copy_words(token->model, sizeof(token->model), slot->token->model);
	rc = 0;
out:
	PKCS11_release_all_slots(libp11, slots, count);
	return rc;
}

/* A wrong PIN is not tried twice, and none when the token says what that would cost. */
static int
check_pin_may_be_tried(
    const struct token *token, const struct secret *pin, struct error *err)
{
	CK_TOKEN_INFO info;
	CK_RV rv = token->functions->C_GetTokenInfo(token->slot_id, &info);

	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_GetTokenInfo");
	if ((info.flags & CKF_USER_PIN_LOCKED) != 0)
		return error_set(
		    err, ERROR_PIN, "token %s: the PIN is locked", token->label);
	if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0)
		return error_set(err, ERROR_PIN,
		    "token %s: one more wrong PIN locks it; log in by hand once",
		    token->label);
	if (token->no_more_logins)
		return error_set(err, ERROR_PIN,
		    "token %s refused a PIN that could not be remembered", token->label);
	if (token->refused != NULL &&
	    strcmp(secret_text(token->refused), secret_text(pin)) == 0)
		return error_set(err, ERROR_PIN,
		    "token %s refused this PIN; it is not tried again", token->label);
	return 0;
}

/* For the comparison with the next one. */
static void
remember_refusal(struct token *token, const struct secret *pin)
{
	const char *text = secret_text(pin);

	secret_free(token->refused);
	token->refused = NULL;
	token->no_more_logins =
	    secret_new(text, strlen(text), &token->refused, NULL) != 0;
}

/* Read-write, as all of ours: the modes are not mixed. */
static int
open_anchor(struct token *token, struct error *err)
{
	CK_RV rv = token->functions->C_OpenSession(token->slot_id,
	    CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &token->anchor);

	if (rv == CKR_OK)
		return 0;
	token->anchor = CK_INVALID_HANDLE;
	return ckr_error(err, rv, "opening the first session");
}

static int
login(struct token *token, const struct secret *pin, struct error *err)
{
	const char *text = secret_text(pin);
	CK_RV rv;

	if (check_pin_may_be_tried(token, pin, err) != 0 || open_anchor(token, err) != 0)
		return -1;
	rv = token->functions->C_Login(
	    token->anchor, CKU_USER, (CK_UTF8CHAR *)(uintptr_t)text, strlen(text));
	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
		secret_free(token->refused);
		token->refused = NULL;
		return 0;
	}
	if (ckr_class(rv) != CKR_CLASS_PIN)
		return ckr_error(err, rv, "login");
	remember_refusal(token, pin);
	return ckr_error(err, rv, "the token refused the PIN; it is not tried again");
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
	t->read_pin = options->read_pin;
	t->pin_ctx = options->pin_ctx;
	if (find_token(t, options, err) != 0 || login(t, pin, err) != 0 ||
	    abilities_read(t->functions, t->slot_id, &t->abilities, err) != 0 ||
	    session_pool_new(t->functions, t->slot_id, options->max_sessions,
		options->session_wait_ms, &t->sessions, err) != 0) {
		token_close(t);
		return -1;
	}
	session_pool_reset(t->sessions, t->functions, t->slot_id, t->anchor);
	*token = t;
	return 0;
}

int
token_look(struct module *module, const struct token_options *options, struct error *err)
{
	struct token t = { .module = module };

	return find_token(&t, options, err);
}

static int
login_again(struct token *token, struct error *err)
{
	struct secret *pin = NULL;
	int rc;

	if (token->read_pin == NULL)
		return error_set(err, ERROR_PIN, "there is no PIN to log in with again");
	if (token->read_pin(token->pin_ctx, &pin, err) != 0)
		return -1;
	rc = login(token, pin, err);
	secret_free(pin);
	session_pool_reset(
	    token->sessions, token->functions, token->slot_id, token->anchor);
	return rc;
}

int
token_relogin(struct token *token, struct error *err)
{
	token->functions->C_CloseAllSessions(token->slot_id);
	return login_again(token, err);
}

int
token_reload(struct token *token, struct error *err)
{
	const struct token_options same = {
		.label = token->label,
		.serial = token->serial,
	};
	struct token found = { .module = token->module };

	if (module_reload(token->module, err) != 0 || find_token(&found, &same, err) != 0)
		return -1;
	/* All else is what others read meanwhile. */
	token->slot_id = found.slot_id;
	return login_again(token, err);
}

int
token_touch(struct token *token, struct error *err)
{
	CK_SESSION_INFO info;
	CK_RV rv = token->functions->C_GetSessionInfo(token->anchor, &info);

	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_GetSessionInfo");
	return session_pool_touch(token->sessions, err);
}

void
token_close(struct token *token)
{
	if (token == NULL)
		return;
	session_pool_free(token->sessions);
	if (token->anchor != CK_INVALID_HANDLE)
		token->functions->C_CloseSession(token->anchor);
	secret_free(token->refused);
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
