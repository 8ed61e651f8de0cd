/* test_reference.c - the reference to a key: one encoding, strictly read. */
#include "evp/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "tests/evp/software.h"

static void
reads_back_what_it_writes(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_TYPES; i++) {
		struct key key = software_describe((enum key_type)i, "www.example-1_a");
		struct key again;
		struct buffer der;
		struct bytes bytes;

		buf_init(&der, REFERENCE_MAX_BYTES);
		assert_int_equal(reference_encode(&key, &der, NULL), 0);
		bytes = buf_bytes(&der);
		assert_int_equal(reference_decode(&bytes, &again, NULL), 0);
		assert_string_equal(again.name, key.name);
		assert_int_equal(again.type, key.type);
		assert_int_equal(again.spki_len, key.spki_len);
		assert_memory_equal(again.spki, key.spki, key.spki_len);
		assert_memory_equal(again.spki_sha256, key.spki_sha256, KEY_SHA256_SIZE);
		buf_free(&der);
	}
}

static void
writes_pem_that_openssl_reads(void **state)
{
	struct key key = software_describe(KEY_RSA_4096, "web");
	struct buffer pem, der;
	char *label = NULL, *header = NULL;
	unsigned char *data = NULL;
	long len = 0;
	BIO *bio;

	(void)state;
	buf_init(&pem, 0);
	buf_init(&der, 0);
	assert_int_equal(reference_to_pem(&key, &pem, NULL), 0);
	assert_int_equal(reference_encode(&key, &der, NULL), 0);
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	assert_int_equal(PEM_read_bio(bio, &label, &header, &data, &len), 1);
	assert_string_equal(label, "KEYHOLD KEY REFERENCE");
	assert_string_equal(header, "");
	assert_int_equal(len, der.len);
	assert_memory_equal(data, der.data, der.len);
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(data);
	BIO_free(bio);
	buf_free(&der);
	buf_free(&pem);
}

/* What to write in place of what reference_encode would. */
struct craft {
	unsigned char version, name_tag;
	const void *name;
	size_t name_len;
	struct bytes key;
};

static void
append_header(struct buffer *der, unsigned char tag, size_t len)
{
	unsigned char header[4] = { tag, (unsigned char)len };
	size_t header_len = 2;

	if (len >= 256) {
		header[1] = 0x82;
		header[2] = (unsigned char)(len >> 8);
		header[3] = (unsigned char)len;
		header_len = 4;
	} else if (len >= 128) {
		header[1] = 0x81;
		header[2] = (unsigned char)len;
		header_len = 3;
	}
	buf_append(der, header, header_len);
}

static void
craft(const struct craft *from, struct buffer *der)
{
	unsigned char version[] = { 0x02, 0x01, from->version };
	struct buffer body;

	buf_init(&body, 0);
	buf_append(&body, version, sizeof(version));
	append_header(&body, from->name_tag, from->name_len);
	buf_append(&body, from->name, from->name_len);
	buf_append(&body, from->key.data, from->key.len);
	buf_init(der, 0);
	append_header(der, 0x30, body.len);
	buf_append(der, body.data, body.len);
	buf_free(&body);
}

static void
check_refusal(const void *data, size_t len, enum error_code code)
{
	struct bytes bytes = { .data = data, .len = len };
	struct error err = { 0 };
	struct key key;

	assert_int_equal(reference_decode(&bytes, &key, &err), -1);
	assert_int_equal(err.code, code);
	/* A decoder passes by in silence: its error would be the application's. */
	assert_int_equal(ERR_peek_error(), 0);
}

static void
check_craft_refusal(const struct craft *from, enum error_code code)
{
	struct buffer der;

	craft(from, &der);
	check_refusal(der.data, der.len, code);
	buf_free(&der);
}

static struct craft
good(const struct key *key)
{
	return (struct craft){ .version = 1,
		.name_tag = 0x0c,
		.name = key->name,
		.name_len = strlen(key->name),
		.key = { .data = key->spki, .len = key->spki_len } };
}

/* The other tests mean something only while this one passes. */
static void
accepts_what_the_tests_craft(void **state)
{
	struct key key = software_describe(KEY_RSA_2048, "web"), again;
	struct craft from = good(&key);
	struct buffer der;
	struct bytes bytes;

	(void)state;
	craft(&from, &der);
	bytes = buf_bytes(&der);
	assert_int_equal(reference_decode(&bytes, &again, NULL), 0);
	buf_free(&der);
}

static void
refuses_another_version(void **state)
{
	struct key key = software_describe(KEY_EC_P256, "web");
	struct craft from = good(&key);

	(void)state;
	from.version = 2;
	check_craft_refusal(&from, ERROR_UNSUPPORTED);
	from.version = 0;
	check_craft_refusal(&from, ERROR_UNSUPPORTED);
	from.version = 0xff;
	check_craft_refusal(&from, ERROR_UNSUPPORTED);
}

static void
refuses_a_trailing_byte(void **state)
{
	struct key key = software_describe(KEY_EC_P256, "web");
	struct craft from = good(&key);
	struct buffer der;

	(void)state;
	craft(&from, &der);
	buf_append(&der, "", 1);
	check_refusal(der.data, der.len, ERROR_BAD_REQUEST);
	buf_free(&der);
}

static void
refuses_every_truncation(void **state)
{
	struct key key = software_describe(KEY_EC_P256, "web");
	struct craft from = good(&key);
	struct buffer der;

	(void)state;
	craft(&from, &der);
	for (size_t len = 0; len < der.len; len++)
		check_refusal(der.data, len, ERROR_BAD_REQUEST);
	buf_free(&der);
}

static void
refuses_a_length_in_its_long_form(void **state)
{
	struct key key = software_describe(KEY_ED25519, "web");
	struct craft from = good(&key);
	unsigned char ber[256] = { 0x30, 0x81 };
	struct buffer der;

	(void)state;
	craft(&from, &der);
	assert_true(der.data[1] < 0x80);
	memcpy(ber + 2, der.data + 1, der.len - 1);
	check_refusal(ber, der.len + 1, ERROR_BAD_REQUEST);
	buf_free(&der);
}

static void
refuses_an_indefinite_length(void **state)
{
	struct key key = software_describe(KEY_ED25519, "web");
	struct craft from = good(&key);
	struct buffer der;

	(void)state;
	craft(&from, &der);
	der.data[1] = 0x80;
	buf_append(&der, "\0\0", 2);
	check_refusal(der.data, der.len, ERROR_BAD_REQUEST);
	buf_free(&der);
}

static void
refuses_a_bad_name(void **state)
{
	static const char *const names[] = { "", "Web", "a/b", "a b", "-web",
		"w\303\251b" };
	struct key key = software_describe(KEY_EC_P256, "web");
	struct craft from = good(&key);

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		from.name = names[i];
		from.name_len = strlen(names[i]);
		check_craft_refusal(&from, ERROR_BAD_REQUEST);
	}
}

static void
refuses_a_nul_in_the_name(void **state)
{
	struct key key = software_describe(KEY_EC_P256, "web");
	struct craft from = good(&key);

	(void)state;
	from.name = "web\0other";
	from.name_len = 9;
	check_craft_refusal(&from, ERROR_BAD_REQUEST);
	from.name = "web";
	from.name_len = 4;
	check_craft_refusal(&from, ERROR_BAD_REQUEST);
}

static void
refuses_a_name_that_is_too_long(void **state)
{
	struct key key = software_describe(KEY_EC_P256, "web");
	struct craft from = good(&key);
	char name[200];

	(void)state;
	memset(name, 'a', sizeof(name));
	from.name = name;
	from.name_len = NAME_MAX_CHARS + 1;
	check_craft_refusal(&from, ERROR_BAD_REQUEST);
	from.name_len = sizeof(name);
	check_craft_refusal(&from, ERROR_BAD_REQUEST);
}

static void
refuses_a_name_of_another_string_type(void **state)
{
	struct key key = software_describe(KEY_EC_P256, "web");
	struct craft from = good(&key);

	(void)state;
	from.name_tag = 0x13; /* PrintableString */
	check_craft_refusal(&from, ERROR_BAD_REQUEST);
	from.name_tag = 0x04;
	check_craft_refusal(&from, ERROR_BAD_REQUEST);
}

static void
refuses_a_key_that_is_no_sequence(void **state)
{
	static const unsigned char null[] = { 0x05, 0x00 };
	static const unsigned char empty[] = { 0x30, 0x00 };
	struct key key = software_describe(KEY_EC_P256, "web");
	struct craft from = good(&key);

	(void)state;
	from.key = (struct bytes){ null, sizeof(null) };
	check_craft_refusal(&from, ERROR_BAD_REQUEST);
	from.key = (struct bytes){ empty, sizeof(empty) };
	check_craft_refusal(&from, ERROR_BAD_REQUEST);
	from.key.len = 0;
	check_craft_refusal(&from, ERROR_BAD_REQUEST);
}

static void
refuses_a_key_of_another_kind(void **state)
{
	struct key key = software_describe(KEY_EC_P256, "web");
	struct craft from = good(&key);
	EVP_PKEY *others[] = { EVP_RSA_gen(1024),
		EVP_PKEY_Q_keygen(NULL, NULL, "X25519") };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct buffer der;

		buf_init(&der, 0);
		software_spki(others[i], &der);
		from.key = buf_bytes(&der);
		check_craft_refusal(&from, ERROR_BAD_REQUEST);
		buf_free(&der);
		EVP_PKEY_free(others[i]);
	}
}

/* Inside a proxy the errors on the queue are the proxy's. */
static void
leaves_errors_that_were_there_alone(void **state)
{
	static const unsigned char junk[] = "no reference";
	struct bytes bytes = { .data = junk, .len = sizeof(junk) };
	struct key key;

	(void)state;
	ERR_raise(ERR_LIB_USER, 42);
	assert_int_equal(reference_decode(&bytes, &key, NULL), -1);
	assert_int_equal(ERR_GET_REASON(ERR_get_error()), 42);
	assert_int_equal(ERR_get_error(), 0);
}

static void
refuses_more_than_the_maximum(void **state)
{
	static unsigned char zeros[REFERENCE_MAX_BYTES + 1] = { 0x30 };

	(void)state;
	check_refusal(zeros, sizeof(zeros), ERROR_BAD_REQUEST);
}

static void
fails_when_the_buffer_is_full(void **state)
{
	struct key key = software_describe(KEY_EC_P256, "web");
	struct error err = { 0 };
	struct buffer small;

	(void)state;
	buf_init(&small, 10);
	assert_int_equal(reference_encode(&key, &small, &err), -1);
	assert_int_equal(err.code, ERROR_INTERNAL);
	assert_int_equal(small.len, 0);
	buf_free(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_it_writes),
		cmocka_unit_test(writes_pem_that_openssl_reads),
		cmocka_unit_test(accepts_what_the_tests_craft),
		cmocka_unit_test(refuses_another_version),
		cmocka_unit_test(refuses_a_trailing_byte),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(refuses_a_length_in_its_long_form),
		cmocka_unit_test(refuses_an_indefinite_length),
		cmocka_unit_test(refuses_a_bad_name),
		cmocka_unit_test(refuses_a_nul_in_the_name),
		cmocka_unit_test(refuses_a_name_that_is_too_long),
		cmocka_unit_test(refuses_a_name_of_another_string_type),
		cmocka_unit_test(refuses_a_key_that_is_no_sequence),
		cmocka_unit_test(refuses_a_key_of_another_kind),
		cmocka_unit_test(leaves_errors_that_were_there_alone),
		cmocka_unit_test(refuses_more_than_the_maximum),
		cmocka_unit_test(fails_when_the_buffer_is_full),
	};

	return cmocka_run_group_tests(tests, software_make, software_free);
}
