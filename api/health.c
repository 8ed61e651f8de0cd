/* health.c - alive, and ready; and what time it is. */
#include "api/handlers.h"
#include "api/json.h"
#include "api/token_state.h"
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
		last->rc = keyring_check(api->keys, &last->why);
		last->until_ms = clock_mono_ms() + SHARED_MS;
	}
	rc = last->rc;
	if (rc != 0)
		*err = last->why;
	pthread_mutex_unlock(&last->lock);
	return rc;
}

static struct json_t *
describe_clock(void)
{
	char now[CLOCK_TEXT_SIZE];

	clock_format(now, clock_now_s());
	return json_make("{s:s,s:I}", "now", now, "rate", (long long)clock_rate());
}

/* Each token signs for who may read, also after one that does. */
static struct json_t *
check_each(struct api *api, bool *works, struct error *err)
{
	struct json_t *list = json_make("[]");
	struct error why;

	*works = false;
	for (size_t i = 0; i < keyring_tokens(api->keys); i++) {
		struct keystore *store = keyring_store(api->keys, i);
		int rc = keystore_check(store, &why);

		if (rc != 0 && i == 0)
			*err = why;
		*works = *works || rc == 0;
		if (json_append(list, token_state(store, rc == 0 ? NULL : &why), NULL) !=
		    0) {
			json_free(list);
			return NULL;
		}
	}
	return list;
}

static int
respond_to_reader(struct exchange *x, struct error *err)
{
	struct error why = { 0 };
	bool works;
	struct json_t *tokens = check_each(x->api, &works, &why), *answer;

	if (tokens == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (!works) {
		json_free(tokens);
		return error_set(err, why.code, "%s", why.text);
	}
	answer = json_make("{s:s,s:o,s:I,s:I,s:s}", "status", "ready", "tokens", tokens,
	    "keys", (long long)keyring_count(x->api->keys), "debian_weak_keys",
	    (long long)weakkeys_count(x->api->weak_keys), "version", KEYHOLD_VERSION);
	if (clock_rehearses() && json_set(answer, "clock", describe_clock()) != 0) {
		json_free(answer);
		answer = NULL;
	}
	return json_respond(x->res, 200, answer, err);
}

/* Ready means that a token really signs, not that it once did. */
int
get_ready(struct exchange *x, struct error *err)
{
	const struct access_question reading = { .needed = ACCESS_READ };
	bool may_read = access_decide(&x->rules->rules, x->req->caller, &reading).allowed;

	/* The reason may name a key, or the token. */
	x->is_discreet = !may_read;
	if (may_read)
		return respond_to_reader(x, err);
	if (check_for_all(x->api, err) != 0)
		return -1;
	return json_respond(x->res, 200, json_make("{s:s}", "status", "ready"), err);
}

/* What has to be renewed when is by this clock, not by the caller's. */
int
get_clock(struct exchange *x, struct error *err)
{
	return json_respond(x->res, 200, describe_clock(), err);
}
