/* health.c - alive, and ready. */
#include "api/handlers.h"
#include "api/json.h"
#include "base/clock.h"

#define SHARED_MS 1000

int
get_health(struct exchange *x, struct error *err)
{
	return json_respond(x->res, 200, json_make("{s:s}", "status", "alive"), err);
}

/* A signature for each request of a stranger would be theirs for the asking. */
static int
check_for_all(struct api *api, struct error *err)
{
	struct readiness *last = &api->readiness;
	int rc;

	pthread_mutex_lock(&last->lock);
	if (clock_mono_ms() >= last->until_ms) {
		last->rc = keystore_check(api->keys, &last->why);
		last->until_ms = clock_mono_ms() + SHARED_MS;
	}
	rc = last->rc;
	if (rc != 0)
		*err = last->why;
	pthread_mutex_unlock(&last->lock);
	return rc;
}

/* Ready means that the token really signs, not that it once did. */
int
get_ready(struct exchange *x, struct error *err)
{
	const struct access_question reading = { .needed = ACCESS_READ };
	bool may_read = access_decide(&x->rules->rules, x->req->caller, &reading).allowed;

	/* The reason may name a key, or the token. */
	x->is_discreet = !may_read;
	if ((may_read ? keystore_check(x->api->keys, err) : check_for_all(x->api, err)) !=
	    0)
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
