/* test_profile_json.c - documents of profiles, read and written. */
#include "api/profile_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/json.h"
#include "ca/keytype.h"
#include "ca/profile.h"

#define LEAST "\"dns_names\":[\"a.example\"],\"ext_key_usage\":[\"serverAuth\"]"

static int
read_text(const char *text, struct profile **profile, struct error *err)
{
	*profile = NULL;
	return profile_json_read(
	    (struct bytes){ (const unsigned char *)text, strlen(text) }, "own", profile,
	    err);
}

static void
write_text(const struct profile *profile, struct buffer *text)
{
	buf_init(text, 0);
	assert_int_equal(json_write(profile_json_describe(profile), text, NULL), 0);
}

static void
fills_in_what_a_certificate_for_tls_has(void **state)
{
	struct profile *p;
	struct error err = { 0 };

	(void)state;
	if (read_text("{" LEAST "}", &p, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(p->name, "own");
	assert_string_equal(p->subject_allowed[0], "CN");
	assert_null(p->subject_allowed[1]);
	assert_null(p->subject_required);
	assert_null(p->subject);
	assert_string_equal(p->key_types[9], keytype_names[9]);
	assert_null(p->key_types[10]);
	assert_null(p->ip_addresses);
	assert_null(p->policies);
	assert_false(p->allow_wildcard);
	assert_false(p->san_from_common_name);
	assert_false(p->allow_key_encipherment);
	assert_int_equal(p->max_names, 100);
	assert_int_equal(p->default_validity_s, 90 * 86400);
	assert_int_equal(p->max_validity_s, 398 * 86400);
	assert_int_equal(p->backdate_s, 300);
	assert_int_equal(p->beyond_issuer, BEYOND_ISSUER_TRUNCATE_DEFAULT);
	assert_null(p->crl_url);
	profile_unref(p);
}

static const char whole[] =
    "{\"name\":\"own\",\"description\":\"all of it\",\"subject\":\"/C=CN/O=milvus\","
    "\"subject_allowed\":[\"OU\"],\"subject_required\":[\"CN\"],"
    "\"san_from_common_name\":true,\"dns_names\":[\"*.svc.example\"],"
    "\"ip_addresses\":[\"10.0.0.0/8\",\"fd00::/8\"],"
    "\"uris\":[\"spiffe://prod.example/**\"],\"email_addresses\":[\"*@example.com\"],"
    "\"wildcards\":true,\"max_names\":3,\"key_types\":[\"ec-p256\"],"
    "\"ext_key_usage\":[\"serverAuth\",\"1.2.3.4\"],\"key_encipherment\":true,"
    "\"policies\":[\"1.2.3\"],\"must_staple\":true,\"default_validity_seconds\":10,"
    "\"max_validity_seconds\":20,\"backdate_seconds\":0,\"beyond_issuer\":\"truncate\","
    "\"crl_url\":\"none\",\"ocsp_url\":\"http://ocsp.example/\","
    "\"ca_issuers_url\":\"issuer\"}";

static void
writes_all_that_it_reads(void **state)
{
	struct error err = { 0 };
	struct profile *p;
	struct buffer text;

	(void)state;
	if (read_text(whole, &p, &err) != 0)
		fail_msg("%s", err.text);
	write_text(p, &text);
	assert_string_equal(buf_string(&text), whole);
	buf_free(&text);
	profile_unref(p);
}

/* What is written says everything: another version with other defaults reads the same. */
static void
reads_what_it_wrote_as_the_same(void **state)
{
	const struct profile *built_in;
	struct buffer first, second;
	struct profile *p;

	(void)state;
	for (size_t i = 0; (built_in = profile_at(i)) != NULL; i++) {
		struct profile copy = *built_in;

		copy.name = "own";
		write_text(&copy, &first);
		assert_int_equal(read_text(buf_string(&first), &p, NULL), 0);
		write_text(p, &second);
		assert_string_equal(buf_string(&first), buf_string(&second));
		buf_free(&first);
		buf_free(&second);
		profile_unref(p);
	}
}

static void
shortens_the_usual_life_with_the_longest(void **state)
{
	struct profile *p;

	(void)state;
	assert_int_equal(
	    read_text("{" LEAST ",\"max_validity_seconds\":3600}", &p, NULL), 0);
	assert_int_equal(p->default_validity_s, 3600);
	profile_unref(p);
}

static void
requires_a_common_name_without_listing_it_twice(void **state)
{
	struct profile *p;

	(void)state;
	assert_int_equal(
	    read_text("{" LEAST ",\"subject_required\":[\"CN\"]}", &p, NULL), 0);
	assert_null(p->subject_allowed);
	profile_unref(p);
}

static void
names_the_member_that_is_wrong(void **state)
{
	static const struct {
		const char *document, *why;
	} bad[] = {
		{ "{" LEAST ",\"dns_name\":[]}", "no member \"dns_name\"" },
		{ "{" LEAST ",\"uris\":\"x\"}", "\"uris\" is not a list" },
		{ "{" LEAST ",\"uris\":[1]}", "\"uris\" has an element" },
		{ "{" LEAST ",\"wildcards\":\"yes\"}", "\"wildcards\" is neither" },
		{ "{" LEAST ",\"wildcards\":1}", "\"wildcards\" is neither" },
		{ "{" LEAST ",\"max_names\":\"1\"}", "\"max_names\" is not a whole" },
		{ "{" LEAST ",\"max_names\":0}", "\"max_names\" is not between" },
		{ "{" LEAST ",\"crl_url\":\"\"}", "crl_url: " },
		{ "{" LEAST ",\"crl_url\":\"http://a/\"}", "crl_url: " },
		{ "{" LEAST ",\"ocsp_url\":\"ocsp\"}", "ocsp_url: " },
		{ "{" LEAST ",\"beyond_issuer\":\"no\"}", "beyond_issuer: " },
		{ "{" LEAST ",\"name\":\"other\"}", "name: " },
		{ "{" LEAST ",\"subject\":\"O=x\"}", "subject: " },
		{ "{" LEAST ",\"default_validity_seconds\":40000000}",
		    "default_validity_seconds: " },
		{ "{\"dns_names\":[\"a.example\"]}", "ext_key_usage: " },
		{ "{\"ext_key_usage\":[\"serverAuth\"]}", "dns_names: " },
		{ "[]", "not an object" },
		{ "", "a body is required" },
	};
	struct error err;
	struct profile *p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_text(bad[i].document, &p, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		if (strstr(err.text, bad[i].why) == NULL)
			fail_msg("%s: %s", bad[i].document, err.text);
		assert_null(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_in_what_a_certificate_for_tls_has),
		cmocka_unit_test(writes_all_that_it_reads),
		cmocka_unit_test(reads_what_it_wrote_as_the_same),
		cmocka_unit_test(shortens_the_usual_life_with_the_longest),
		cmocka_unit_test(requires_a_common_name_without_listing_it_twice),
		cmocka_unit_test(names_the_member_that_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
