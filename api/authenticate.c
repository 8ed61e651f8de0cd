/*
 * authenticate.c - the Authorization header (RFC 6750 section 2.1).
 *
 * What was presented is never told to anybody, not even the name in it, unless its secret
 * is right.
 */
#include "api/authenticate.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "api/bearer.h"
#include "api/bearer_table.h"
#include "api/failures.h"
#include "base/clock.h"
#include "base/log.h"

#define SCHEME "Bearer"
#define ACTOR  "token:"

/* Of another scheme, or none, is no matter of ours: the peer is who it is. */
static bool
find_token(const char *authorization, const char **token, size_t *len)
{
	const size_t scheme = strlen(SCHEME);

	if (authorization == NULL || strncasecmp(authorization, SCHEME, scheme) != 0)
		return false;
	*token = authorization + scheme;
	if (**token != ' ' && **token != '\0')
		return false;
	*token += strspn(*token, " ");
	*len = strlen(*token);
	while (*len > 0 && (*token)[*len - 1] == ' ')
		(*len)--;
	return true;
}

/* A name that there is not takes as long as a secret that is wrong: its row is zeros, and
 * nothing hashes to them. */
static int
compare(const struct bearer *bearer, const struct token_row *row, struct error *err)
{
	unsigned char hash[TOKEN_HASH_BYTES];

	if (bearer_hash(bearer, row->salt, hash, err) != 0)
		return -1;
	if (CRYPTO_memcmp(hash, row->hash, sizeof(hash)) != 0)
		return error_set(err, ERROR_CREDENTIAL, "no such token");
	return 0;
}

static int
check_time(const struct token_row *row, struct error *err)
{
	char when[CLOCK_TEXT_SIZE];

	if (row->revoked != 0) {
		clock_format(when, row->revoked);
		return error_set(
		    err, ERROR_CREDENTIAL, "token %s was revoked at %s", row->name, when);
	}
	if (token_has_ended(row, clock_now_s())) {
		clock_format(when, row->expires);
		return error_set(
		    err, ERROR_CREDENTIAL, "token %s expired at %s", row->name, when);
	}
	return 0;
}

static int
check_token(const struct api *api, const char *token, size_t len, struct token_row *row,
    struct error *err)
{
	struct bearer bearer;
	int rc = -1;

	*row = (struct token_row){ 0 };
	if (bearer_read(token, len, &bearer) != 0) {
		error_set(err, ERROR_CREDENTIAL, "no such token");
		goto out;
	}
	bearer_table_find(api->tokens, bearer.name, row);
	if (compare(&bearer, row, err) == 0)
		rc = check_time(row, err);
out:
	bearer_clear(&bearer);
	return rc;
}

static void
become(struct request *req, struct authentication *a, const struct token_row *row)
{
	a->bearer = (struct caller){ .kind = CALLER_TOKEN };
	snprintf(a->bearer.actor, sizeof(a->bearer.actor), ACTOR "%s", row->name);
	a->bearer.token = a->bearer.actor + strlen(ACTOR);
	req->caller = &a->bearer;
}

static int
lock_out(struct authentication *a, int wait_s, struct error *err)
{
	a->wait_s = wait_s;
	if (wait_s == 0)
		return 0;
	return error_set(err, ERROR_LOCKED_OUT,
	    "%d tokens of this peer were not good: wait %d s", FAILURES_MAX, wait_s);
}

static int
look(
    const struct api *api, const char *actor, struct authentication *a, struct error *err)
{
	return lock_out(a, failures_wait_s(api->failures, actor, clock_mono_ms()), err);
}

int
authenticate(const struct api *api, struct request *req, struct authentication *a,
    struct error *err)
{
	struct token_row row;
	const char *token;
	size_t len;

	a->failed = false;
	a->wait_s = 0;
	if (!find_token(req->authorization, &token, &len))
		return 0;
	if (look(api, req->caller->actor, a, err) != 0)
		return -1;
	if (check_token(api, token, len, &row, err) != 0) {
		a->failed = err->code == ERROR_CREDENTIAL;
		return -1;
	}
	/* Of tokens that are tried at once, none is found good after too many bad. */
	if (look(api, req->caller->actor, a, err) != 0)
		return -1;
	become(req, a, &row);
	return 0;
}

void
authenticate_count_failure(const struct api *api, const struct caller *peer,
    struct authentication *a, struct error *err)
{
	char quoted[LOG_QUOTED_MAX];
	bool last;

	(void)lock_out(
	    a, failures_add(api->failures, peer->actor, clock_mono_ms(), &last), err);
	if (last)
		log_error("authentication.stopped", "actor=%s failures=%d for_s=%d",
		    log_value(quoted, peer->actor), FAILURES_MAX, FAILURES_WINDOW_S);
}
