/* token.c - a token is opened, and begun anew. */
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

static void
join(struct token *token)
{
	pthread_mutex_lock(&token->module->lock);
	token->next = token->module->tokens;
	token->module->tokens = token;
	pthread_mutex_unlock(&token->module->lock);
}

static void
leave(struct token *token)
{
	struct token **at = &token->module->tokens;

	pthread_mutex_lock(&token->module->lock);
	while (*at != token)
		at = &(*at)->next;
	*at = token->next;
	pthread_mutex_unlock(&token->module->lock);
}

static int
copy_identity(
    struct token *token, const char *label, const char *serial, struct error *err)
{
	if (text_copy(token->label, sizeof(token->label), label != NULL ? label : "") ==
		0 &&
	    text_copy(
		token->serial, sizeof(token->serial), serial != NULL ? serial : "") == 0)
		return 0;
	return error_set(err, ERROR_CONFIG, "a token's label or serial is overlong");
}

int
token_expect(struct module *module, const struct token_options *options,
    struct token **token, struct error *err)
{
	struct token *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	snprintf(t->name, sizeof(t->name), "%s",
	    options->name != NULL ? options->name : "default");
	t->module = module;
	t->functions = module->functions;
	t->slot_id = CK_UNAVAILABLE_INFORMATION;
	t->session_copies = options->session_copies;
	t->read_pin = options->read_pin;
	t->pin_ctx = options->pin_ctx;
	pthread_mutex_init(&t->lock, NULL);
	join(t);
	if (copy_identity(t, options->label, options->serial, err) != 0 ||
	    session_pool_new(t->functions, t->slot_id, options->max_sessions,
		options->session_wait_ms, &t->sessions, err) != 0) {
		token_close(t);
		return -1;
	}
	memcpy(t->facts.written.label, t->label, sizeof(t->label));
	memcpy(t->facts.written.serial, t->serial, sizeof(t->serial));
	*token = t;
	return 0;
}

static const char *
if_known(const char *text)
{
	return *text != '\0' ? text : NULL;
}

static int
find_token(struct token *token, struct slot_token *found, struct error *err)
{
	if (slot_find(token->module, if_known(token->label), if_known(token->serial),
		found, err) != 0)
		return -1;
	token->slot_id = found->slot;
	return 0;
}

/* It was found, and the login succeeded. */
static int
learn(struct token *token, const struct slot_token *found, struct error *err)
{
	if (abilities_read(token->functions, token->slot_id, &token->abilities, err) != 0)
		return -1;
	memcpy(token->label, found->label, sizeof(token->label));
	memcpy(token->serial, found->serial, sizeof(token->serial));
	pthread_mutex_lock(&token->lock);
	token->facts = (struct token_facts){ *found, token->abilities };
	pthread_mutex_unlock(&token->lock);
	return 0;
}

static void
begin_sessions(struct token *token)
{
	session_pool_reset(
	    token->sessions, token->functions, token->slot_id, token->anchor);
}

void
token_forget_sessions(struct token *token)
{
	token->anchor = CK_INVALID_HANDLE;
	begin_sessions(token);
}

int
token_open(struct module *module, const struct token_options *options,
    const struct secret *pin, struct token **token, struct error *err)
{
	struct slot_token found;
	struct token *t;

	if (token_expect(module, options, &t, err) != 0)
		return -1;
	if (find_token(t, &found, err) != 0 || login(t, pin, err) != 0 ||
	    learn(t, &found, err) != 0) {
		token_close(t);
		return -1;
	}
	begin_sessions(t);
	*token = t;
	return 0;
}

void
token_describe(struct token *token, struct token_facts *facts)
{
	pthread_mutex_lock(&token->lock);
	*facts = token->facts;
	pthread_mutex_unlock(&token->lock);
}

int
token_look(struct module *module, const struct token_options *options, struct error *err)
{
	struct slot_token found;

	return slot_find(module, options->label, options->serial, &found, err);
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
	/* Of its slot alone: this token's. */
	token->functions->C_CloseAllSessions(token->slot_id);
	token_forget_sessions(token);
	rc = login(token, pin, err);
	secret_free(pin);
	begin_sessions(token);
	return rc;
}

int
token_relogin(struct token *token, struct error *err)
{
	return login_again(token, err);
}

int
token_return(struct token *token, struct error *err)
{
	struct slot_token found;

	if (find_token(token, &found, err) != 0 || login_again(token, err) != 0)
		return -1;
	return learn(token, &found, err);
}

int
token_reload(struct token *token, struct error *err)
{
	int rc = module_reload(token->module, err);

	token_forget_sessions(token);
	return rc == 0 ? token_return(token, err) : -1;
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
	leave(token);
	pthread_mutex_destroy(&token->lock);
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
