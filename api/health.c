/* health.c - alive, and ready. */
#include "api/handlers.h"
#include "api/json.h"

int
get_health(struct exchange *x, struct error *err)
{
	return json_respond(x->res, 200, json_make("{s:s}", "status", "alive"), err);
}

/* Ready means that the token really signs, not that it once did. */
int
get_ready(struct exchange *x, struct error *err)
{
	const struct access_question reading = { .needed = ACCESS_READ };
	bool may_read = access_decide(&x->rules->rules, x->req->caller, &reading).allowed;

	/* The reason may name a key, or the token. */
	x->is_discreet = !may_read;
	if (keystore_check(x->api->keys, err) != 0)
		return -1;
	if (!may_read)
		return json_respond(
		    x->res, 200, json_make("{s:s}", "status", "ready"), err);
	return json_respond(x->res, 200,
	    json_make("{s:s,s:s,s:s,s:I,s:I,s:s}", "status", "ready", "token",
		x->api->token_label, "serial", x->api->token_serial, "keys",
		(long long)keystore_count(x->api->keys), "debian_weak_keys",
		(long long)weakkeys_count(x->api->weak_keys), "version", KEYHOLD_VERSION),
	    err);
}
