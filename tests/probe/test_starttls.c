/* test_starttls.c - servers that want to hear something else before TLS. */
#include "probe/starttls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "probe/probe.h"
#include "tests/probe/server.h"

#define TURN(heard, said)                                                                \
	{                                                                                \
		heard, said, sizeof(heard) - 1, sizeof(said) - 1                         \
	}
#define END                                                                              \
	{                                                                                \
		NULL, NULL, 0, 0                                                         \
	}

/* PostgreSQL's SSLRequest: eight bytes, and 80877103. */
#define SSL_REQUEST "\0\0\0\x08\x04\xd2\x16\x2f"

/* MariaDB's greeting: its number, version, thread, salt, and capabilities from there on.
 */
#define GREETING(capabilities)                                                           \
	"\x21\0\0\0"                                                                     \
	"\x0a"                                                                           \
	"10.11.19\0"                                                                     \
	"\x01\0\0\0"                                                                     \
	"12345678\0" capabilities "\x2d\x02\0\xff\x81\x15\0\0"
#define MYSQL_REQUEST                                                                    \
	"\x20\0\0\x01\0\x8a\0\0\0\0\0\x01\x2d"                                           \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

/* How a probe of a server that says this ends. */
static int
look(enum starttls how, const struct server_turn *turns, enum server_manner manner,
    struct error *err)
{
	struct identity self;
	struct probe_result result;
	struct server *server;
	int rc;

	identity_make(&self, &(struct identity_options){ "self", .san = "DNS:a" });
	server = server_start(&(struct server_options){
	    .manner = manner, .identity = &self, .turns = turns });
	rc = probe_tls(&(struct probe_options){ .host = "127.0.0.1",
			   .port = server_port(server),
			   .starttls = how,
			   .timeout_ms = manner == SERVER_HANGS ? 200 : 5000 },
	    &result, err);
	probe_result_clear(&result);
	server_stop(server);
	identity_clear(&self);
	return rc;
}

static void
assert_seen(enum starttls how, const struct server_turn *turns)
{
	struct error err;

	assert_int_equal(look(how, turns, SERVER_TLS, &err), 0);
}

/* said is what the server's word is, NULL for none. */
static void
assert_refused_saying(
    enum starttls how, const struct server_turn *turns, const char *said)
{
	char text[256];
	struct error err;

	snprintf(text, sizeof(text), "offers no TLS in this protocol%s%s",
	    said != NULL ? ", but says: " : "", said != NULL ? said : "");
	assert_int_equal(look(how, turns, SERVER_TLS, &err), -1);
	assert_int_equal(err.code, ERROR_UNSUPPORTED);
	assert_string_equal(err.text, text);
}

static void
assert_refused(enum starttls how, const struct server_turn *turns)
{
	assert_refused_saying(how, turns, NULL);
}

static void
postgresql_is_asked_first(void **state)
{
	static const struct server_turn good[] = { TURN(SSL_REQUEST, "S"), END },
					no[] = { TURN(SSL_REQUEST, "N"), END },
					error[] = { TURN(SSL_REQUEST, "E"), END };

	(void)state;
	assert_seen(STARTTLS_POSTGRES, good);
	assert_refused(STARTTLS_POSTGRES, no);
	assert_refused_saying(STARTTLS_POSTGRES, error, "an error");
}

static void
mysql_greets_and_is_asked_then(void **state)
{
	static const struct server_turn good[] = { TURN("", GREETING("\xfe\xff")),
		TURN(MYSQL_REQUEST, ""), END },
					no[] = { TURN("", GREETING("\xfe\xf7")), END },
					blocked[] = { TURN("", "\x0a\0\0\0\xff\x69\x04"
							       "blocked"),
						END },
					cut[] = { TURN("", "\x05\0\0\0\x0a"
							   "10.1"),
						END },
					large[] = { TURN("", "\xff\xff\0\0\x0a"), END };

	(void)state;
	assert_seen(STARTTLS_MYSQL, good);
	assert_refused(STARTTLS_MYSQL, no);
	assert_refused_saying(STARTTLS_MYSQL, blocked, "error 1129");
	assert_refused(STARTTLS_MYSQL, cut);
	assert_refused(STARTTLS_MYSQL, large);
}

#define SMTP_GREETING "220-mail.example\r\n220 ESMTP\r\n"

static void
smtp_says_hello_first(void **state)
{
	static const struct server_turn good[] = { TURN("", SMTP_GREETING),
		TURN("EHLO localhost\r\n", "250-mail.example\r\n250 STARTTLS\r\n"),
		TURN("STARTTLS\r\n", "220 go ahead\r\n"), END },
					no[] = { TURN("", SMTP_GREETING),
						TURN("EHLO localhost\r\n",
						    "250 mail.example\r\n"),
						TURN("STARTTLS\r\n", "502 what?\r\n"),
						END },
					busy[] = { TURN("", "421 later\r\n"), END };

	(void)state;
	assert_seen(STARTTLS_SMTP, good);
	assert_refused_saying(STARTTLS_SMTP, no, "502 what?");
	assert_refused_saying(STARTTLS_SMTP, busy, "421 later");
}

static void
imap_may_say_more_than_it_is_asked(void **state)
{
	static const struct server_turn good[] = { TURN("", "* OK IMAP4rev2\r\n"),
		TURN("a STARTTLS\r\n", "* CAPABILITY IMAP4rev2\r\na OK\r\n"), END },
					no[] = { TURN("", "* OK IMAP4rev2\r\n"),
						TURN("a STARTTLS\r\n", "a BAD\r\n"),
						END },
					bye[] = { TURN("", "* BYE\r\n"), END };

	(void)state;
	assert_seen(STARTTLS_IMAP, good);
	assert_refused_saying(STARTTLS_IMAP, no, "a BAD");
	assert_refused_saying(STARTTLS_IMAP, bye, "* BYE");
}

static void
pop3_is_asked_after_its_greeting(void **state)
{
	static const struct server_turn good[] = { TURN("", "+OK\r\n"),
		TURN("STLS\r\n", "+OK\r\n"), END },
					no[] = { TURN("", "+OK\r\n"),
						TURN("STLS\r\n", "-ERR\r\n"), END };

	(void)state;
	assert_seen(STARTTLS_POP3, good);
	assert_refused_saying(STARTTLS_POP3, no, "-ERR");
}

/* Its greeting ends where the server has no more to say. */
static void
a_server_that_goes_silent_or_away_is_told_of(void **state)
{
	static const struct server_turn half[] = { TURN("", "220-"), END };
	struct error err;

	(void)state;
	assert_int_equal(look(STARTTLS_SMTP, half, SERVER_HANGS, &err), -1);
	assert_int_equal(err.code, ERROR_TIMEOUT);
	assert_int_equal(look(STARTTLS_SMTP, half, SERVER_CLOSES, &err), -1);
	assert_string_equal(err.text, "closed the connection before TLS");
}

static void
a_line_without_end_is_refused(void **state)
{
	static char line[20000];
	const struct server_turn turns[] = { { "", line, 0, sizeof(line) }, END };

	(void)state;
	memset(line, '2', sizeof(line));
	assert_refused(STARTTLS_SMTP, turns);
}

static void
a_greeting_without_end_is_refused(void **state)
{
	static char lines[1001];
	const struct server_turn turns[] = { { "", lines, 0, sizeof(lines) - 1 }, END };

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(lines); i += 5)
		memcpy(lines + i, "220-\n", 5);
	assert_refused_saying(STARTTLS_SMTP, turns, "220-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(postgresql_is_asked_first),
		cmocka_unit_test(mysql_greets_and_is_asked_then),
		cmocka_unit_test(smtp_says_hello_first),
		cmocka_unit_test(imap_may_say_more_than_it_is_asked),
		cmocka_unit_test(pop3_is_asked_after_its_greeting),
		cmocka_unit_test(a_server_that_goes_silent_or_away_is_told_of),
		cmocka_unit_test(a_line_without_end_is_refused),
		cmocka_unit_test(a_greeting_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
