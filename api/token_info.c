/* token_info.c - the PKCS#11 tokens: what they can do, and whether they do. */
#include <stdio.h>

#include "api/handlers.h"
#include "api/json.h"
#include "api/token_state.h"
#include "pkcs11/check.h"

static struct json_t *
list_schemes(const struct abilities *abilities, enum key_type type)
{
	struct json_t *list = json_make("[]");

	for (int i = 0; i < SCHEMES; i++) {
		if (!scheme_fits((enum scheme)i, type) ||
		    abilities_check_sign(abilities, (enum scheme)i, NULL) != 0)
			continue;
		if (json_append(list, json_make("s", scheme_info((enum scheme)i)->name),
			NULL) != 0) {
			json_free(list);
			return NULL;
		}
	}
	return list;
}

static struct json_t *
describe_type(const struct abilities *abilities, enum key_type type)
{
	struct error why = { 0 };
	bool makes = abilities_check_generate(abilities, type, &why) == 0;

	return json_make("{s:s,s:b,s:s*,s:o}", "type", key_type_info(type)->name, "makes",
	    makes, "why", makes ? NULL : why.text, "schemes",
	    list_schemes(abilities, type));
}

static struct json_t *
list_types(const struct abilities *abilities)
{
	struct json_t *list = json_make("[]");

	for (int i = 0; i < KEY_TYPES; i++)
		if (json_append(list, describe_type(abilities, (enum key_type)i), NULL) !=
		    0) {
			json_free(list);
			return NULL;
		}
	return list;
}

static struct json_t *
describe_mechanism(const struct abilities *abilities, enum ability ability)
{
	const struct ability_range *range = &abilities->of[ability];
	struct json_t *mechanism =
	    json_make("{s:s,s:s,s:b}", "name", ability_name(ability), "use",
		ability_use(ability), "listed", range->is_listed);

	if (range->max != 0 &&
	    (json_set(mechanism, "min", json_make("I", (long long)range->min)) != 0 ||
		json_set(mechanism, "max", json_make("I", (long long)range->max)) != 0)) {
		json_free(mechanism);
		return NULL;
	}
	return mechanism;
}

static struct json_t *
list_mechanisms(const struct abilities *abilities)
{
	struct json_t *list = json_make("[]");

	for (int i = 0; i < ABILITIES; i++)
		if (json_append(list, describe_mechanism(abilities, (enum ability)i),
			NULL) != 0) {
			json_free(list);
			return NULL;
		}
	return list;
}

/* What it was asked now, or why it is not asked. */
static struct json_t *
describe(struct keystore *store)
{
	struct error why;
	struct json_t *token =
	    token_state(store, keystore_check(store, &why) == 0 ? NULL : &why);
	struct session_use sessions = keystore_use(store).sessions;
	const struct abilities *abilities;
	struct token_facts facts;

	token_describe(keystore_token(store), &facts);
	abilities = &facts.abilities;
	return json_join(
	    token, json_make("{s:s,s:s,s:s,s:I,s:{s:I,s:I},s:b,s:b,s:o,s:o}",
		       "manufacturer", facts.written.manufacturer, "model",
		       facts.written.model, "module", keystore_token(store)->module->path,
		       "keys", (long long)keystore_count(store), "sessions", "lent",
		       (long long)sessions.lent, "max", (long long)sessions.max,
		       "rsa_key_exchange", abilities_check_decrypt(abilities, NULL) == 0,
		       "lists_mechanisms", abilities->are_known, "key_types",
		       list_types(abilities), "mechanisms", list_mechanisms(abilities)));
}

int
get_token_info(struct exchange *x, struct error *err)
{
	struct json_t *list = json_make("[]");

	for (size_t i = 0; i < keyring_tokens(x->api->keys); i++)
		if (json_append(list, describe(keyring_store(x->api->keys, i)), err) !=
		    0) {
			json_free(list);
			return -1;
		}
	return json_respond(x->res, 200, json_make("{s:o}", "tokens", list), err);
}

struct findings {
	struct json_t *list;
	bool works;
	struct error *err;
};

static int
add_finding(void *ctx, const struct check_result *result)
{
	static const char *const outcomes[] = {
		[CHECK_WORKS] = "works",
		[CHECK_LACKS] = "lacks",
		[CHECK_FAILS] = "fails",
	};
	struct findings *findings = ctx;

	findings->works = findings->works && result->outcome != CHECK_FAILS;
	return json_append(findings->list,
	    json_make("{s:s,s:s,s:s,s:s,s:s}", "subject", result->subject, "step",
		result->step, "outcome", outcomes[result->outcome], "why", result->why,
		"means", result->means),
	    findings->err);
}

static int
check(struct exchange *x, struct keystore *store, const enum key_type *type,
    struct error *err)
{
	struct findings findings = { json_make("[]"), true, err };

	if (keystore_probe(store, type, add_finding, &findings) != 0) {
		json_free(findings.list);
		return -1;
	}
	return json_respond(x->res, 200,
	    json_make("{s:s,s:b,s:o}", "token", keystore_token(store)->name, "works",
		findings.works, "results", findings.list),
	    err);
}

static int
check_audited(struct exchange *x, const enum key_type *type, struct error *err)
{
	struct keystore *store;
	struct audit_event event = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "token.checked",
		.detail = type != NULL ? key_type_info(*type)->name : "all types",
	};
	int rc;

	if (token_of_query(x, &store, err) != 0)
		return -1;
	event.object = keystore_token(store)->name;
	if (pthread_mutex_trylock(&x->api->checking) != 0)
		return error_set(
		    err, ERROR_CONFLICT, "the token is being checked already");
	rc = store_audit_append(x->api->store, &event, err);
	if (rc == 0)
		rc = check(x, store, type, err);
	pthread_mutex_unlock(&x->api->checking);
	return rc;
}

int
post_token_check(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "type", NULL };
	struct json_t *body;
	enum key_type type;
	const char *name;
	int rc;

	if (json_read(&x->req->body, members, &body, err) != 0)
		return -1;
	rc = json_text(body, "type", false, &name, err);
	if (rc == 0 && name != NULL)
		rc = key_type_read(name, &type, err);
	if (rc == 0)
		rc = check_audited(x, name != NULL ? &type : NULL, err);
	json_free(body);
	return rc;
}
