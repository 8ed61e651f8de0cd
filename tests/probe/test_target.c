/* test_target.c - servers as people write them. */
#include "probe/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
assert_reads(const char *text, const char *host, const char *port, const char *name)
{
	struct probe_target target;

	assert_int_equal(probe_target_read(text, &target, NULL), 0);
	assert_string_equal(target.host, host);
	assert_string_equal(target.port, port);
	assert_string_equal(target.name, name);
}

static void
reads_hosts_and_addresses(void **state)
{
	(void)state;
	assert_reads("api.example:8443", "api.example", "8443", "api.example");
	assert_reads("api.example", "api.example", "443", "api.example");
	assert_reads("10.0.0.1:1", "10.0.0.1", "1", "10.0.0.1");
	assert_reads("[2001:db8::1]:8443", "2001:db8::1", "8443", "2001:db8::1");
	assert_reads("[::1]", "::1", "443", "::1");
	assert_reads("::1", "::1", "443", "::1");
}

static void
reads_a_name_apart_from_the_host(void **state)
{
	(void)state;
	assert_reads("api.example@10.0.0.1:8443", "10.0.0.1", "8443", "api.example");
	assert_reads("api.example@[::1]:8443", "::1", "8443", "api.example");
}

static void
reads_a_protocol_and_knows_its_port(void **state)
{
	static const struct {
		const char *text, *port;
		enum starttls starttls;
	} rows[] = {
		{ "https://db.example", "443", STARTTLS_NONE },
		{ "https://db.example/", "443", STARTTLS_NONE },
		{ "HTTPS://db.example:8443/", "8443", STARTTLS_NONE },
		{ "postgres://db.example", "5432", STARTTLS_POSTGRES },
		{ "postgres://name@db.example:5433", "5433", STARTTLS_POSTGRES },
		{ "mysql://[::1]", "3306", STARTTLS_MYSQL },
		{ "smtp://::1", "25", STARTTLS_SMTP },
		{ "imap://db.example", "143", STARTTLS_IMAP },
		{ "pop3://db.example", "110", STARTTLS_POP3 },
	};
	struct probe_target target;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(probe_target_read(rows[i].text, &target, NULL), 0);
		assert_string_equal(target.port, rows[i].port);
		assert_int_equal(target.starttls, rows[i].starttls);
	}
}

static void
refuses_what_is_no_server(void **state)
{
	static const char *const bad[] = { "", ":443", "a:", "a:0", "a:65536", "a:443x",
		"[::1", "[::1]443", "[]:443", "@a:443", "a@", "a@b@c", "a b", "-a", "a/b",
		"a\nb", "a:08", "a/", "gopher://a", "://a", "https://", "https:///",
		"https://a//", "https://a/b" };
	struct probe_target target;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.code = ERROR_NONE;
		assert_int_equal(probe_target_read(bad[i], &target, &err), -1);
		assert_int_equal(err.code, ERROR_CONFIG);
	}
}

static void
refuses_a_name_that_has_no_room(void **state)
{
	char text[PROBE_HOST_SIZE + 1];
	struct probe_target target;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[PROBE_HOST_SIZE - 1] = '\0';
	assert_int_equal(probe_target_read(text, &target, NULL), 0);
	text[PROBE_HOST_SIZE - 1] = 'a';
	text[PROBE_HOST_SIZE] = '\0';
	assert_int_equal(probe_target_read(text, &target, NULL), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_hosts_and_addresses),
		cmocka_unit_test(reads_a_name_apart_from_the_host),
		cmocka_unit_test(reads_a_protocol_and_knows_its_port),
		cmocka_unit_test(refuses_what_is_no_server),
		cmocka_unit_test(refuses_a_name_that_has_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
