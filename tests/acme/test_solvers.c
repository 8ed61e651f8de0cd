/* test_solvers.c - what the world sees while a challenge is open, and afterwards. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "acme/http01.h"
#include "base/file.h"
#include "tests/acme/softkey.h"

#define TOKEN         "DGyRejmCefe7v4NfDGDKfA"
#define AUTHORIZATION TOKEN ".thumbprint"

static struct error err;
static struct identifier identifier;
static char address[32];

static const struct proof proof = { &identifier, TOKEN, AUTHORIZATION };

/* A port that is free now, in address. */
static struct sockaddr_in
choose_port(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(to);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &len), 0);
	close(fd);
	snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(to.sin_port));
	return to;
}

/* A port that was free may be somebody else's by now: then another. */
static struct sockaddr_in
open_somewhere(const struct acme_challenge *how, const struct acme_key *key,
    struct challenge **challenge)
{
	struct sockaddr_in to = choose_port();

	for (int i = 1; challenge_open(how, key, challenge, &err) != 0; i++) {
		assert_true(i < 5);
		to = choose_port();
	}
	return to;
}

static int
connect_to(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)to, sizeof(*to)), 0);
	return fd;
}

static const char *
ask(const struct sockaddr_in *to, const char *request)
{
	static char answer[2048];
	size_t len = 0;
	ssize_t n;
	int fd = connect_to(to);

	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	shutdown(fd, SHUT_WR);
	while ((n = read(fd, answer + len, sizeof(answer) - 1 - len)) > 0)
		len += (size_t)n;
	answer[len] = '\0';
	close(fd);
	return answer;
}

static void
the_listener_answers_for_its_token_alone(void **state)
{
	const struct acme_challenge how = { .method = ACME_HTTP_01, .listen = address };
	struct sockaddr_in to;
	struct challenge *challenge;
	struct buffer say;

	(void)state;
	buf_init(&say, 0);
	to = open_somewhere(&how, NULL, &challenge);
	assert_non_null(
	    strstr(ask(&to, "GET " HTTP01_PATH TOKEN " HTTP/1.1\r\n\r\n"), " 404 "));
	assert_int_equal(challenge_show(challenge, &proof, &say, &err), 0);
	assert_non_null(
	    strstr(ask(&to, "GET " HTTP01_PATH TOKEN " HTTP/1.1\r\nHost: a\r\n\r\n"),
		"\r\n\r\n" AUTHORIZATION));
	assert_non_null(
	    strstr(ask(&to, "GET " HTTP01_PATH TOKEN "x HTTP/1.1\r\n\r\n"), " 404 "));
	assert_non_null(
	    strstr(ask(&to, "GET " HTTP01_PATH " HTTP/1.1\r\n\r\n"), " 404 "));
	assert_non_null(strstr(ask(&to, "GET /" TOKEN " HTTP/1.1\r\n\r\n"), " 404 "));
	assert_non_null(strstr(ask(&to, "POST / HTTP/1.1\r\n\r\n"), " 400 "));
	assert_string_equal(ask(&to, "GET / HTTP/1.1\r\n"), "");
	challenge_hide(challenge, &proof);
	assert_non_null(
	    strstr(ask(&to, "GET " HTTP01_PATH TOKEN " HTTP/1.1\r\n\r\n"), " 404 "));
	challenge_close(challenge);
	buf_free(&say);
}

static void
silent_connections_do_not_keep_others_out(void **state)
{
	const struct acme_challenge how = { .method = ACME_HTTP_01, .listen = address };
	struct sockaddr_in to;
	struct challenge *challenge;
	int silent[10];

	(void)state;
	to = open_somewhere(&how, NULL, &challenge);
	for (size_t i = 0; i < 10; i++)
		silent[i] = connect_to(&to);
	assert_non_null(strstr(ask(&to, "GET / HTTP/1.1\r\n\r\n"), " 404 "));
	for (size_t i = 0; i < 10; i++)
		close(silent[i]);
	challenge_close(challenge);
}

static void
addresses_that_are_none_are_refused(void **state)
{
	static const char *const wrong[] = { "80", ":80", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:http", "::1:80", "[::1]", "name.example:80",
		"127.0.0.1:99999", "[127.0.0.1:80" };
	struct challenge *challenge;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct acme_challenge how = { .method = ACME_HTTP_01,
			.listen = wrong[i] };

		if (challenge_open(&how, NULL, &challenge, &err) == 0)
			fail_msg("\"%s\" is listened on", wrong[i]);
	}
}

static void
options_that_do_not_go_together_are_refused(void **state)
{
	static const char *const hook[] = { "/bin/true", NULL };
	static const struct acme_challenge wrong[] = {
		{ .method = ACME_DNS_01 },
		{ .method = ACME_DNS_01, .hook = hook, .listen = "127.0.0.1:80" },
		{ .method = ACME_DNS_01, .hook = hook, .webroot = "/tmp" },
		{ .method = ACME_HTTP_01, .hook = hook },
		{ .method = ACME_HTTP_01, .webroot = "/tmp", .listen = "127.0.0.1:80" },
		{ .method = ACME_TLS_ALPN_01, .webroot = "/tmp" },
	};
	struct challenge *challenge;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(challenge_open(&wrong[i], NULL, &challenge, &err), -1);
		assert_int_equal(err.code, ERROR_CONFIG);
	}
}

static void
a_file_in_the_webroot_comes_and_goes(void **state)
{
	char root[] = "/tmp/keyhold-webroot-XXXXXX", path[128];
	struct acme_challenge how = { .method = ACME_HTTP_01, .webroot = root };
	struct buffer content, say;
	struct challenge *challenge;
	struct stat st;

	(void)state;
	buf_init(&content, 0);
	buf_init(&say, 0);
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s" HTTP01_PATH TOKEN, root);
	umask(077);
	assert_int_equal(challenge_open(&how, NULL, &challenge, &err), 0);
	assert_int_equal(challenge_show(challenge, &proof, &say, &err), 0);
	assert_int_equal(file_read(path, 1000, &content, &err), 0);
	assert_string_equal(buf_string(&content), AUTHORIZATION);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* What a run that was cut off left behind. */
	assert_int_equal(challenge_show(challenge, &proof, &say, &err), 0);
	challenge_hide(challenge, &proof);
	assert_int_equal(access(path, F_OK), -1);
	/* Its owner's link leads nowhere. */
	assert_int_equal(symlink("/tmp/keyhold-must-not-be", path), 0);
	assert_int_equal(challenge_show(challenge, &proof, &say, &err), 0);
	assert_int_equal(access("/tmp/keyhold-must-not-be", F_OK), -1);
	challenge_hide(challenge, &proof);
	challenge_close(challenge);
	snprintf(path, sizeof(path), "rm -rf %s", root);
	assert_int_equal(system(path), 0);
	how.webroot = "/nowhere/at/all";
	assert_int_equal(challenge_open(&how, NULL, &challenge, &err), 0);
	assert_int_equal(challenge_show(challenge, &proof, &say, &err), -1);
	challenge_hide(challenge, &proof);
	challenge_close(challenge);
	buf_free(&content);
	buf_free(&say);
}

static void
links_below_the_webroot_are_not_followed(void **state)
{
	static const char *const names[] = { ".well-known",
		".well-known/acme-challenge" };
	char root[] = "/tmp/keyhold-webroot-XXXXXX", path[128], elsewhere[128];
	const struct acme_challenge how = { .method = ACME_HTTP_01, .webroot = root };
	struct challenge *challenge;
	struct buffer say;
	struct stat st;

	(void)state;
	buf_init(&say, 0);
	assert_non_null(mkdtemp(root));
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", root);
	assert_int_equal(mkdir(elsewhere, 0700), 0);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		assert_int_equal(symlink(elsewhere, path), 0);
		assert_int_equal(challenge_open(&how, NULL, &challenge, &err), 0);
		assert_int_equal(challenge_show(challenge, &proof, &say, &err), -1);
		assert_int_equal(err.code, ERROR_IO);
		challenge_hide(challenge, &proof);
		challenge_close(challenge);
		assert_int_equal(stat(elsewhere, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
		assert_int_equal(st.st_nlink, 2);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	/* rmdir: there is nothing in it. */
	assert_int_equal(rmdir(elsewhere), 0);
	assert_int_equal(rmdir(path), 0);
	snprintf(path, sizeof(path), "%s/.well-known", root);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(root), 0);
	buf_free(&say);
}

/* A link that comes between does not make it remove another's file. */
static void
the_file_is_removed_where_it_was_written(void **state)
{
	char root[] = "/tmp/keyhold-webroot-XXXXXX", path[128], moved[64];
	const struct acme_challenge how = { .method = ACME_HTTP_01, .webroot = root };
	struct challenge *challenge;
	struct buffer say;

	(void)state;
	buf_init(&say, 0);
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/.well-known", root);
	snprintf(moved, sizeof(moved), "%s/moved", root);
	assert_int_equal(challenge_open(&how, NULL, &challenge, &err), 0);
	assert_int_equal(challenge_show(challenge, &proof, &say, &err), 0);
	assert_int_equal(rename(path, moved), 0);
	challenge_hide(challenge, &proof);
	challenge_close(challenge);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/acme-challenge", moved);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(moved), 0);
	assert_int_equal(rmdir(root), 0);
	buf_free(&say);
}

/* A validator's handshake; the certificate, or NULL when there is none. */
static X509 *
look(const struct sockaddr_in *to, const char *name, const char *protocol, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	X509 *found = NULL;
	int fd = connect_to(to);

	SSL_set_max_proto_version(ssl, version);
	if (name != NULL)
		SSL_set_tlsext_host_name(ssl, name);
	if (protocol != NULL)
		SSL_set_alpn_protos(
		    ssl, (const unsigned char *)protocol, (unsigned)strlen(protocol));
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) == 1)
		found = SSL_get1_peer_certificate(ssl);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
	return found;
}

static void
check_certificate(X509 *x509)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	int at = X509_get_ext_by_OBJ(x509, oid, -1);
	X509_EXTENSION *extension = X509_get_ext(x509, at);
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);

	assert_int_equal(X509_verify(x509, X509_get0_pubkey(x509)), 1);
	assert_int_equal(X509_check_host(x509, "a.example", 0, 0, NULL), 1);
	assert_int_equal(X509_EXTENSION_get_critical(extension), 1);
	SHA256((const unsigned char *)AUTHORIZATION, strlen(AUTHORIZATION), hash);
	assert_int_equal(ASN1_STRING_length(value), 34);
	assert_memory_equal(ASN1_STRING_get0_data(value) + 2, hash, sizeof(hash));
	ASN1_OBJECT_free(oid);
}

#define ACME_PROTOCOL                                                                    \
	"\x0a"                                                                           \
	"acme-tls/1"

static void
show_by_tls(const char *type, const char *size)
{
	const struct acme_challenge how = { .method = ACME_TLS_ALPN_01,
		.listen = address };
	struct sockaddr_in to;
	struct challenge *challenge;
	struct softkey softkey;
	struct buffer say;
	X509 *x509;

	buf_init(&say, 0);
	softkey_make(&softkey, type, size);
	to = open_somewhere(&how, &softkey.key, &challenge);
	assert_null(look(&to, "a.example", ACME_PROTOCOL, TLS1_3_VERSION));
	assert_int_equal(challenge_show(challenge, &proof, &say, &err), 0);
	assert_int_equal(softkey.signatures, 1);
	x509 = look(&to, "A.example", "\x02h2" ACME_PROTOCOL, TLS1_3_VERSION);
	assert_non_null(x509);
	check_certificate(x509);
	X509_free(x509);
	assert_int_equal(softkey.signatures, 2);
	assert_null(look(&to, "b.example", ACME_PROTOCOL, TLS1_3_VERSION));
	assert_null(look(&to, NULL, ACME_PROTOCOL, TLS1_3_VERSION));
	assert_null(look(&to, "a.example", NULL, TLS1_3_VERSION));
	assert_null(look(&to, "a.example", "\x02h2", TLS1_3_VERSION));
	assert_null(look(&to, "a.example", ACME_PROTOCOL, TLS1_2_VERSION));
	challenge_hide(challenge, &proof);
	assert_null(look(&to, "a.example", ACME_PROTOCOL, TLS1_3_VERSION));
	challenge_close(challenge);
	softkey_clear(&softkey);
	buf_free(&say);
}

static void
tls_shows_the_proof_for_one_name_and_protocol(void **state)
{
	(void)state;
	show_by_tls("EC", "P-256");
	show_by_tls("EC", "P-384");
	show_by_tls("RSA", "2048");
	show_by_tls("ED25519", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_listener_answers_for_its_token_alone),
		cmocka_unit_test(silent_connections_do_not_keep_others_out),
		cmocka_unit_test(addresses_that_are_none_are_refused),
		cmocka_unit_test(options_that_do_not_go_together_are_refused),
		cmocka_unit_test(a_file_in_the_webroot_comes_and_goes),
		cmocka_unit_test(links_below_the_webroot_are_not_followed),
		cmocka_unit_test(the_file_is_removed_where_it_was_written),
		cmocka_unit_test(tls_shows_the_proof_for_one_name_and_protocol),
	};

	/* Of the clients here; the listener's own threads never see one. */
	signal(SIGPIPE, SIG_IGN);
	if (identifier_read("a.example", &identifier, &err) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
