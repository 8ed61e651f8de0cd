/* api.c - one request from routing to answer, and what the handlers work on. */
#include "api/api.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "api/authenticate.h"
#include "api/bearer_table.h"
#include "api/failures.h"
#include "api/handlers.h"
#include "api/lineage.h"
#include "api/load_keys.h"
#include "api/metrics.h"
#include "api/ocsp_key.h"
#include "api/problem.h"
#include "api/profile_json.h"
#include "api/refusal.h"
#include "api/published.h"
#include "api/router.h"
#include "api/url.h"
#include "base/clock.h"
#include "base/log.h"
#include "ca/ocsp.h"
#include "ca/profiles.h"
#include "store/profiles.h"

#define CHANGES_WAIT_MS 30000 /* an RSA key takes seconds */

static int
find_issuer_key(void *ctx, const unsigned char spki_sha256[static 32], EVP_PKEY **pkey,
    struct error *err)
{
	struct api *api = ctx;
	struct keystore_key key;

	if (keyring_find_spki(api->keys, spki_sha256, &key, err) != 0)
		return -1;
	return builtin_pkey(api->builtin, &key.key, pkey, err);
}

/* A document that cannot be read is one profile less to issue by, and no reason to let
 * the keys of TLS servers go. */
static int
load_profile(void *ctx, const struct profile_row *row)
{
	const struct bytes document = { (const unsigned char *)row->document,
		strlen(row->document) };
	char quoted[LOG_QUOTED_MAX];
	struct profile *profile;
	struct error why;

	if (profile_json_read(document, row->name, &profile, &why) != 0) {
		log_error("profile.unreadable", "profile=%s why=\"%s\"", row->name,
		    log_quoted(quoted, why.text));
		return 0;
	}
	profile->version = row->version;
	profiles_put(ctx, profile);
	return 0;
}

static int
open_authority(struct api *api, struct error *err)
{
	struct key_finder finder = { .find = find_issuer_key, .ctx = api };
	struct ocsp_key_source ocsp_keys = { .key = ocsp_key, .ctx = api };

	if (authority_open(builtin_libctx(api->builtin), api->store, &finder,
		&api->authority, err) != 0)
		return -1;
	authority_use_weak_keys(api->authority, api->weak_keys);
	if (store_profile_each(
		api->store, load_profile, authority_profiles(api->authority), err) != 0 ||
	    recorder_new(api->store, api->audit_each, &api->recorder, err) != 0 ||
	    ocsp_open(api->authority, &ocsp_keys, &api->ocsp, err) != 0) {
		recorder_free(api->recorder);
		authority_close(api->authority);
		return -1;
	}
	return 0;
}

static void
close_authentication(struct api *api)
{
	bearer_table_close(api->tokens);
	failures_free(api->failures);
}

int
api_open(struct api *api, struct error *err)
{
	*err = (struct error){ 0 };
	api->tokens = NULL;
	api->failures = NULL;
	api->metrics = NULL;
	if (load_keys(api, err) != 0 || metrics_new(&api->metrics, err) != 0 ||
	    bearer_table_open(api->store, &api->tokens, err) != 0 ||
	    failures_new(&api->failures, err) != 0 || open_authority(api, err) != 0) {
		close_authentication(api);
		metrics_free(api->metrics);
		return -1;
	}
	if (rulebook_init(&api->rules, err) != 0) {
		ocsp_close(api->ocsp);
		recorder_free(api->recorder);
		authority_close(api->authority);
		close_authentication(api);
		metrics_free(api->metrics);
		return -1;
	}
	pthread_mutex_init(&api->changes, NULL);
	api->changes_wait_ms = CHANGES_WAIT_MS;
	pthread_mutex_init(&api->checking, NULL);
	pthread_mutex_init(&api->readiness.lock, NULL);
	api->readiness.until_ms = INT64_MIN;
	return 0;
}

void
api_close(struct api *api)
{
	ocsp_close(api->ocsp);
	recorder_free(api->recorder);
	authority_close(api->authority);
	close_authentication(api);
	metrics_free(api->metrics);
	pthread_mutex_destroy(&api->changes);
	pthread_mutex_destroy(&api->checking);
	pthread_mutex_destroy(&api->readiness.lock);
	rulebook_clear(&api->rules);
}

/* What this house did wrong is an error to look at, and a refused request a matter of
 * course; one that came too often would flood the log. */
static void
fail(struct exchange *x, const struct route *route, struct error *err)
{
	static const char fields[] =
	    "request=%s actor=%s method=%s target=\"%s\" status=%d why=\"%s\"";
	char target[LOG_QUOTED_MAX], why[LOG_QUOTED_MAX], quoted[LOG_QUOTED_MAX];
	const char *actor = log_value(quoted, x->req->caller->actor);

	/* Who is nobody may be somebody with what it did not present. */
	if (err->code == ERROR_FORBIDDEN && x->req->caller->kind == CALLER_NOBODY)
		err->code = ERROR_UNAUTHENTICATED;
	if (x->is_discreet)
		problem_respond_kind(x->res, err->code);
	else
		problem_respond(x->res, err, &x->violations);
	if (x->retry_after_s > 0)
		x->res->retry_after_s = x->retry_after_s;
	/* Else what is left there explains the thread's next failure. */
	ERR_clear_error();
	refusal_record(x, route, err);
	log_quoted(target, x->req->target);
	log_quoted(why, err->text);
	if (err->code == ERROR_AWAY && keyring_is_away(x->api->keys))
		log_debug("request.failed", fields, x->req->id, actor, x->req->method,
		    target, x->res->status, why);
	else if (x->res->status >= 500)
		log_error("request.failed", fields, x->req->id, actor, x->req->method,
		    target, x->res->status, why);
	else if (x->res->status == 429)
		log_debug("request.refused", fields, x->req->id, actor, x->req->method,
		    target, x->res->status, why);
	else
		log_info("request.refused", fields, x->req->id, actor, x->req->method,
		    target, x->res->status, why);
}

static bool
is_by_hash(const char *key)
{
	return strncmp(key, "spki:", 5) == 0;
}

/* The key in the path, of a route that is about one. */
static bool
is_about_key(const struct route *route, const struct request *req)
{
	return (route->access & (ACCESS_USE | ACCESS_MANAGE_KEY)) != 0 &&
	       req->params[0][0] != '\0';
}

/*
 * Rules are about names: who asks by hash is let in for any key, until it is found, and
 * who may issue for any issuer, until the handler knows which.
 */
static int
check_access(const struct access_rules *rules, const struct request *req,
    const struct route *route, struct error *err)
{
	struct access_question question = { .needed = route->access };

	if (is_about_key(route, req) && !is_by_hash(req->params[0]))
		question.key = req->params[0];
	if (access_decide(rules, req->caller, &question).allowed)
		return 0;
	if (is_about_key(route, req))
		question.key = req->params[0];
	return access_refuse(rules, req->caller, &question, err);
}

/* Among the requests of the rule that granted this one, once. */
static int
count_request(struct exchange *x, const struct access_rule *rule, struct error *err)
{
	const char *actor = x->req->caller->actor;
	char who[LOG_QUOTED_MAX], quoted[LOG_QUOTED_MAX];

	if (rule == NULL || rule->cap == NULL || rule->cap == x->cap)
		return 0;
	cap_release(&x->claim);
	x->cap = NULL;
	if (cap_grant(rule->cap, actor, clock_mono_ns(), &x->claim)) {
		x->cap = rule->cap;
		return 0;
	}
	x->retry_after_s = x->claim.retry_after_s;
	if (x->claim.is_news)
		log_info("rule.exhausted", "request=%s actor=%s who=\"%s\" line=%zu",
		    x->req->id, log_value(quoted, actor), log_quoted(who, rule->who_text),
		    rule->line);
	return error_set(err, ERROR_LIMITED,
	    "%s has as many requests as its rule allows: wait %d s", actor,
	    x->retry_after_s);
}

int
require_access(
    struct exchange *x, const struct access_question *question, struct error *err)
{
	struct access_decision decision =
	    lineage_decide(x->api->authority, &x->rules->rules, x->req->caller, question);

	if (decision.allowed)
		return count_request(x, decision.rule, err);
	return access_refuse(&x->rules->rules, x->req->caller, question, err);
}

int
foresee_access(
    struct exchange *x, const struct access_question *question, struct error *err)
{
	struct access_decision decision =
	    lineage_decide(x->api->authority, &x->rules->rules, x->req->caller, question);

	if (decision.allowed)
		return 0;
	return access_refuse(&x->rules->rules, x->req->caller, question, err);
}

int
require_issuer(struct exchange *x, unsigned needed, const char *issuer, struct error *err)
{
	const struct access_question question = { .needed = needed, .issuer = issuer };

	return require_access(x, &question, err);
}

/* Who may not use a key learns nothing of it, not even whether it exists. What is managed
 * the handler looks for itself. */
static int
find_key(struct exchange *x, const struct route *route, struct error *err)
{
	const char *key = x->req->params[0];
	struct access_question question = { .needed = route->access, .key = key };
	struct access_decision decision;
	int rc = 0;

	if ((route->access & ACCESS_USE) != 0 || is_by_hash(key))
		rc = keyring_find(x->api->keys, key, &x->key, err);
	if (is_by_hash(key))
		question.key = rc == 0 ? x->key.key.name : "";
	decision = access_decide(&x->rules->rules, x->req->caller, &question);
	if (!decision.allowed) {
		question.key = key;
		return access_refuse(&x->rules->rules, x->req->caller, &question, err);
	}
	if (count_request(x, decision.rule, err) != 0)
		return -1;
	return (route->access & ACCESS_USE) != 0 ? rc : 0;
}

/* The last word, unless that is the handler's, who learns what it is about. */
static int
decide(struct exchange *x, const struct route *route, struct error *err)
{
	const unsigned later = ACCESS_ISSUE | ACCESS_REVOKE | ACCESS_MANAGE_KEY;
	const struct access_question question = { .needed = route->access };

	if (is_about_key(route, x->req))
		return find_key(x, route, err);
	return (route->access & later) != 0 ? 0 : require_access(x, &question, err);
}

/* *route is NULL when the path has other methods only, which allow then names. */
static int
find_admitted(const struct access_rules *rules, struct request *req,
    const struct route **route, char *allow, size_t allow_size, struct error *err)
{
	if (router_find(req, route, allow, allow_size, err) != 0)
		return -1;
	if (req->published_only && (*route == NULL || !route_is_published(*route)))
		return error_set(err, ERROR_NOT_FOUND, "not on this listener");
	if (*route == NULL)
		return 0;
	if (check_access(rules, req, *route, err) != 0)
		return -1;
	return query_check(req->query, (*route)->query, err);
}

bool
api_admits(struct api *api, struct request *req)
{
	const struct access_rules *rules = &rulebook_read(&api->rules, req->hold)->rules;
	const struct caller *peer = req->caller;
	struct authentication a;
	const struct route *route;
	struct error err;
	char allow[64];
	bool admitted;

	admitted = authenticate(api, req, &a, &err) == 0 &&
		   find_admitted(rules, req, &route, allow, sizeof(allow), &err) == 0 &&
		   route != NULL;
	req->caller = peer;
	return admitted;
}

/* The rules, or a token, may have changed since the body was not read. */
static int
run(struct exchange *x, const struct route *route, struct error *err)
{
	if (x->req->is_cut)
		return error_set(err, ERROR_BUSY, "who may do this has just changed");
	if (decide(x, route, err) != 0)
		return -1;
	return route->run(x, err);
}

static void
handle(struct exchange *x, struct request *req, const struct route **route)
{
	struct error err = { 0 };
	char allow[64] = "";

	if (find_admitted(&x->rules->rules, req, route, allow, sizeof(allow), &err) != 0)
		fail(x, *route, &err);
	else if (*route == NULL)
		problem_method(x->res, allow);
	else if (run(x, *route, &err) != 0)
		fail(x, *route, &err);
}

/* Who looks on has it told; where nobody does, it costs a comparison. */
static void
finish(const struct exchange *x, const struct route *route, int64_t start_ns)
{
	int64_t ns = clock_mono_ns() - start_ns;
	char target[LOG_QUOTED_MAX], actor[LOG_QUOTED_MAX];

	metrics_request(x->api->metrics, route, x->res->status, ns);
	if (!log_has(LOG_LEVEL_DEBUG))
		return;
	log_debug("request.answered",
	    "request=%s actor=%s method=%s target=\"%s\" status=%d us=%lld", x->req->id,
	    log_value(actor, x->req->caller->actor), x->req->method,
	    log_quoted(target, x->req->target), x->res->status, (long long)ns / 1000);
}

void
api_handle(struct api *api, struct request *req, struct response *res)
{
	struct exchange x = { .api = api, .req = req, .res = res };
	const int64_t start_ns = clock_mono_ns();
	const struct caller *peer = req->caller;
	const struct route *route = NULL;
	struct authentication a;
	struct error err = { 0 };

	x.rules = rulebook_read(&api->rules, req->hold);
	if (authenticate(api, req, &a, &err) == 0) {
		handle(&x, req, &route);
	} else {
		if (a.failed)
			authenticate_count_failure(api, peer, &a, &err);
		x.retry_after_s = a.wait_s;
		fail(&x, NULL, &err);
	}
	cap_release(&x.claim);
	finish(&x, route, start_ns);
	req->caller = peer;
}

int
api_use_rules(
    struct api *api, const struct ruleset *rules, const char *action, struct error *err)
{
	char detail[128];
	const struct audit_event event = {
		.actor = AUDIT_SELF,
		.action = action,
		.object = "access",
		.detail = detail,
	};
	struct rulebook_entry *entry;

	snprintf(detail, sizeof(detail), "sha256=%s rules=%zu", rules->sha256,
	    rules->rules.count);
	if (rulebook_prepare(&api->rules, rules, &entry, err) != 0)
		return -1;
	if (store_audit_append(api->store, &event, err) != 0) {
		rulebook_forget(entry);
		return -1;
	}
	rulebook_publish(&api->rules, entry);
	return 0;
}

void
api_refuse(struct api *api, struct request *req, struct response *res,
    enum error_code code, const char *why)
{
	struct exchange x = { .api = api, .req = req, .res = res };
	const int64_t start_ns = clock_mono_ns();
	const struct route *route = NULL;
	struct error err;
	char allow[64];

	/* For the count: what else is wrong with it does not matter any more. */
	(void)router_find(req, &route, allow, sizeof(allow), &err);
	error_set(&err, code, "%s", why);
	fail(&x, route, &err);
	finish(&x, route, start_ns);
}

size_t
api_body_max(const char *target)
{
	return router_body_max(target);
}
