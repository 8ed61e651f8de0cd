/* managed_scene.c - definitions, and what is said of them. */
#include "tests/api/managed_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/clock.h"

void
managed_forget(struct fixture *f)
{
	assert_int_equal(send_text(f, "DELETE", WEB, NULL, ""), 204);
}

const json_t *
managed_state(const struct fixture *f)
{
	const json_t *state = json_object_get(f->json, "state");

	assert_non_null(state);
	return state;
}

json_int_t
managed_revision(const struct fixture *f)
{
	return json_integer_value(json_object_get(managed_state(f), "revision"));
}

int64_t
managed_time(const struct fixture *f)
{
	int64_t seconds;

	assert_int_equal(
	    clock_parse(
		json_string_value(json_object_get(managed_state(f), "due")), &seconds),
	    0);
	return seconds;
}

json_int_t
managed_number(const struct fixture *f, const char *name)
{
	const json_t *value = json_object_get(f->json, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

/* The agent's next word: members is what goes beside the revision. */
int
managed_report(struct fixture *f, const char *members)
{
	char body[1024];

	snprintf(body, sizeof(body), "{\"revision\":%lld,%s}",
	    (long long)managed_revision(f), members);
	return send_text(f, "PUT", WEB "/state", JSON, body);
}

int
managed_open(void **state)
{
	if (issuing_open(state) != 0)
		return -1;
	make_key(*state, "account", "ec-p256", "sign");
	return 0;
}
