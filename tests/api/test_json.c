/* test_json.c - strict reading, and writing. */
#include "api/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static const char *const members[] = { "name", "count", "list", NULL };

static int
read_bytes(const char *text, size_t len, struct json_t **object)
{
	struct bytes body = { (const unsigned char *)text, len };
	struct error err = { 0 };
	int rc = json_read(&body, members, object, &err);

	assert_int_equal(err.code, rc == 0 ? ERROR_NONE : ERROR_BAD_REQUEST);
	return rc;
}

static struct json_t *
parse(const char *text)
{
	struct json_t *object = NULL;

	assert_int_equal(read_bytes(text, strlen(text), &object), 0);
	return object;
}

static void
reads_the_members_of_an_object(void **state)
{
	struct json_t *object =
	    parse(" {\"name\":\"w\\u00e9b\",\"count\":7,\"list\":[\"a\",\"b\"]}\n");
	const char *name, *list[2];
	struct error err = { 0 };
	size_t list_count;
	int64_t count;

	(void)state;
	assert_int_equal(json_text(object, "name", true, &name, &err), 0);
	assert_string_equal(name, "w\xc3\xa9"
				  "b");
	assert_int_equal(json_number(object, "count", 0, 7, 1, &count, &err), 0);
	assert_int_equal(count, 7);
	assert_int_equal(json_texts(object, "list", list, 2, &list_count, &err), 0);
	assert_int_equal(list_count, 2);
	assert_string_equal(list[1], "b");
	json_free(object);
}

static void
leaves_what_is_absent_at_its_default(void **state)
{
	struct json_t *object = parse("{}");
	const char *name = "x", *list[1];
	struct error err = { 0 };
	size_t list_count = 9;
	int64_t count;

	(void)state;
	assert_int_equal(json_text(object, "name", false, &name, &err), 0);
	assert_null(name);
	assert_int_equal(json_number(object, "count", 1, 9, -5, &count, &err), 0);
	assert_int_equal(count, -5);
	assert_int_equal(json_texts(object, "list", list, 1, &list_count, &err), 0);
	assert_int_equal(list_count, 0);
	assert_int_equal(json_text(object, "name", true, &name, &err), -1);
	assert_non_null(strstr(err.text, "name"));
	json_free(object);
}

static void
refuses_what_is_not_one_object(void **state)
{
	static const char *const bad[] = { "", " ", "nul", "null", "7", "\"a\"", "[]",
		"{", "{}{}", "{} x", "{\"name\"}", "{name:1}", "{'name':1}",
		"{\"name\":1,}", "{\"name\":01}", "{\"name\":\"\\x\"}",
		"{\"name\":\"a\nb\"}", "{\"name\":\"\\u0000\"}", "{\"name\":\"\\ud800\"}",
		"{\"name\":\"\xff\"}", "{\"name\":\"\xc0\xaf\"}", "/**/{}",
		"\xef\xbb\xbf{}", "{\"count\":99999999999999999999}" };
	struct json_t *object = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (read_bytes(bad[i], strlen(bad[i]), &object) == 0)
			fail_msg("took %s", bad[i]);
		assert_null(object);
	}
}

static void
refuses_a_name_given_twice(void **state)
{
	static const char *const bad[] = { "{\"name\":\"a\",\"name\":\"a\"}",
		"{\"name\":\"a\",\"n\\u0061me\":\"b\"}",
		"{\"list\":[{\"a\":1,\"a\":2}]}" };
	struct json_t *object = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_bytes(bad[i], strlen(bad[i]), &object), -1);
	assert_null(object);
}

static void
refuses_unknown_members(void **state)
{
	static const char *const bad[] = { "{\"nam\":1}", "{\"names\":1}", "{\"Name\":1}",
		"{\"\":1}", "{\"name\":\"a\",\"use\":\"tls\"}" };
	struct json_t *object = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_bytes(bad[i], strlen(bad[i]), &object), -1);
	assert_null(object);
}

static void
refuses_wrong_types(void **state)
{
	static const char *const values[] = { "{\"name\":1}", "{\"name\":null}",
		"{\"name\":true}", "{\"name\":[\"a\"]}", "{\"name\":{}}" };
	const char *name;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct json_t *object = parse(values[i]);
		struct error err = { 0 };

		assert_int_equal(json_text(object, "name", false, &name, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		assert_null(name);
		json_free(object);
	}
}

static void
refuses_numbers_that_are_not_whole_or_out_of_bounds(void **state)
{
	static const char *const values[] = { "{\"count\":\"1\"}", "{\"count\":1.0}",
		"{\"count\":1e1}", "{\"count\":0}", "{\"count\":-1}", "{\"count\":11}",
		"{\"count\":9223372036854775807}", "{\"count\":null}" };
	int64_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct json_t *object = parse(values[i]);
		struct error err = { 0 };

		assert_int_equal(
		    json_number(object, "count", 1, 10, 5, &count, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		json_free(object);
	}
}

static void
refuses_lists_of_other_things_and_long_ones(void **state)
{
	static const char *const values[] = { "{\"list\":\"a\"}", "{\"list\":{}}",
		"{\"list\":null}", "{\"list\":[\"a\",1]}", "{\"list\":[null]}",
		"{\"list\":[[\"a\"]]}", "{\"list\":[\"a\",\"b\",\"c\"]}" };
	const char *list[2];
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct json_t *object = parse(values[i]);
		struct error err = { 0 };

		assert_int_equal(json_texts(object, "list", list, 2, &count, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		assert_int_equal(count, 0);
		json_free(object);
	}
}

static void
refuses_a_depth_bomb(void **state)
{
	const size_t deep = 100000;
	char *bomb = malloc(2 * deep);
	struct json_t *object = NULL;

	(void)state;
	memset(bomb, '[', deep);
	assert_int_equal(read_bytes(bomb, deep, &object), -1);
	memset(bomb + deep, ']', deep);
	assert_int_equal(read_bytes(bomb, 2 * deep, &object), -1);
	for (size_t i = 0; i + 5 <= 2 * deep; i += 5)
		memcpy(bomb + i, "{\"a\":", 5);
	assert_int_equal(read_bytes(bomb, 2 * deep, &object), -1);
	memcpy(bomb, "{\"list\":", 8);
	memset(bomb + 8, '[', deep);
	assert_int_equal(read_bytes(bomb, deep, &object), -1);
	assert_null(object);
	free(bomb);
}

static void
writes_compact_json_with_its_type(void **state)
{
	struct error err = { 0 };
	struct response res;
	struct json_t *list = json_make("[]");

	(void)state;
	response_init(&res);
	buf_text(&res.body, "what was there before");
	assert_int_equal(json_append(list, json_make("s", "a\"\n"), &err), 0);
	assert_int_equal(
	    json_respond(&res, 201, json_make("{s:o}", "list", list), &err), 0);
	assert_int_equal(res.status, 201);
	assert_string_equal(res.content_type, "application/json");
	assert_string_equal(buf_string(&res.body), "{\"list\":[\"a\\\"\\n\"]}\n");
	response_free(&res);
}

static void
reports_a_value_that_could_not_be_built(void **state)
{
	struct error err = { 0 };
	struct response res;

	(void)state;
	response_init(&res);
	assert_int_equal(json_respond(&res, 200, NULL, &err), -1);
	assert_int_equal(err.code, ERROR_INTERNAL);
	assert_int_equal(res.status, 500);
	response_free(&res);
}

static void
leaves_no_copy_of_a_secret(void **state)
{
	static const char zeros[6];
	json_t *text = json_string("secret");
	struct json_t *answer = json_make("{s:s}", "name", "a");
	struct response res;
	struct error err;

	(void)state;
	response_init(&res);
	assert_int_equal(json_set(answer, "token", json_incref(text)), 0);
	assert_int_equal(json_respond_secret(&res, 201, answer, "token", &err), 0);
	assert_string_equal(
	    buf_string(&res.body), "{\"name\":\"a\",\"token\":\"secret\"}\n");
	assert_memory_equal(json_string_value(text), zeros, sizeof(zeros));
	json_decref(text);
	response_free(&res);
	assert_int_equal(json_respond_secret(&res, 201, NULL, "token", &err), -1);
	response_free(&res);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_members_of_an_object),
		cmocka_unit_test(leaves_what_is_absent_at_its_default),
		cmocka_unit_test(refuses_what_is_not_one_object),
		cmocka_unit_test(refuses_a_name_given_twice),
		cmocka_unit_test(refuses_unknown_members),
		cmocka_unit_test(refuses_wrong_types),
		cmocka_unit_test(refuses_numbers_that_are_not_whole_or_out_of_bounds),
		cmocka_unit_test(refuses_lists_of_other_things_and_long_ones),
		cmocka_unit_test(refuses_a_depth_bomb),
		cmocka_unit_test(writes_compact_json_with_its_type),
		cmocka_unit_test(reports_a_value_that_could_not_be_built),
		cmocka_unit_test(leaves_no_copy_of_a_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
