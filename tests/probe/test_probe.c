/* test_probe.c - servers of all manners, looked at. */
#include "probe/probe.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <cmocka.h>

#include "base/clock.h"
#include "tests/probe/server.h"

#define SAN "DNS:api.example,DNS:*.wild.example,IP:127.0.0.1,DNS:127.0.0.3"

struct house {
	struct identity root, below, leaf, stranger;
	char ca[64];
	struct server *server;
	struct probe_result result;
	struct error err;
};

static int
set_up(void **state)
{
	struct house *house = calloc(1, sizeof(*house));
	FILE *file;
	int fd;

	identity_make(&house->root, &(struct identity_options){ "root", .is_ca = 1 });
	identity_make(&house->below,
	    &(struct identity_options){ "below", .issuer = &house->root, .is_ca = 1 });
	identity_make(&house->leaf,
	    &(struct identity_options){ "leaf", .san = SAN, .issuer = &house->below });
	identity_make(
	    &house->stranger, &(struct identity_options){ "stranger", .san = SAN });
	snprintf(house->ca, sizeof(house->ca), "/tmp/probe-ca.XXXXXX");
	fd = mkstemp(house->ca);
	file = fdopen(fd, "w");
	assert_int_equal(PEM_write_X509(file, house->root.cert), 1);
	fclose(file);
	*state = house;
	return 0;
}

static int
tear_down(void **state)
{
	struct house *house = *state;

	server_stop(house->server);
	probe_result_clear(&house->result);
	unlink(house->ca);
	identity_clear(&house->root);
	identity_clear(&house->below);
	identity_clear(&house->leaf);
	identity_clear(&house->stranger);
	free(house);
	return 0;
}

/* For a server that is started once in each test. */
static int
look(struct house *house, const struct server_options *server,
    struct probe_options options)
{
	house->server = server_start(server);
	options.host = "127.0.0.1";
	options.port = server_port(house->server);
	options.ca = options.ca != NULL ? options.ca : house->ca;
	return probe_tls(&options, &house->result, &house->err);
}

static void
sees_what_a_good_server_shows(void **state)
{
	struct house *house = *state;
	struct server_options server = { .identity = &house->leaf,
		.intermediate = house->below.cert };
	char serial[CERTIFICATE_SERIAL_SIZE];
	int64_t now = clock_now_s();

	assert_int_equal(look(house, &server, (struct probe_options){ .name = NULL }), 0);
	assert_int_equal(house->result.verify, X509_V_OK);
	assert_string_equal(house->result.verify_text, "ok");
	assert_true(house->result.name_matches);
	assert_int_equal(sk_X509_num(house->result.chain), 2);
	assert_int_equal(X509_cmp(house->result.leaf, house->leaf.cert), 0);
	certificate_serial(house->leaf.cert, serial);
	assert_string_equal(house->result.serial, serial);
	assert_in_range(house->result.not_after, now + 3500, now + 3600);
	assert_in_range(house->result.not_before, now - 3700, now - 3600);
	assert_int_equal(house->result.staple, STAPLE_NONE);
	assert_string_equal(house->result.unfinished, "");
	assert_int_equal(house->result.versions[3], PROBE_YES);
	assert_int_equal(house->result.versions[0], PROBE_UNTOLD);
	assert_int_equal(server_connections(house->server), 1);
}

static void
assert_name(struct house *house, const char *name, bool matches, const char *sni)
{
	char saw[SERVER_NAME_SIZE] = "none";
	struct server_options server = { .identity = &house->leaf,
		.intermediate = house->below.cert,
		.saw_name = saw };

	assert_int_equal(look(house, &server, (struct probe_options){ .name = name }), 0);
	assert_int_equal(house->result.verify, X509_V_OK);
	assert_int_equal(house->result.name_matches, matches);
	server_stop(house->server);
	house->server = NULL;
	probe_result_clear(&house->result);
	assert_string_equal(saw, sni);
}

static void
asks_for_and_checks_the_name(void **state)
{
	assert_name(*state, "api.example", true, "api.example");
	assert_name(*state, "a.wild.example", true, "a.wild.example");
	assert_name(*state, "b.a.wild.example", false, "b.a.wild.example");
	assert_name(*state, "other.example", false, "other.example");
	assert_name(*state, "leaf", false, "leaf"); /* the CN */
	assert_name(*state, NULL, true, "");        /* an address */
	assert_name(*state, "127.0.0.2", false, "");
	assert_name(*state, "127.0.0.3", false, ""); /* a DNS name that looks like one */
	assert_name(*state, "api.example.", true, "api.example");
}

static void
tells_a_chain_that_lacks_its_middle(void **state)
{
	struct house *house = *state;
	struct server_options server = { .identity = &house->leaf };

	assert_int_equal(look(house, &server, (struct probe_options){ .name = NULL }), 0);
	assert_int_equal(
	    house->result.verify, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	assert_string_equal(
	    house->result.verify_text, "unable to get local issuer certificate");
}

static void
tells_a_self_signed_certificate(void **state)
{
	struct house *house = *state;
	struct server_options server = { .identity = &house->stranger };

	assert_int_equal(look(house, &server, (struct probe_options){ .name = NULL }), 0);
	assert_int_equal(house->result.verify, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
	assert_true(house->result.name_matches);
}

static void
judges_at_another_time(void **state)
{
	struct house *house = *state;
	struct server_options server = { .identity = &house->leaf,
		.intermediate = house->below.cert };
	struct probe_options options = { .at = clock_now_s() + 7200 };

	assert_int_equal(look(house, &server, options), 0);
	assert_int_equal(house->result.verify, X509_V_ERR_CERT_HAS_EXPIRED);
	server_stop(house->server);
	probe_result_clear(&house->result);
	options.at -= 14400;
	assert_int_equal(look(house, &server, options), 0);
	assert_int_equal(house->result.verify, X509_V_ERR_CERT_NOT_YET_VALID);
}

static void
an_expiry_does_not_hide_an_unknown_issuer(void **state)
{
	struct house *house = *state;
	struct server_options server = { .identity = &house->stranger };
	struct probe_options options = { .at = clock_now_s() + 7200 };

	assert_int_equal(look(house, &server, options), 0);
	assert_int_equal(house->result.verify, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
	assert_true(house->result.not_after < options.at);
}

static void
assert_versions(struct house *house, int min, int max, const char *expected)
{
	struct server_options server = {
		.identity = &house->leaf, .min_version = min, .max_version = max
	};
	char seen[PROBE_VERSIONS + 1] = "";

	assert_int_equal(
	    look(house, &server, (struct probe_options){ .asks_versions = true }), 0);
	for (int i = 0; i < PROBE_VERSIONS; i++)
		seen[i] = "?ny"[house->result.versions[i]];
	assert_string_equal(seen, expected);
	server_stop(house->server);
	house->server = NULL;
	probe_result_clear(&house->result);
}

static void
finds_each_version_that_is_served(void **state)
{
	struct house *house = *state;

	assert_versions(house, TLS1_VERSION, TLS1_VERSION, "ynnn");
	assert_versions(house, TLS1_VERSION, TLS1_3_VERSION, "yyyy");
	assert_versions(house, TLS1_1_VERSION, TLS1_2_VERSION, "nyyn");
	assert_versions(house, TLS1_2_VERSION, TLS1_3_VERSION, "nnyy");
	assert_versions(house, TLS1_3_VERSION, TLS1_3_VERSION, "nnny");
}

static void
sees_a_server_that_wants_a_certificate(void **state)
{
	struct house *house = *state;
	struct server_options server = { .identity = &house->leaf,
		.intermediate = house->below.cert,
		.wants_client = true,
		.max_version = TLS1_2_VERSION };

	assert_int_equal(
	    look(house, &server, (struct probe_options){ .asks_versions = true }), 0);
	assert_int_equal(house->result.verify, X509_V_OK);
	assert_string_equal(house->result.unfinished, "");
	assert_int_equal(house->result.versions[2], PROBE_YES);
	assert_int_equal(house->result.versions[3], PROBE_NO);
}

static void
assert_lacks_key(struct house *house, int version, bool wants_client)
{
	struct server_options server = { .identity = &house->leaf,
		.intermediate = house->below.cert,
		.max_version = version,
		.wants_client = wants_client,
		.has_other_key = true };

	assert_int_equal(
	    look(house, &server, (struct probe_options){ .asks_versions = true }), 0);
	assert_int_equal(house->result.verify, X509_V_OK);
	assert_non_null(strstr(house->result.unfinished, "bad signature"));
	assert_int_equal(house->result.versions[2], PROBE_NO);
	assert_int_equal(house->result.versions[3], PROBE_NO);
	server_stop(house->server);
	house->server = NULL;
	probe_result_clear(&house->result);
}

static void
tells_a_server_that_has_not_the_key_of_its_certificate(void **state)
{
	assert_lacks_key(*state, TLS1_2_VERSION, false);
	assert_lacks_key(*state, TLS1_2_VERSION, true);
	assert_lacks_key(*state, TLS1_3_VERSION, false);
	assert_lacks_key(*state, TLS1_3_VERSION, true);
}

static void
assert_staple(struct house *house, const struct identity *signer, int status,
    int64_t from, int64_t to, enum staple expected)
{
	struct server_options server = { .identity = &house->leaf,
		.intermediate = house->below.cert };
	unsigned char *der;

	server.staple_len =
	    (size_t)ocsp_answer(signer, house->leaf.cert, status, from, to, &der);
	server.staple = der;
	assert_int_equal(look(house, &server, (struct probe_options){ .name = NULL }), 0);
	assert_int_equal(house->result.staple, expected);
	server_stop(house->server);
	house->server = NULL;
	probe_result_clear(&house->result);
	OPENSSL_free(der);
}

static void
judges_a_staple(void **state)
{
	struct house *house = *state;

	assert_staple(
	    house, &house->below, V_OCSP_CERTSTATUS_GOOD, -60, 3600, STAPLE_GOOD);
	assert_staple(
	    house, &house->below, V_OCSP_CERTSTATUS_REVOKED, -60, 3600, STAPLE_REVOKED);
	assert_staple(
	    house, &house->below, V_OCSP_CERTSTATUS_UNKNOWN, -60, 3600, STAPLE_UNKNOWN);
	assert_staple(
	    house, &house->below, V_OCSP_CERTSTATUS_GOOD, -3600, -60, STAPLE_STALE);
	assert_staple(
	    house, &house->below, V_OCSP_CERTSTATUS_GOOD, 3600, 7200, STAPLE_STALE);
	assert_staple(
	    house, &house->below, V_OCSP_CERTSTATUS_REVOKED, -3600, -60, STAPLE_REVOKED);
	assert_staple(
	    house, &house->stranger, V_OCSP_CERTSTATUS_GOOD, -60, 3600, STAPLE_BAD);
}

static void
judges_a_staple_by_a_root_that_is_not_sent(void **state)
{
	struct house *house = *state;
	struct server_options server = { .identity = &house->below };
	unsigned char *der;

	server.staple_len = (size_t)ocsp_answer(
	    &house->root, house->below.cert, V_OCSP_CERTSTATUS_GOOD, -60, 3600, &der);
	server.staple = der;
	assert_int_equal(look(house, &server, (struct probe_options){ .name = NULL }), 0);
	assert_int_equal(house->result.staple, STAPLE_GOOD);
	server_stop(house->server);
	house->server = NULL;
	OPENSSL_free(der);
}

static void
assert_fails(struct house *house, enum server_manner manner, enum error_code code,
    const char *words)
{
	struct server_options server = { .manner = manner };
	struct probe_options options = {
		.timeout_ms = manner == SERVER_HANGS ? 400 : 20000, .asks_versions = true
	};

	assert_int_equal(look(house, &server, options), -1);
	assert_int_equal(house->err.code, code);
	assert_non_null(strstr(house->err.text, words));
}

static void
gives_up_on_a_server_that_hangs(void **state)
{
	int64_t start = clock_mono_ms();

	assert_fails(*state, SERVER_HANGS, ERROR_TIMEOUT, "no answer in time");
	assert_in_range(clock_mono_ms() - start, 400, 15000);
}

static void
says_that_a_server_closes(void **state)
{
	struct house *house = *state;
	struct server_options server = { .manner = SERVER_CLOSES };

	/* Closed with our hello unread, it may look like a reset. */
	assert_int_equal(
	    look(house, &server, (struct probe_options){ .name = NULL }), -1);
	assert_int_equal(house->err.code, ERROR_UNSUPPORTED);
}

static void
says_that_a_server_speaks_no_tls(void **state)
{
	assert_fails(*state, SERVER_RUBBISH, ERROR_UNSUPPORTED, "no handshake of TLS");
}

static void
takes_no_flood(void **state)
{
	assert_fails(*state, SERVER_FLOODS, ERROR_UNSUPPORTED, "sent more than");
}

static void
says_that_nobody_listens(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	/* Bound, so that nobody else gets the port; and no listener. */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct house *house = *state;
	char port[8];
	const struct probe_options options = { .host = "127.0.0.1", .port = port };

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(port, sizeof(port), "%u", ntohs(address.sin_port));
	assert_int_equal(probe_tls(&options, &house->result, &house->err), -1);
	assert_int_equal(house->err.code, ERROR_IO);
	assert_non_null(strstr(house->err.text, "Connection refused"));
	close(fd);
}

static void
says_that_there_is_no_such_host(void **state)
{
	struct house *house = *state;
	struct probe_options options = { .host = "no-host.invalid", .port = "443" };

	assert_int_equal(probe_tls(&options, &house->result, &house->err), -1);
	assert_int_equal(house->err.code, ERROR_NOT_FOUND);
}

static void
says_that_there_are_no_roots(void **state)
{
	struct house *house = *state;
	struct server_options server = { .identity = &house->leaf };

	assert_int_equal(
	    look(house, &server, (struct probe_options){ .ca = "/nonexistent.pem" }), -1);
	assert_int_equal(house->err.code, ERROR_IO);
	assert_non_null(strstr(house->err.text, "/nonexistent.pem"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sees_what_a_good_server_shows),
		TEST(asks_for_and_checks_the_name),
		TEST(tells_a_chain_that_lacks_its_middle),
		TEST(tells_a_self_signed_certificate),
		TEST(judges_at_another_time),
		TEST(an_expiry_does_not_hide_an_unknown_issuer),
		TEST(finds_each_version_that_is_served),
		TEST(sees_a_server_that_wants_a_certificate),
		TEST(tells_a_server_that_has_not_the_key_of_its_certificate),
		TEST(judges_a_staple),
		TEST(judges_a_staple_by_a_root_that_is_not_sent),
		TEST(gives_up_on_a_server_that_hangs),
		TEST(says_that_a_server_closes),
		TEST(says_that_a_server_speaks_no_tls),
		TEST(takes_no_flood),
		TEST(says_that_nobody_listens),
		TEST(says_that_there_is_no_such_host),
		TEST(says_that_there_are_no_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
