/* token_state.c - works, fails, is away, or hangs. */
#include "api/token_state.h"

#include "api/json.h"
#include "api/url.h"

int
token_of_query(struct exchange *x, struct keystore **store, struct error *err)
{
	char name[TOKEN_NAME_SIZE];
	bool found;

	if (query_get(x->req->query, "token", name, sizeof(name), &found, err) != 0)
		return -1;
	return keyring_find_token(x->api->keys, found ? name : NULL, store, err);
}

static const char *
name_state(struct keystore *store, const struct error *failure)
{
	struct recovery_state state = keystore_use(store).recovery;

	if (failure == NULL)
		return "works";
	if (state.hangs)
		return "hangs";
	return state.is_away ? "away" : "fails";
}

struct json_t *
token_state(struct keystore *store, const struct error *failure)
{
	struct token *token = keystore_token(store);
	struct token_facts facts;

	token_describe(token, &facts);
	return json_make("{s:s,s:s,s:s,s:s,s:s*}", "name", token->name, "label",
	    facts.written.label, "serial", facts.written.serial, "state",
	    name_state(store, failure), "why", failure != NULL ? failure->text : NULL);
}
