/* support.c - fixtures; any failure here ends the test program. */
#include "tests/ca/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/csr.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "ca/keytype.h"
#include "ca/spki.h"
#include "ca/subject.h"

static void
must(bool fine, const char *what)
{
	if (!fine) {
		fprintf(stderr, "fixture: %s\n", what);
		abort();
	}
}

EVP_PKEY *
ec_key(const char *curve)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);

	must(key != NULL, "EC key");
	return key;
}

EVP_PKEY *
rsa_key(size_t bits)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);

	must(key != NULL, "RSA key");
	return key;
}

EVP_PKEY *
rsa_pss_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *key = NULL;

	must(EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_generate(ctx, &key) == 1,
	    "RSA-PSS key");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *
rsa_public(const BIGNUM *n, unsigned long exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *e = BN_new();
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	BN_set_word(e, exponent);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_fromdata_init(ctx);
	must(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1,
	    "RSA public key");
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(e);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *
ed25519_key(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	must(key != NULL, "Ed25519 key");
	return key;
}

X509_REQ *
request_new(EVP_PKEY *key, const char *subject)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = NULL;

	must(subject_from_text(subject, &name, NULL) == 0, subject);
	must(X509_REQ_set_subject_name(req, name) == 1, "subject");
	must(X509_REQ_set_pubkey(req, key) == 1, "public key");
	X509_NAME_free(name);
	return req;
}

void
request_extension(X509_EXTENSIONS **extensions, const char *name, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_nconf(NULL, NULL, name, value);

	must(ext != NULL, value);
	must(X509v3_add_ext(extensions, ext, -1) != NULL, "extension");
	X509_EXTENSION_free(ext);
}

void
request_add(X509_REQ *req, X509_EXTENSIONS *extensions)
{
	must(X509_REQ_add_extensions(req, extensions) == 1, "extension request");
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

void
request_sign(X509_REQ *req, EVP_PKEY *key, const char *digest, struct buffer *der)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *p = NULL;
	int len;

	must(EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL) == 1,
	    "start");
	must(X509_REQ_sign_ctx(req, ctx) > 0, "sign a request");
	must((len = i2d_X509_REQ(req, &p)) > 0, "encode a request");
	buf_init(der, 0);
	buf_append(der, p, (size_t)len);
	OPENSSL_free(p);
	EVP_MD_CTX_free(ctx);
	X509_REQ_free(req);
}

void
milvus_request(EVP_PKEY *key, struct buffer *der)
{
	X509_REQ *req = request_new(key, "/C=CN/O=milvus/OU=milvus/CN=localhost");
	X509_EXTENSIONS *extensions = NULL;

	request_extension(&extensions, "basicConstraints", "CA:FALSE");
	request_extension(
	    &extensions, "keyUsage", "nonRepudiation, digitalSignature, keyEncipherment");
	request_add(req, extensions);
	request_sign(req, key, "SHA256", der);
}

void
simple_request(EVP_PKEY *key, const char *san, struct buffer *der)
{
	X509_REQ *req = request_new(key, "");
	X509_EXTENSIONS *extensions = NULL;

	request_extension(&extensions, "subjectAltName", san);
	request_add(req, extensions);
	request_sign(req, key, EVP_PKEY_is_a(key, "ED25519") ? NULL : "SHA256", der);
}

struct profile
model_profile(void)
{
	static const char *const types[] = { "CN", NULL }, *const any[] = { "**", NULL },
				 *const server[] = { "serverAuth", NULL };

	return (struct profile){
		.name = "own",
		.description = "",
		.subject_allowed = types,
		.dns_names = any,
		.max_names = 10,
		.key_types = keytype_names,
		.ekus = server,
		.default_validity_s = 3600,
		.max_validity_s = 7200,
		.backdate_s = 60,
	};
}

bool
breaks(const struct violations *v, enum rule rule)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->items[i].rule, rule_info(rule)->name) == 0)
			return true;
	for (size_t i = 0; i < v->count; i++)
		fprintf(stderr, "broken instead: %s: %s: %s\n", v->items[i].rule,
		    v->items[i].field, v->items[i].detail);
	return false;
}

static void
read_request(const struct bytes *body, struct violations *v)
{
	struct error err = { 0 };
	struct csr csr;

	*v = (struct violations){ 0 };
	must(csr_read(NULL, body, &csr, v, &err) == 0, err.text);
	must(v->count > 0 || csr.key != NULL, "a request without its key");
	csr_clear(&csr);
}

bool
request_breaks(const struct buffer *der, enum rule rule)
{
	const struct bytes body = buf_bytes(der);
	struct violations v;

	read_request(&body, &v);
	return breaks(&v, rule);
}

bool
request_is_good(const struct bytes *body)
{
	struct violations v;

	read_request(body, &v);
	if (v.count > 0)
		fprintf(stderr, "%s: %s\n", v.items[0].rule, v.items[0].detail);
	return v.count == 0;
}

int
house_find_key(
    void *ctx, const unsigned char hash[static 32], EVP_PKEY **key, struct error *err)
{
	struct house *house = ctx;
	unsigned char mine[32];

	for (int i = 0; i < house->key_count && !house->keys_are_away; i++) {
		if (spki_sha256(NULL, house->keys[i], mine, err) != 0)
			return -1;
		if (memcmp(mine, hash, sizeof(mine)) == 0) {
			EVP_PKEY_up_ref(*key = house->keys[i]);
			return 0;
		}
	}
	return error_set(err, ERROR_NOT_FOUND, "not on the token");
}

void
house_enter(struct house *house)
{
	const struct key_finder finder = { house_find_key, house };
	struct error err = { 0 };

	must(store_open(house->path, &house->store, &err) == 0, err.text);
	must(authority_open(
		 house->libctx, house->store, &finder, &house->authority, &err) == 0,
	    err.text);
}

void
house_open(struct house *house, OSSL_LIB_CTX *libctx)
{
	*house = (struct house){ .libctx = libctx, .dir = "/tmp/keyhold-test-ca-XXXXXX" };
	must(mkdtemp(house->dir) != NULL, "directory");
	snprintf(house->path, sizeof(house->path), "%s/store.db", house->dir);
	house_enter(house);
}

void
house_leave(struct house *house)
{
	authority_close(house->authority);
	store_close(house->store);
}

void
house_reopen(struct house *house)
{
	house_leave(house);
	house_enter(house);
}

void
house_close(struct house *house)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	char path[128];

	house_leave(house);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", house->path, suffixes[i]);
		unlink(path);
	}
	rmdir(house->dir);
	for (int i = 0; i < house->key_count; i++)
		EVP_PKEY_free(house->keys[i]);
}

void
house_add_key(struct house *house, const char *name, EVP_PKEY *key)
{
	static const struct audit_event event = {
		.actor = "test", .action = "key.created", .object = "key"
	};
	struct key_row row = { .type = "ec-p256", .use = "ca", .cka_id_len = 1 };
	unsigned char *p = row.spki;
	struct error err = { 0 };

	must(house->key_count < HOUSE_KEYS, "room for a key");
	row.cka_id[0] = (unsigned char)house->key_count;
	house->keys[house->key_count++] = key;
	snprintf(row.name, sizeof(row.name), "%s", name);
	row.spki_len = (size_t)i2d_PUBKEY(key, &p);
	must(spki_sha256(NULL, key, row.spki_sha256, &err) == 0, err.text);
	must(store_key_add(house->store, &row, &event, &err) == 0, err.text);
}

void
house_add_issuers(struct house *house, EVP_PKEY *internal_key)
{
	struct issuer_spec root = {
		.name = "root",
		.subject = "/C=CN/O=milvus/CN=milvus root",
		.path_len = -1,
		.key = EVP_PKEY_Q_keygen(house->libctx, NULL, "EC", "P-256"),
		.actor = "test",
	};
	struct issuer_spec internal = {
		.name = "internal",
		.subject = "/CN=internal",
		.parent = "root",
		.path_len = -1,
		.key = internal_key,
		.actor = "test",
	};
	struct violations v = { 0 };
	struct error err = { 0 };

	house_add_key(house, "root", root.key);
	house_add_key(house, "internal", internal_key);
	must(authority_create_issuer(house->authority, &root, &v, &err) == 0, err.text);
	must(authority_create_issuer(house->authority, &internal, &v, &err) == 0,
	    err.text);
}

int
house_setup(void **state)
{
	struct house *house = malloc(sizeof(*house));

	must(house != NULL, "memory");
	house_open(house, NULL);
	house_add_issuers(house, ec_key("P-256"));
	*state = house;
	return 0;
}

int
house_teardown(void **state)
{
	house_close(*state);
	free(*state);
	return 0;
}

int
house_issue(struct house *house, const struct buffer *csr, const char *profile,
    struct issue_result *result, struct violations *v, struct error *err)
{
	const struct issue_request request = {
		.issuer = "internal",
		.profile = profile,
		.csr = buf_bytes(csr),
		.actor = "uid:0",
	};

	*v = (struct violations){ 0 };
	return authority_issue(house->authority, &request, result, v, err);
}

static X509 *
read_certificate(struct bytes der)
{
	const unsigned char *p = der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);

	must(cert != NULL, "decode a certificate");
	return cert;
}

static X509 *
issuer_certificate(struct house *house, const char *name)
{
	const struct issuer_info *info;

	must(authority_find_issuer(house->authority, name, &info, NULL) == 0, name);
	return read_certificate(info->certificate);
}

bool
house_trusts(struct house *house, struct bytes der, const char *purpose, const char *host)
{
	X509 *leaf = read_certificate(der), *root = issuer_certificate(house, "root");
	X509 *internal = issuer_certificate(house, "internal");
	X509_STORE *trusted = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509_VERIFY_PARAM *param;
	bool fine;

	must(X509_STORE_add_cert(trusted, root) == 1, "trust the root");
	must(sk_X509_push(untrusted, internal) == 1, "list of issuers");
	must(X509_STORE_CTX_init(ctx, trusted, leaf, untrusted) == 1, "verification");
	param = X509_STORE_CTX_get0_param(ctx);
	must(X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT) == 1, "strict");
	must(X509_VERIFY_PARAM_set1_host(param, host, 0) == 1, host);
	must(X509_STORE_CTX_set_default(ctx, purpose) == 1, purpose);
	fine = X509_verify_cert(ctx) == 1;
	if (!fine)
		fprintf(stderr, "not trusted: %s\n",
		    X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(trusted);
	sk_X509_free(untrusted);
	X509_free(leaf);
	X509_free(root);
	X509_free(internal);
	return fine;
}

int
count_certificates(const char *pem)
{
	int count = 0;

	while ((pem = strstr(pem, "-----BEGIN CERTIFICATE-----")) != NULL) {
		pem++;
		count++;
	}
	return count;
}
