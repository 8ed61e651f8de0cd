/* test_ca.c - what the authority does when memory runs out, from a request in PEM to the
 * certificate's row in the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/pem.h"
#include "ca/anchors.h"
#include "ca/authority_crl.h"
#include "ca/bundle.h"
#include "ca/certtext.h"
#include "ca/client_certificate.h"
#include "ca/csr.h"
#include "ca/profile.h"
#include "client/client.h"
#include "evp/reference.h"
#include "tests/evp/software.h"
#include "tests/ca/support.h"
#include "tests/support/memory.h"

struct scene {
	struct house house;
	EVP_PKEY *key;
	struct buffer csr, forged, leaf, root;
	struct key described;
	X509_STORE *anchors;
	int issuers;
	int64_t now;
};

static int
read_csr(const struct buffer *der, struct error *err)
{
	const struct bytes body = buf_bytes(der);
	struct violations v = { 0 };
	struct csr csr;
	int rc = csr_read(NULL, &body, &csr, &v, err);

	csr_clear(&csr);
	if (rc == 0 && v.count > 0)
		return error_set(
		    err, ERROR_REFUSED, "%s: %s", v.items[0].rule, v.items[0].detail);
	return rc;
}

static int
reads_a_request(void *ctx, struct error *err)
{
	return read_csr(&((struct scene *)ctx)->csr, err);
}

static int
reads_a_forged_request(void *ctx, struct error *err)
{
	return read_csr(&((struct scene *)ctx)->forged, err);
}

static int
issue(struct scene *scene, const struct buffer *csr, struct error *err)
{
	struct issue_result result = { 0 };
	struct violations v;
	int rc = house_issue(&scene->house, csr, "server", &result, &v, err);

	issue_result_clear(&result);
	return rc;
}

static int
issues_a_certificate(void *ctx, struct error *err)
{
	return issue(ctx, &((struct scene *)ctx)->csr, err);
}

static int
issues_what_was_forged(void *ctx, struct error *err)
{
	return issue(ctx, &((struct scene *)ctx)->forged, err);
}

static int
opens_a_store(void *ctx, struct error *err)
{
	struct scene *scene = ctx;
	struct store *store = NULL;
	char path[128];
	int rc;

	snprintf(path, sizeof(path), "%s/other.db", scene->house.dir);
	rc = store_open(path, &store, err);
	if (rc == 0)
		store_close(store);
	return rc;
}

static int
opens_an_authority(void *ctx, struct error *err)
{
	const struct key_finder finder = { house_find_key, ctx };
	struct scene *scene = ctx;
	struct authority *authority = NULL;
	int rc = authority_open(NULL, scene->house.store, &finder, &authority, err);

	if (rc == 0)
		authority_close(authority);
	return rc;
}

static int
creates_an_issuer(void *ctx, struct error *err)
{
	struct scene *scene = ctx;
	struct violations v = { 0 };
	char name[32];
	struct issuer_spec spec = {
		.name = name,
		.subject = "/CN=more",
		.parent = "root",
		.path_len = -1,
		.crl_url = "http://crl.example/more",
		.actor = "test",
	};

	snprintf(name, sizeof(name), "more-%d", scene->issuers);
	memory_pause();
	if (scene->house.key_count == scene->issuers + 2)
		house_add_key(&scene->house, name, ec_key("P-256"));
	memory_resume();
	spec.key = scene->house.keys[scene->issuers + 2];
	if (authority_create_issuer(scene->house.authority, &spec, &v, err) != 0)
		return -1;
	scene->issuers++;
	return 0;
}

/* Later each time, so that each has something to make. */
static int
publishes_a_crl(void *ctx, struct error *err)
{
	struct scene *scene = ctx;
	struct crl_info crl;
	int rc;

	scene->now += 30LL * 86400;
	authority_publish(scene->house.authority, scene->now);
	rc = authority_crl(
	    scene->house.authority, "root", AUTHORITY_ALL_SHARDS, false, &crl, err);
	if (rc == 0)
		shared_free(crl.der);
	return rc;
}

static int
reads_a_bundle(void *ctx, struct error *err)
{
	struct scene *scene = ctx;
	struct bundle bundle;
	int rc = bundle_read(NULL, buf_bytes(&scene->root), &bundle, err);

	bundle_clear(&bundle);
	return rc;
}

static int
reads_anchors(void *ctx, struct error *err)
{
	struct scene *scene = ctx;
	X509_STORE *anchors = NULL;
	int rc = anchors_read(NULL, buf_bytes(&scene->root), "file", &anchors, err);

	X509_STORE_free(anchors);
	return rc;
}

static int
verifies_a_client(void *ctx, struct error *err)
{
	struct scene *scene = ctx;
	const struct client_chain chain = { { buf_bytes(&scene->leaf) }, 1 };
	struct client_certificate *client = NULL;
	enum client_fault fault;
	int rc = client_certificate_verify(
	    scene->house.authority, scene->anchors, &chain, &client, &fault, err);

	client_certificate_free(client);
	return rc;
}

static int
writes_and_reads_a_reference(void *ctx, struct error *err)
{
	static const char *const labels[] = { REFERENCE_PEM_LABEL, NULL };
	struct scene *scene = ctx;
	struct buffer pem, der;
	struct bytes bytes;
	struct key key;
	int rc = -1;

	buf_init(&pem, 0);
	buf_init(&der, 0);
	if (reference_to_pem(&scene->described, &pem, err) == 0 &&
	    pem_read(buf_bytes(&pem), labels, &der, err) == 0) {
		bytes = buf_bytes(&der);
		rc = reference_decode(&bytes, &key, err);
	}
	buf_free(&pem);
	buf_free(&der);
	return rc;
}

static int
makes_a_client(void *ctx, struct error *err)
{
	const struct client_options options = { .sockets = "/nowhere/a,/nowhere/b",
		.connect_timeout_ms = 1,
		.answer_timeout_ms = 1 };
	struct client *client = NULL;
	int rc = client_new(&options, &client, err);

	(void)ctx;
	client_free(client);
	return rc;
}

static int
builds_a_request(void *ctx, struct error *err)
{
	static const char *const sans[] = { "dns:a.example", "ip:10.0.0.1" };
	struct scene *scene = ctx;
	const struct csr_spec spec = {
		.key = scene->key, .subject = "/CN=x", .sans = sans, .san_count = 2
	};
	struct buffer pem;
	int rc;

	buf_init(&pem, 0);
	rc = csr_build(NULL, &spec, &pem, err);
	buf_free(&pem);
	return rc;
}

static const struct memory_case cases[] = {
	{ .name = "csr_read", .run = reads_a_request },
	{ .name = "csr_read of a forged one",
	    .run = reads_a_forged_request,
	    .is_refused = true },
	{ .name = "csr_build", .run = builds_a_request },
	{ .name = "authority_issue", .run = issues_a_certificate, .stride = 61 },
	{ .name = "authority_issue of a forged one",
	    .run = issues_what_was_forged,
	    .is_refused = true,
	    .stride = 61 },
	{ .name = "store_open", .run = opens_a_store, .stride = 61 },
	{ .name = "authority_open", .run = opens_an_authority, .stride = 61 },
	{ .name = "authority_publish", .run = publishes_a_crl, .stride = 61 },
	{ .name = "bundle_read", .run = reads_a_bundle },
	{ .name = "anchors_read", .run = reads_anchors, .stride = 61 },
	{ .name = "client_certificate_verify", .run = verifies_a_client, .stride = 61 },
	{ .name = "reference", .run = writes_and_reads_a_reference },
	{ .name = "client_new", .run = makes_a_client },
	/* The last: the others would have to do with all of its issuers. */
	{ .name = "authority_create_issuer", .run = creates_an_issuer, .stride = 61 },
};

static void
take_certificate(struct scene *scene, const char *issuer, struct buffer *pem)
{
	const struct issuer_info *info;

	assert_int_equal(
	    authority_find_issuer(scene->house.authority, issuer, &info, NULL), 0);
	buf_init(pem, 0);
	certtext_pem(info->certificate, pem);
}

static int
enter(void **state)
{
	static struct scene scene;
	struct issue_result result;
	struct violations v;
	struct buffer spki;
	struct bytes bytes;

	house_open(&scene.house, NULL);
	house_add_issuers(&scene.house, ec_key("P-256"));
	scene.key = ec_key("P-256");
	scene.now = clock_now_s();
	simple_request(scene.key, "DNS:a.example,IP:10.0.0.1", &scene.csr);
	simple_request(scene.key, "DNS:a.example", &scene.forged);
	scene.forged.data[scene.forged.len - 1] ^= 1;
	assert_int_equal(
	    house_issue(&scene.house, &scene.csr, "client", &result, &v, NULL), 0);
	buf_append(&scene.leaf, result.certificate.data, result.certificate.len);
	issue_result_clear(&result);
	take_certificate(&scene, "internal", &scene.root);
	assert_int_equal(
	    anchors_read(NULL, buf_bytes(&scene.root), "file", &scene.anchors, NULL), 0);
	buf_init(&spki, 0);
	software_spki(scene.key, &spki);
	bytes = buf_bytes(&spki);
	assert_int_equal(key_init(&scene.described, "web", &bytes, NULL), 0);
	buf_free(&spki);
	*state = &scene;
	return 0;
}

static int
leave(void **state)
{
	struct scene *scene = *state;
	char path[128];

	for (const char *const *end =
		 (const char *const[]){ "", "-wal", "-shm", ".lock", NULL };
	     *end != NULL; end++) {
		snprintf(path, sizeof(path), "%s/other.db%s", scene->house.dir, *end);
		unlink(path);
	}
	house_close(&scene->house);
	EVP_PKEY_free(scene->key);
	X509_STORE_free(scene->anchors);
	buf_free(&scene->csr);
	buf_free(&scene->forged);
	buf_free(&scene->leaf);
	buf_free(&scene->root);
	return 0;
}

static void
try_all(void *scene, unsigned sources)
{
	size_t failures = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		failures += memory_try(&cases[i], sources, scene);
	assert_true(failures > sizeof(cases) / sizeof(cases[0]));
}

static void
says_so_when_it_has_no_memory(void **state)
{
	try_all(*state, MEMORY_OURS | MEMORY_SQLITE);
}

static void
survives_when_libcrypto_has_none(void **state)
{
	try_all(*state, MEMORY_LIBCRYPTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_so_when_it_has_no_memory),
		cmocka_unit_test(survives_when_libcrypto_has_none),
	};

	memory_take_over();
	return cmocka_run_group_tests(tests, enter, leave);
}
