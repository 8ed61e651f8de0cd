/*
 * test_vectors.c - the requests of Debian's python3-cryptography-vectors, each accepted,
 * or refused for the right reason, by the code that issues.
 */
#include "ca/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <dirent.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/ca/support.h"

#define DIRECTORY "/usr/lib/python3/dist-packages/cryptography_vectors/x509/requests"

#define ACCEPTED   "accepted"
#define UNPARSABLE "400"

/*
 * The rules are in the order in which an answer lists them, each once. Many of these
 * files were changed by hand after they were signed: OpenSSL does not verify them,
 * either.
 */
static const struct {
	const char *file, *verdict;
} expected[] = {
	{ "bad-version.pem", "csr-version csr-signature" },
	{ "basic_constraints.pem",
	    "csr-ca-requested csr-signature-algorithm csr-signature" },
	{ "challenge-invalid.der", "csr-signature san-present" },
	{ "challenge-multi-valued.der", "csr-signature san-present" },
	{ "challenge-unstructured.pem", ACCEPTED },
	{ "challenge.pem", "san-present" },
	{ "dsa_sha1.der", "csr-signature-algorithm csr-key-algorithm" },
	{ "dsa_sha1.pem", "csr-signature-algorithm csr-key-algorithm" },
	{ "ec_sha256.der", ACCEPTED },
	{ "ec_sha256.pem", ACCEPTED },
	{ "ec_sha256_old_header.pem", ACCEPTED },
	{ "freeipa-bad-critical.pem", "san-kind" },
	{ "invalid_signature.pem", "csr-rsa-size csr-signature" },
	{ "long-form-attribute.pem", "csr-der csr-signature san-present" },
	{ "rsa_md4.der", "csr-signature-algorithm csr-signature" },
	{ "rsa_md4.pem", "csr-signature-algorithm csr-signature" },
	{ "rsa_sha1.der", "csr-signature-algorithm" },
	{ "rsa_sha1.pem", "csr-signature-algorithm" },
	{ "rsa_sha256.der", ACCEPTED },
	{ "rsa_sha256.pem", ACCEPTED },
	{ "san_rsa_sha1.der", "csr-signature-algorithm" },
	{ "san_rsa_sha1.pem", "csr-signature-algorithm" },
	{ "two_basic_constraints.pem",
	    "csr-extension-duplicate csr-signature-algorithm csr-signature" },
	{ "unsupported_extension.pem",
	    "csr-extension-encoding csr-signature-algorithm csr-signature" },
	{ "unsupported_extension_critical.pem",
	    "csr-extension-critical csr-extension-encoding csr-signature-algorithm "
	    "csr-signature" },
};
#define EXPECTED (sizeof(expected) / sizeof(expected[0]))

static void
write_rules(const struct violations *v, struct buffer *verdict)
{
	for (size_t i = 0; i < v->count; i++) {
		if (i > 0 && strcmp(v->items[i].rule, v->items[i - 1].rule) == 0)
			continue;
		buf_printf(verdict, "%s%s", i > 0 ? " " : "", v->items[i].rule);
	}
}

static void
judge(struct house *house, const char *file, struct buffer *verdict)
{
	struct issue_request request = { .issuer = "internal",
		.profile = "server",
		.actor = "uid:0",
		.dry_run = true };
	struct issue_result result;
	struct violations v = { 0 };
	struct error err = { 0 };
	struct buffer body;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", DIRECTORY, file);
	buf_init(&body, 0);
	buf_reset(verdict);
	assert_int_equal(file_read(path, 1 << 20, &body, &err), 0);
	request.csr = buf_bytes(&body);
	if (authority_issue(house->authority, &request, &result, &v, &err) == 0)
		buf_text(verdict, ACCEPTED);
	else if (err.code == ERROR_BAD_REQUEST)
		buf_text(verdict, UNPARSABLE);
	else
		write_rules(&v, verdict);
	issue_result_clear(&result);
	buf_free(&body);
}

static const char *
find_expected(const char *file)
{
	for (size_t i = 0; i < EXPECTED; i++)
		if (strcmp(expected[i].file, file) == 0)
			return expected[i].verdict;
	return NULL;
}

/* Every file of the directory: one that a later version adds has to be judged by us. */
static void
judges_every_request_of_the_collection(void **state)
{
	DIR *directory = opendir(DIRECTORY);
	struct buffer verdict;
	struct dirent *entry;
	size_t wrong = 0, seen = 0;

	if (directory == NULL) {
		print_message("skipped: " DIRECTORY
			      " is not there; install python3-cryptography-vectors\n");
		skip();
	}
	buf_init(&verdict, 0);
	while ((entry = readdir(directory)) != NULL) {
		const char *wanted = find_expected(entry->d_name);

		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "__init__.py") == 0)
			continue;
		judge(*state, entry->d_name, &verdict);
		seen++;
		if (wanted != NULL && strcmp(wanted, buf_string(&verdict)) == 0)
			continue;
		print_error("%s: %s; expected: %s\n", entry->d_name, buf_string(&verdict),
		    wanted != NULL ? wanted : "a row in the table of this test");
		wrong++;
	}
	closedir(directory);
	buf_free(&verdict);
	assert_int_equal(wrong, 0);
	assert_int_equal(seen, EXPECTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_every_request_of_the_collection),
	};

	return cmocka_run_group_tests(tests, house_setup, house_teardown);
}
