/* check.c - a throw-away key's life: made, found, used, copied, destroyed. */
#include "pkcs11/check.h"

#include <stdlib.h>
#include <string.h>

#include "pkcs11/ckr.h"
#include "pkcs11/generate.h"
#include "pkcs11/keystore_state.h"
#include "pkcs11/selftest.h"
#include "pkcs11/session.h"

struct trial {
	struct keystore *store;
	struct token *token;
	check_visit *visit;
	void *ctx;
	const char *subject;
	enum key_type type;
	bool decrypts;
	struct key key;
	struct token_key made;
};

typedef int trial_step(struct trial *trial, struct error *why);

struct attempt {
	struct trial *trial;
	trial_step *run;
};

static int
run_attempt(struct keystore *store, void *ctx, struct error *err)
{
	const struct attempt *attempt = ctx;

	(void)store;
	return attempt->run(attempt->trial, err);
}

/* As requests do it: not while the token is begun anew. */
static int
attempt(struct trial *t, trial_step *run, bool writes, bool makes, struct error *why)
{
	struct attempt ctx = { t, run };
	const struct keystore_work work = {
		.run = run_attempt, .ctx = &ctx, .writes = writes, .makes = makes
	};

	return keystore_work(t->store, &work, why);
}

static int
report(const struct trial *t, const char *step, enum check_outcome outcome,
    const struct error *why, const char *means)
{
	const struct check_result result = {
		.outcome = outcome,
		.subject = t->subject,
		.step = step,
		.why = outcome == CHECK_WORKS ? "" : why->text,
		.means = outcome == CHECK_WORKS ? "" : means,
	};

	return t->visit(t->ctx, &result);
}

/* ERROR_UNSUPPORTED is what the token does not claim. */
static int
report_rc(const struct trial *t, const char *step, int rc, const struct error *why,
    const char *means)
{
	if (rc == 0)
		return report(t, step, CHECK_WORKS, NULL, NULL);
	return report(t, step, why->code == ERROR_UNSUPPORTED ? CHECK_LACKS : CHECK_FAILS,
	    why, means);
}

static int
check_logged_in(struct trial *t, struct error *err)
{
	struct token *token = t->token;
	CK_SESSION_HANDLE session;
	CK_SESSION_INFO info = { 0 };
	CK_RV rv;

	if (session_take(token->sessions, &session, err) != 0)
		return -1;
	rv = token->functions->C_GetSessionInfo(session, &info);
	session_finish(token->sessions, session, rv == CKR_OK ? 0 : -1, NULL);
	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_GetSessionInfo");
	if (info.state != CKS_RW_USER_FUNCTIONS)
		return error_set(err, ERROR_TOKEN,
		    "a session is in state %lu, not logged in", info.state);
	return 0;
}

/* All of them at once, for as long as it takes to open them. */
static int
take_all(
    struct token *token, unsigned wanted, CK_SESSION_HANDLE *sessions, struct error *err)
{
	unsigned got = 0;
	int rc = 0;

	while (got < wanted && rc == 0)
		if ((rc = session_take(token->sessions, &sessions[got], err)) == 0)
			got++;
	for (unsigned i = 0; i < got; i++)
		session_give(token->sessions, sessions[i]);
	return rc;
}

static int
check_sessions(struct trial *t, struct error *err)
{
	struct token *token = t->token;
	unsigned wanted = session_pool_use(token->sessions).max;
	CK_SESSION_HANDLE *sessions = calloc(wanted, sizeof(*sessions));
	struct error why = { 0 };
	int rc;

	if (sessions == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	rc = take_all(token, wanted, sessions, &why);
	free(sessions);
	if (rc == 0)
		return 0;
	return error_set(err, why.code, "%u sessions at once: %s", wanted, why.text);
}

static int
try_token(struct trial *t)
{
	struct error why = { 0 };
	int rc = attempt(t, check_logged_in, false, false, &why);

	t->subject = "token";
	if (report_rc(t, "login", rc, &why, "no private key can be used") != 0)
		return -1;
	rc = attempt(t, check_sessions, false, false, &why);
	return report_rc(t, "sessions", rc, &why,
	    "requests wait for each other; set token.max_sessions lower");
}

static int
make(struct trial *t, struct error *why)
{
	int rc = token_generate(
	    t->token, CHECK_LABEL, t->type, t->decrypts, &t->key, &t->made, why);

	if (rc != 0 && t->made.id.len != 0)
		why->code = ERROR_TOKEN; /* not again: a pair is there */
	return rc;
}

static int
try_make(struct trial *t, enum key_type type, bool decrypts, struct error *why)
{
	t->type = type;
	t->decrypts = decrypts;
	t->made.id.len = 0;
	return attempt(t, make, true, true, why);
}

/* Each step begins with it: between two of them the token may have been begun anew. */
static int
check_found(struct trial *t, struct error *why)
{
	CK_OBJECT_HANDLE handle;

	if (token_find_private(t->token, &t->key, &t->made.id, &handle, why) != 0)
		return -1;
	t->made.private = handle;
	return 0;
}

/* Each that the token claims; one at least, as it made the key. */
static int
check_signs(struct trial *t, struct error *why)
{
	if (check_found(t, why) != 0)
		return -1;
	for (int s = 0; s < SCHEMES; s++)
		if (scheme_fits((enum scheme)s, t->key.type) &&
		    abilities_check_sign(&t->token->abilities, (enum scheme)s, NULL) ==
			0 &&
		    token_selftest_scheme(
			t->token, t->made.private, &t->key, (enum scheme)s, why) != 0)
			return -1;
	return 0;
}

static int
sign_with_copy(struct trial *t, CK_SESSION_HANDLE session, struct error *why)
{
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE session_object = { CKA_TOKEN, &no, sizeof(no) };
	CK_OBJECT_HANDLE copy;
	int rc;
	CK_RV rv = t->token->functions->C_CopyObject(
	    session, t->made.private, &session_object, 1, &copy);

	if (rv == CKR_FUNCTION_NOT_SUPPORTED)
		return error_set(
		    why, ERROR_UNSUPPORTED, "this token has no C_CopyObject");
	if (rv != CKR_OK)
		return ckr_error(why, rv, "C_CopyObject");
	rc = token_selftest(t->token, copy, &t->key, why);
	t->token->functions->C_DestroyObject(session, copy);
	return rc;
}

static int
check_copy(struct trial *t, struct error *why)
{
	CK_SESSION_HANDLE session;
	int rc;

	if (check_found(t, why) != 0 ||
	    session_take_live(t->token->sessions, &session, why) != 0)
		return -1;
	rc = sign_with_copy(t, session, why);
	session_finish(t->token->sessions, session, rc, why);
	return rc;
}

static int
destroy(struct trial *t, struct error *why)
{
	struct token_pair pair;
	int rc;

	rc = token_destroy(t->token, &t->made.id, why);
	if (rc != 0 || (rc = token_locate(t->token, &t->made.id, &pair, why)) != 0)
		return rc;
	if (pair.private != CK_INVALID_HANDLE || pair.public != CK_INVALID_HANDLE)
		return error_set(why, ERROR_TOKEN, "the key is there after all");
	return 0;
}

static int
use_key(struct trial *t)
{
	struct error why = { 0 };
	int rc = attempt(t, check_found, false, false, &why);

	if (report_rc(t, "find", rc, &why, "keys are missing after a restart") != 0)
		return -1;
	rc = attempt(t, check_signs, false, false, &why);
	if (report_rc(t, "sign", rc, &why, "keys of this type do not serve") != 0)
		return -1;
	rc = attempt(t, check_copy, true, false, &why);
	return report_rc(
	    t, "copy", rc, &why, "keys sign themselves, slower on some tokens");
}

/* A key that cannot be destroyed is the report's to name. */
static int
end_key(struct trial *t, int rc)
{
	struct error why = { 0 };
	int destroyed = attempt(t, destroy, true, false, &why);

	if (report_rc(t, "destroy", destroyed, &why,
		"a key labelled " CHECK_LABEL " stays on the token") != 0)
		return -1;
	return rc;
}

static int
try_type(struct trial *t, enum key_type type)
{
	struct error why = { 0 };
	int made = try_make(t, type, false, &why), rc;

	t->subject = key_type_info(type)->name;
	rc = report_rc(t, "make", made, &why, "no keys of this type can be made here");
	if (made == 0 && rc == 0)
		rc = use_key(t);
	return t->made.id.len != 0 ? end_key(t, rc) : rc;
}

static int
check_decrypts(struct trial *t, struct error *why)
{
	if (check_found(t, why) != 0)
		return -1;
	return token_selftest_decrypt(t->token, t->made.private, &t->key, why);
}

static int
try_decryption(struct trial *t)
{
	struct error why = { 0 };
	int done = try_make(t, KEY_RSA_2048, true, &why), rc;

	t->subject = key_type_info(KEY_RSA_2048)->name;
	if (done == 0)
		done = attempt(t, check_decrypts, false, false, &why);
	rc = report_rc(t, "decrypt", done, &why, "no use tls-rsa-kex");
	return t->made.id.len != 0 ? end_key(t, rc) : rc;
}

static int
try_types(struct trial *t)
{
	for (int i = 0; i < KEY_TYPES; i++)
		if (key_type_info((enum key_type)i)->family != KEY_FAMILY_RSA_PSS &&
		    try_type(t, (enum key_type)i) != 0)
			return -1;
	return try_decryption(t);
}

int
keystore_probe(
    struct keystore *store, const enum key_type *type, check_visit *visit, void *ctx)
{
	struct trial t = {
		.store = store, .token = store->token, .visit = visit, .ctx = ctx
	};

	if (try_token(&t) != 0)
		return -1;
	return type != NULL ? try_type(&t, *type) : try_types(&t);
}
