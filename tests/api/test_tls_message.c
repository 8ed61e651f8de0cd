/* test_tls_message.c - what OpenSSL signs in handshakes is recognised, nothing else is.
 */
#include "api/tls_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>

#include <openssl/x509.h>

#include "tests/api/handshake.h"

enum {
	VERIFY_13 = 1,
	KEY_EXCHANGE = 2,
	VERIFY_12 = 4,
	OWN_CSR = 8,
};

/* Every recogniser that takes it. */
static int
kinds_of(const unsigned char *data, size_t len, enum scheme scheme, const struct key *key)
{
	struct bytes message = { data, len };

	return (tls_is_certificate_verify_13(&message, scheme, key->type) ? VERIFY_13
									  : 0) |
	       (tls_is_server_key_exchange(&message) ? KEY_EXCHANGE : 0) |
	       (tls_is_certificate_verify_12(&message) ? VERIFY_12 : 0) |
	       (is_own_csr(&message, key) ? OWN_CSR : 0);
}

static int
kinds_of_recorded(const struct recorded *r)
{
	return kinds_of(r->data, r->len, r->scheme, &r->key);
}

#define ECDHE  "ECDHE+AESGCM"
#define DHE    "DHE-RSA-AES128-GCM-SHA256"
#define SHA256 "TLS_AES_128_GCM_SHA256"
#define SHA384 "TLS_AES_256_GCM_SHA384"

/* The first four are used by name below. */
enum { EC_12, DHE_12, CLIENT_12, RSA_13 };

static const struct {
	struct handshake spec;
	int server, client; /* what each signs */
} handshakes[] = {
	[EC_12] = { { "EC", NULL, "P-256", TLS1_2_VERSION, ECDHE, "P-256", false, false },
	    KEY_EXCHANGE, 0 },
	[DHE_12] = { { "RSA", NULL, NULL, TLS1_2_VERSION, DHE, NULL, true, false },
	    KEY_EXCHANGE, 0 },
	[CLIENT_12] = { { "EC", "EC", "P-256", TLS1_2_VERSION, ECDHE, "P-256", false,
			    true },
	    KEY_EXCHANGE, VERIFY_12 },
	[RSA_13] = { { "RSA", "RSA", NULL, TLS1_3_VERSION, SHA256, NULL, false, true },
	    VERIFY_13, VERIFY_13 },
	{ { "RSA", NULL, NULL, TLS1_2_VERSION, ECDHE, "X25519", false, false },
	    KEY_EXCHANGE, 0 },
	{ { "EC", NULL, "P-384", TLS1_2_VERSION, ECDHE, "P-384", false, false },
	    KEY_EXCHANGE, 0 },
	{ { "EC", NULL, "P-521", TLS1_2_VERSION, ECDHE, "P-521", false, false },
	    KEY_EXCHANGE, 0 },
	{ { "RSA", NULL, NULL, TLS1_2_VERSION, ECDHE, "X448", false, false },
	    KEY_EXCHANGE, 0 },
	{ { "RSA", "RSA", NULL, TLS1_2_VERSION, DHE, NULL, true, true }, KEY_EXCHANGE,
	    VERIFY_12 },
	{ { "ED25519", "ED25519", NULL, TLS1_2_VERSION, ECDHE, NULL, false, true },
	    KEY_EXCHANGE, VERIFY_12 },
	{ { "EC", "EC", "P-256", TLS1_3_VERSION, SHA384, NULL, false, true }, VERIFY_13,
	    VERIFY_13 },
	{ { "EC", "EC", "P-384", TLS1_3_VERSION, SHA256, NULL, false, true }, VERIFY_13,
	    VERIFY_13 },
	{ { "ED25519", "ED25519", NULL, TLS1_3_VERSION, SHA384, NULL, false, true },
	    VERIFY_13, VERIFY_13 },
};
#define HANDSHAKES (sizeof(handshakes) / sizeof(handshakes[0]))

static struct recorder recorders[HANDSHAKES];

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < HANDSHAKES; i++)
		handshake_run(&handshakes[i].spec, &recorders[i]);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < HANDSHAKES; i++)
		recorder_clear(&recorders[i]);
	return 0;
}

/* A copy to spoil. */
static struct recorded
copy_of(size_t handshake, const char *name)
{
	return *recorder_find(&recorders[handshake], name);
}

static void
recognises_what_each_side_signs(void **state)
{
	(void)state;
	for (size_t i = 0; i < HANDSHAKES; i++) {
		const struct recorder *r = &recorders[i];

		assert_int_equal(r->count, handshakes[i].client != 0 ? 2 : 1);
		assert_int_equal(
		    kinds_of_recorded(recorder_find(r, "server")), handshakes[i].server);
		if (handshakes[i].client != 0)
			assert_int_equal(kinds_of_recorded(recorder_find(r, "client")),
			    handshakes[i].client);
	}
}

static void
refuses_each_with_a_byte_more_or_less(void **state)
{
	(void)state;
	for (size_t i = 0; i < HANDSHAKES; i++) {
		for (size_t j = 0; j < recorders[i].count; j++) {
			struct recorded r = recorders[i].messages[j];

			r.len--;
			assert_int_equal(kinds_of_recorded(&r), 0);
			r.len += 2;
			for (int last = 0; last < 256; last++) {
				r.data[r.len - 1] = (unsigned char)last;
				assert_int_equal(kinds_of_recorded(&r), 0);
			}
			r.len--;
			memmove(r.data, r.data + 1, --r.len);
			assert_int_equal(kinds_of_recorded(&r), 0);
		}
	}
}

static size_t
make_csr(EVP_PKEY *key, long version, unsigned char **tbs)
{
	X509_REQ *req = X509_REQ_new();
	size_t len;

	X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_ASC,
	    (const unsigned char *)"web", -1, -1, 0);
	X509_REQ_set_version(req, version);
	X509_REQ_set_pubkey(req, key);
	*tbs = NULL;
	len = (size_t)i2d_re_X509_REQ_tbs(req, tbs);
	X509_REQ_free(req);
	return len;
}

static void
recognises_a_request_for_its_own_key(void **state)
{
	const struct recorder *own = &recorders[EC_12], *other = &recorders[CLIENT_12];
	const enum scheme scheme = SCHEME_ECDSA_SECP256R1_SHA256;
	unsigned char *tbs, longer[1024];
	struct key key, others;
	size_t len;

	(void)state;
	software_key("web", own->keys[0], &key);
	software_key("web", other->keys[0], &others);
	len = make_csr(own->keys[0], X509_REQ_VERSION_1, &tbs);
	assert_int_equal(kinds_of(tbs, len, scheme, &key), OWN_CSR);
	assert_int_equal(kinds_of(tbs, len, scheme, &others), 0);
	assert_int_equal(kinds_of(tbs, len - 1, scheme, &key), 0);
	memcpy(longer, tbs, len);
	longer[len] = 0;
	assert_int_equal(kinds_of(longer, len + 1, scheme, &key), 0);
	OPENSSL_free(tbs);
	len = make_csr(own->keys[0], 1, &tbs);
	assert_int_equal(kinds_of(tbs, len, scheme, &key), 0);
	OPENSSL_free(tbs);
}

/* Refused whatever the key and scheme, of which all fitting pairs are tried. */
static void
refuse_everywhere(const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < HANDSHAKES; i++)
		for (size_t j = 0; j < recorders[i].count; j++)
			for (int scheme = 0; scheme < SCHEMES; scheme++)
				assert_int_equal(kinds_of(data, len, (enum scheme)scheme,
						     &recorders[i].messages[j].key),
				    0);
}

static void
refuses_arbitrary_bytes(void **state)
{
	unsigned char data[512] = { 0 };

	(void)state;
	refuse_everywhere(data, 0);
	for (size_t len = 1; len <= sizeof(data); len++)
		refuse_everywhere(data, len);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 37 + 11);
	refuse_everywhere(data, 32);
	refuse_everywhere(data, 64);
	refuse_everywhere(data, sizeof(data));
	memset(data, ' ', sizeof(data));
	for (size_t len = 1; len <= sizeof(data); len++)
		refuse_everywhere(data, len);
}

static void
refuses_other_contexts_than_tls_13s(void **state)
{
	static const char *const contexts[] = { "TLS 1.3, server CertificateVerifz",
		"tls 1.3, server CertificateVerify", "TLS 1.2, server CertificateVerify",
		"TLS 1.3, sXrver CertificateVerify",
		"  TLS 1.3, client CertificateVeri" };

	(void)state;
	for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
		struct recorded r = copy_of(RSA_13, "server");

		assert_int_equal(strlen(contexts[i]), 33);
		memcpy(r.data + 64, contexts[i], 33);
		assert_int_equal(kinds_of_recorded(&r), 0);
	}
}

static void
refuses_a_spoilt_head_of_a_tls_13_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < 64 + 33 + 1; i++) {
		struct recorded r = copy_of(RSA_13, "server");

		r.data[i] ^= 0x80;
		assert_int_equal(kinds_of_recorded(&r), 0);
	}
}

static void
refuses_a_transcript_hash_of_another_length(void **state)
{
	struct recorded r = copy_of(RSA_13, "server");

	(void)state;
	for (size_t len = 0; len <= 256; len++) {
		r.len = 64 + 34 + len;
		assert_int_equal(
		    kinds_of_recorded(&r), len == 32 || len == 48 ? VERIFY_13 : 0);
	}
}

static void
refuses_schemes_that_tls_13_has_not(void **state)
{
	struct recorded r = copy_of(RSA_13, "server");

	(void)state;
	r.scheme = SCHEME_RSA_PSS_RSAE_SHA512;
	assert_int_equal(kinds_of_recorded(&r), VERIFY_13);
	for (int scheme = SCHEME_RSA_PKCS1_SHA256; scheme <= SCHEME_RSA_PKCS1_SHA512;
	     scheme++) {
		r.scheme = (enum scheme)scheme;
		assert_int_equal(kinds_of_recorded(&r), 0);
	}
	r.key.type = KEY_EC_P256;
	r.scheme = SCHEME_ECDSA_SECP384R1_SHA384;
	assert_int_equal(kinds_of_recorded(&r), 0);
	r.scheme = SCHEME_ECDSA_SECP256R1_SHA256;
	assert_int_equal(kinds_of_recorded(&r), VERIFY_13);
}

static void
refuses_unknown_curves_and_points(void **state)
{
	/* Where in the message, and what to put there. */
	static const struct {
		size_t at;
		unsigned char value;
	} spoils[] = {
		{ 64, 1 },  /* explicit_prime */
		{ 64, 2 },  /* explicit_char2 */
		{ 65, 1 },  /* group 0x0117 */
		{ 66, 19 }, /* secp192r1 */
		{ 66, 22 }, /* secp256k1 */
		{ 66, 24 }, /* secp384r1, with a point of secp256r1 */
		{ 67, 64 }, /* a shorter point, a byte behind it */
		{ 67, 66 }, /* a longer point than there is */
		{ 68, 2 },  /* compressed */
		{ 68, 6 },  /* hybrid */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		struct recorded r = copy_of(EC_12, "server");

		r.data[spoils[i].at] = spoils[i].value;
		assert_int_equal(kinds_of_recorded(&r), 0);
	}
}

static size_t
put_vector(unsigned char *at, size_t len, unsigned char first, unsigned char last)
{
	at[0] = (unsigned char)(len >> 8);
	at[1] = (unsigned char)len;
	memset(at + 2, 0x5a, len);
	if (len > 0) {
		at[2] = first;
		at[1 + len] = last;
	}
	return len + 2;
}

/* A DHE message over the group of prime, with a generator and public value of these
 * lengths. */
static int
kinds_of_dhe(const BIGNUM *prime, size_t g, size_t public)
{
	struct recorded r = copy_of(DHE_12, "server");
	size_t len = (size_t)BN_num_bytes(prime);

	r.len = 64;
	r.len += put_vector(r.data + r.len, len, 0, 0);
	assert_int_equal(BN_bn2bin(prime, r.data + r.len - len), len);
	r.len += put_vector(r.data + r.len, g, 2, 2);
	r.len += put_vector(r.data + r.len, public, 9, 9);
	return kinds_of_recorded(&r);
}

static void
refuses_diffie_hellman_parameters_that_nobody_knows(void **state)
{
	BIGNUM *known = BN_get_rfc3526_prime_2048(NULL),
	       *large = BN_get_rfc3526_prime_8192(NULL);
	BIGNUM *weak = BN_get_rfc3526_prime_1536(NULL), *other = BN_dup(known);

	(void)state;
	assert_int_equal(kinds_of_dhe(known, 1, 256), KEY_EXCHANGE);
	assert_int_equal(kinds_of_dhe(large, 1, 1), KEY_EXCHANGE);
	assert_int_equal(kinds_of_dhe(weak, 1, 192), 0);
	assert_int_equal(BN_sub_word(other, 2), 1);
	assert_int_equal(kinds_of_dhe(other, 1, 256), 0);
	assert_int_equal(kinds_of_dhe(known, 0, 256), 0);
	assert_int_equal(kinds_of_dhe(known, 2, 256), 0);
	assert_int_equal(kinds_of_dhe(known, 1, 0), 0);
	assert_int_equal(kinds_of_dhe(known, 1, 257), 0);
	BN_free(known);
	BN_free(large);
	BN_free(weak);
	BN_free(other);
}

/* The length of the handshake message at data, with its header. */
static size_t
message_len(const unsigned char *data)
{
	return 4 + ((size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3]);
}

static void
refuses_transcripts_that_stop_early_or_start_late(void **state)
{
	const struct recorded *whole = recorder_find(&recorders[CLIENT_12], "client");
	size_t at = 0;

	(void)state;
	while (at < whole->len) {
		size_t next = at + message_len(whole->data + at);

		if (next < whole->len)
			assert_int_equal(
			    kinds_of(whole->data, next, whole->scheme, &whole->key), 0);
		if (at > 0)
			assert_int_equal(kinds_of(whole->data + at, whole->len - at,
					     whole->scheme, &whole->key),
			    0);
		at = next;
	}
	assert_int_equal(at, whole->len);
}

static void
refuses_a_transcript_without_the_servers_request(void **state)
{
	struct recorded r = copy_of(CLIENT_12, "client");
	size_t at = 0;

	(void)state;
	while (r.data[at] != 13)
		at += message_len(r.data + at);
	r.data[at] = 12;
	assert_int_equal(kinds_of_recorded(&r), 0);
}

static void
refuses_a_spoilt_client_hello(void **state)
{
	struct recorded r = copy_of(CLIENT_12, "client");

	(void)state;
	assert_int_equal(r.data[0], 1);
	r.data[5] = 1; /* TLS 1.0 */
	assert_int_equal(kinds_of_recorded(&r), 0);
	r = copy_of(CLIENT_12, "client");
	r.data[4 + 2 + 32] = 33; /* of the session id */
	assert_int_equal(kinds_of_recorded(&r), 0);
	r = copy_of(CLIENT_12, "client");
	r.data[message_len(r.data)] = 1; /* a second ClientHello */
	assert_int_equal(kinds_of_recorded(&r), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recognises_what_each_side_signs),
		cmocka_unit_test(refuses_each_with_a_byte_more_or_less),
		cmocka_unit_test(recognises_a_request_for_its_own_key),
		cmocka_unit_test(refuses_arbitrary_bytes),
		cmocka_unit_test(refuses_other_contexts_than_tls_13s),
		cmocka_unit_test(refuses_a_spoilt_head_of_a_tls_13_message),
		cmocka_unit_test(refuses_a_transcript_hash_of_another_length),
		cmocka_unit_test(refuses_schemes_that_tls_13_has_not),
		cmocka_unit_test(refuses_unknown_curves_and_points),
		cmocka_unit_test(refuses_diffie_hellman_parameters_that_nobody_knows),
		cmocka_unit_test(refuses_transcripts_that_stop_early_or_start_late),
		cmocka_unit_test(refuses_a_transcript_without_the_servers_request),
		cmocka_unit_test(refuses_a_spoilt_client_hello),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
