/* managed_scene.h - definitions of certificates that renew themselves, for tests. */
#ifndef TESTS_API_MANAGED_SCENE_H
#define TESTS_API_MANAGED_SCENE_H

#include <stdint.h>

#include <jansson.h>

#include "tests/api/issuing.h"

#define ALL         "/v1/managed"
#define WEB         ALL "/api"
#define INTERNAL    "\"source\":{\"issuer\":\"internal\"}"
#define NAMED(name) "{\"name\":\"" name "\","
#define BASE        "\"names\":[\"api.example\"],"
#define AT          ",\"directory\":\"/etc/nginx/tls\""
#define PLAIN       NAMED("api") BASE INTERNAL AT "}"
#define DAY_S       86400

#define CERTIFIED                                                                        \
	"\"step\":\"idle\",\"serial\":\"0a\",\"not_before\":\"2030-01-01T00:00:00Z\","   \
	"\"not_after\":\"2030-04-01T00:00:00Z\""
#define APRIL INT64_C(1901232000)

/* Of the last answer. */
const struct json_t *managed_state(const struct fixture *f);
json_int_t managed_revision(const struct fixture *f);
int64_t managed_time(const struct fixture *f); /* when it is due */
json_int_t managed_number(const struct fixture *f, const char *name);

/* The agent's next word after it: members is what goes beside the revision. */
int managed_report(struct fixture *f, const char *members);

/* Of WEB, which must be there. */
void managed_forget(struct fixture *f);

/* A body that is refused, and what the answer says of it. */
struct managed_refusal {
	const char *body, *says;
};

/* Groups' setup: that of issuing.h, and the key "account" of use sign. */
int managed_open(void **state);

#endif
