/* test_output.c - tables, fields, and the addresses of resources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/output.h"
#include "rest/url.h"

static const struct column columns[] = {
	{ "NAME", "name" },
	{ "SCHEMES", "schemes" },
	{ "KEYS", "keys" },
	{ NULL, NULL },
};

static char *
print(const char *json, bool color,
    void (*show)(struct cli *cli, const json_t *value, const struct column *columns))
{
	struct cli cli = { .color = color };
	json_t *value = json_loads(json, 0, NULL);
	size_t len;
	char *text;

	assert_non_null(value);
	cli.out = open_memstream(&text, &len);
	show(&cli, value, columns);
	fclose(cli.out);
	json_decref(value);
	return text;
}

static void
aligns_a_table(void **state)
{
	char *text = print("[{\"name\":\"web\",\"schemes\":[\"a\",\"b\"],\"keys\":3},"
			   "{\"name\":\"internal\",\"schemes\":[]}]",
	    false, output_table);

	(void)state;
	assert_string_equal(text, "NAME      SCHEMES  KEYS\n"
				  "web       a b      3\n"
				  "internal           \n");
	free(text);
}

static void
counts_characters_and_not_bytes(void **state)
{
	char *text = print("[{\"name\":\"\xc3\xbc\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xb6\","
			   "\"schemes\":\"x\",\"keys\":1}]",
	    false, output_table);

	(void)state;
	assert_string_equal(text,
	    "NAME   SCHEMES  KEYS\n"
	    "\xc3\xbc\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xb6  x        1\n");
	free(text);
}

static void
says_that_a_table_is_empty(void **state)
{
	char *text = print("[]", false, output_table);

	(void)state;
	assert_string_equal(text, "none\n");
	free(text);
}

static void
leaves_out_fields_that_are_not_there(void **state)
{
	char *text = print("{\"name\":\"web\",\"keys\":0}", false, output_fields);

	(void)state;
	assert_string_equal(text, "NAME     web\nKEYS     0\n");
	free(text);
}

static void
colours_headings_only(void **state)
{
	char *text = print("{\"name\":\"web\"}", true, output_fields);

	(void)state;
	assert_string_equal(text, "\033[1mNAME   \033[0m  web\n");
	free(text);
}

static void
disarms_control_characters(void **state)
{
	char *text =
	    print("{\"name\":\"a\\u001b[2Jb\\nc\\u009bd\\u007f\"}", false, output_fields);

	(void)state;
	assert_string_equal(text, "NAME     a?[2Jb?c?d?\n");
	free(text);
}

static void
builds_paths_from_checked_names(void **state)
{
	static const char hash[] =
	    "ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789";
	char url[URL_MAX], key[80];
	struct error err;

	(void)state;
	assert_int_equal(url_key(url, "web", "/csr", &err), 0);
	assert_string_equal(url, "/v1/keys/web/csr");
	snprintf(key, sizeof(key), "spki:%s", hash);
	assert_int_equal(url_key(url, key, "/reference", &err), 0);
	assert_string_equal(url,
	    "/v1/keys/spki:abcdef0123456789abcdef0123456789abcdef012345"
	    "6789abcdef0123456789/reference");
	assert_int_equal(url_certificate(url, "4F:2a:09", "/chain", &err), 0);
	assert_string_equal(url, "/v1/certificates/4f2a09/chain");
	assert_int_equal(url_issuer(url, "root", "", &err), 0);
	assert_string_equal(url, "/v1/issuers/root");
}

static void
refuses_names_that_are_none(void **state)
{
	static const char *const keys[] = { "", "Web", "../x", "a/b", "a?b", "-a",
		"spki:12" };
	char url[URL_MAX];
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(url_key(url, keys[i], "", &err), -1);
		assert_int_equal(err.code, ERROR_CONFIG);
	}
	assert_int_equal(url_key(url,
			     "abcdef0123456789abcdef0123456789"
			     "abcdef0123456789abcdef0123456789",
			     "", &err),
	    -1);
	assert_non_null(strstr(err.text, "did you mean spki:abcdef"));
	assert_int_equal(url_issuer(url, "spki:12", "", &err), -1);
	assert_int_equal(url_certificate(url, "", "", &err), -1);
	assert_int_equal(url_certificate(url, "xyz", "", &err), -1);
	assert_int_equal(
	    url_certificate(url, "12345678901234567890123456789012345678901", "", &err),
	    -1);
}

static void
encodes_the_values_of_a_query(void **state)
{
	struct buffer url;

	(void)state;
	buf_init(&url, 0);
	buf_text(&url, "/v1/certificates");
	url_query(&url, "issuer", NULL);
	url_query(&url, "san", "dns:*.a b&c\xc3\xbc");
	url_query(&url, "limit", "10");
	assert_string_equal(
	    buf_string(&url), "/v1/certificates?san=dns%3A%2A.a%20b%26c%C3%BC&limit=10");
	buf_free(&url);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligns_a_table),
		cmocka_unit_test(counts_characters_and_not_bytes),
		cmocka_unit_test(says_that_a_table_is_empty),
		cmocka_unit_test(leaves_out_fields_that_are_not_there),
		cmocka_unit_test(colours_headings_only),
		cmocka_unit_test(disarms_control_characters),
		cmocka_unit_test(builds_paths_from_checked_names),
		cmocka_unit_test(refuses_names_that_are_none),
		cmocka_unit_test(encodes_the_values_of_a_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
