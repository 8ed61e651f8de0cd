/* test_verify.c - a server that shows a certificate, and one that only shows it. */
#include "agent/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/probe/server.h"

/* What verify_served says of a server that has its certificate's key, or another. */
static int
look(bool has_other_key, struct error *err)
{
	struct identity leaf;
	struct server_options options = { .identity = &leaf,
		.has_other_key = has_other_key };
	struct server *server;
	struct entry entry = { .name = "web" };
	char verify[32];
	int rc;

	identity_make(
	    &leaf, &(struct identity_options){ "leaf", .san = "DNS:localhost" });
	certificate_serial(leaf.cert, entry.state.serial);
	server = server_start(&options);
	snprintf(verify, sizeof(verify), "127.0.0.1:%s", server_port(server));
	entry.verify = verify;
	rc = verify_served(&entry, err);
	server_stop(server);
	identity_clear(&leaf);
	return rc;
}

static void
believes_a_server_that_signs(void **state)
{
	(void)state;
	assert_int_equal(look(false, NULL), 0);
}

/* Takes all the time that servers have. */
static void
does_not_believe_one_that_has_not_the_key(void **state)
{
	struct error err = { .code = ERROR_NONE };

	(void)state;
	assert_int_equal(look(true, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "shows the certificate, but no handshake"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(believes_a_server_that_signs),
		cmocka_unit_test(does_not_believe_one_that_has_not_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
