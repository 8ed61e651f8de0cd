/* test_auditcheck.c - what is wrong with a record, and with which entry of it. */
#include "cli/auditcheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/text.h"

#define ENTRIES 10

/* A record as a store would have it, and what the check says of it. */
struct scene {
	struct audit_row rows[ENTRIES];
	struct auditcheck check;
	char said[2048];
};

static void
hear(void *ctx, const char *what)
{
	struct scene *scene = ctx;
	size_t len = strlen(scene->said);

	snprintf(scene->said + len, sizeof(scene->said) - len, "%s\n", what);
}

static void
write_from(struct scene *scene, size_t first)
{
	static const unsigned char zeros[AUDIT_HASH_BYTES];

	for (size_t i = first; i < ENTRIES; i++)
		assert_int_equal(auditchain_hash(i == 0 ? zeros : scene->rows[i - 1].hash,
				     &scene->rows[i], scene->rows[i].hash, NULL),
		    0);
}

static void
make(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->check.complain = hear;
	scene->check.ctx = scene;
	for (size_t i = 0; i < ENTRIES; i++)
		scene->rows[i] = (struct audit_row){
			.seq = (int64_t)i + 1,
			.time = 1700000000 + (int64_t)i,
			.version = i < 3 ? 1 : AUDIT_VERSION,
			.actor = "uid:0",
			.action = "key.created",
			.object = "web",
			.outcome = "ok",
			.request = i < 3 ? "" : "abc-1",
			.detail = "",
		};
	write_from(scene, 0);
}

static void
read_rows(struct scene *scene, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		auditcheck_entry(&scene->check, &scene->rows[i]);
}

static void
says(struct scene *scene, const char *what)
{
	auditcheck_finish(&scene->check);
	auditcheck_clear(&scene->check);
	assert_string_equal(scene->said, what);
	assert_int_equal(scene->check.problems > 0, *what != '\0');
}

static struct auditcheck_head
head_of(const struct audit_row *row, EVP_PKEY *key)
{
	struct auditcheck_head kept = { .seq = row->seq, .time = row->time };
	struct audit_head head = { .seq = row->seq, .time = row->time };
	unsigned char *spki = kept.spki;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct buffer text;

	memcpy(kept.hash, row->hash, sizeof(kept.hash));
	memcpy(head.hash, row->hash, sizeof(head.hash));
	kept.spki_len = (size_t)i2d_PUBKEY(key, &spki);
	kept.signature_len = sizeof(kept.signature);
	buf_init(&text, 0);
	auditchain_head_text(&head, &text);
	assert_int_equal(
	    EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL), 1);
	assert_int_equal(
	    EVP_DigestSign(ctx, kept.signature, &kept.signature_len, text.data, text.len),
	    1);
	EVP_MD_CTX_free(ctx);
	buf_free(&text);
	return kept;
}

static void
hash_of(EVP_PKEY *key, unsigned char hash[static 32])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	assert_int_equal(EVP_Digest(der, (size_t)len, hash, NULL, EVP_sha256(), NULL), 1);
	OPENSSL_free(der);
}

static void
trust(struct scene *scene, EVP_PKEY *key)
{
	unsigned char hash[32];

	hash_of(key, hash);
	assert_int_equal(auditcheck_trust(&scene->check, hash, NULL), 0);
}

static void
finds_nothing_in_a_record_that_holds(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct auditcheck_head head;
	struct scene scene;

	(void)state;
	make(&scene);
	trust(&scene, key);
	head = head_of(&scene.rows[8], key);
	assert_int_equal(auditcheck_expect(&scene.check, &head, NULL), 0);
	head = head_of(&scene.rows[4], key);
	assert_int_equal(auditcheck_expect(&scene.check, &head, NULL), 0);
	read_rows(&scene, 0, ENTRIES);
	says(&scene, "");
	assert_int_equal(scene.check.entries, ENTRIES);
	assert_int_equal(scene.check.heads, 2);
	assert_int_equal(scene.check.signed_seq, 9);
	EVP_PKEY_free(key);
}

static void
names_the_one_entry_that_was_changed(void **state)
{
	struct scene scene;

	(void)state;
	make(&scene);
	scene.rows[5].actor = "uid:1";
	read_rows(&scene, 0, ENTRIES);
	says(&scene,
	    "entry 6: changed, inserted or out of place: its hash is not that of "
	    "it after entry 5\n");
	make(&scene);
	scene.rows[0].outcome = "refused"; /* version 1 has none */
	read_rows(&scene, 0, ENTRIES);
	says(&scene,
	    "entry 1: changed, inserted or out of place: its hash is not that of "
	    "it after entry 0\n");
	make(&scene);
	memset(scene.rows[9].hash, 0, AUDIT_HASH_BYTES);
	read_rows(&scene, 0, ENTRIES);
	says(&scene, "entry 10: changed, inserted or out of place: its hash is not that "
		     "of it after entry 9\n");
}

static void
names_what_is_missing(void **state)
{
	struct scene scene;

	(void)state;
	make(&scene);
	read_rows(&scene, 2, 4);
	read_rows(&scene, 5, ENTRIES);
	says(&scene, "entries 1 to 2: missing; so the entry after it cannot be checked\n"
		     "entry 5: missing; so the entry after it cannot be checked\n");
}

static void
names_two_that_changed_places(void **state)
{
	struct scene scene;
	struct audit_row row;

	(void)state;
	make(&scene);
	row = scene.rows[4];
	scene.rows[4] = scene.rows[5];
	scene.rows[5] = row;
	scene.rows[4].seq = 5;
	scene.rows[5].seq = 6;
	read_rows(&scene, 0, ENTRIES);
	says(&scene,
	    "entry 5: changed, inserted or out of place: its hash is not that of it "
	    "after entry 4\n"
	    "entry 6: was entry 5; an entry before it was inserted, or the two changed "
	    "places\n");
}

static void
names_what_is_beyond_the_end(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct auditcheck_head head;
	struct scene scene;

	(void)state;
	make(&scene);
	head = head_of(&scene.rows[8], key);
	assert_int_equal(auditcheck_expect(&scene.check, &head, NULL), 0);
	read_rows(&scene, 0, 7);
	says(&scene, "entries 8 to 9: missing at the end: the head of "
		     "2023-11-14T22:13:28Z reaches further\n");
	EVP_PKEY_free(key);
}

static void
a_chain_that_was_computed_anew_does_not_agree_with_a_head(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct auditcheck_head head;
	struct scene scene;

	(void)state;
	make(&scene);
	head = head_of(&scene.rows[6], key);
	scene.rows[5].actor = "uid:1";
	write_from(&scene, 5);
	read_rows(&scene, 0, 7);
	auditcheck_signed(&scene.check, &head);
	says(&scene,
	    "entry 7: not the one that the head of 2023-11-14T22:13:26Z was made "
	    "of\n");
	EVP_PKEY_free(key);
}

/* Entry 6 names other as the next key; then old, or nobody, signs before other does. */
static void
rotate(struct scene *scene, EVP_PKEY *old, EVP_PKEY *other, bool handed_over)
{
	static char detail[256];
	unsigned char hash[32];
	char hex[65];
	struct auditcheck_head head;

	make(scene);
	trust(scene, old);
	hash_of(other, hash);
	hex_encode(hex, hash, 32);
	snprintf(detail, sizeof(detail), "type=ec-p256 use=audit old=00 new=%s", hex);
	scene->rows[5].action = "key.rotated";
	scene->rows[5].object = "keyhold-audit";
	scene->rows[5].detail = detail;
	write_from(scene, 5);
	head = head_of(&scene->rows[handed_over ? 6 : 4], old);
	assert_int_equal(auditcheck_expect(&scene->check, &head, NULL), 0);
	head = head_of(&scene->rows[8], other);
	assert_int_equal(auditcheck_expect(&scene->check, &head, NULL), 0);
	read_rows(scene, 0, ENTRIES);
}

static void
believes_a_key_that_the_old_one_handed_over_to(void **state)
{
	EVP_PKEY *old = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	struct scene scene;

	(void)state;
	rotate(&scene, old, other, true);
	says(&scene, "");
	rotate(&scene, old, other, false);
	auditcheck_finish(&scene.check);
	assert_non_null(strstr(scene.said, "head of entry 9: signed by key "));
	assert_non_null(strstr(scene.said, "neither trusted nor was handed over to"));
	auditcheck_clear(&scene.check);
	EVP_PKEY_free(old);
	EVP_PKEY_free(other);
}

static void
a_head_is_by_its_signature_or_not_at_all(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct auditcheck_head head;
	struct scene scene;

	(void)state;
	make(&scene);
	head = head_of(&scene.rows[9], key);
	head.time++;
	read_rows(&scene, 0, ENTRIES);
	auditcheck_signed(&scene.check, &head);
	says(&scene, "head of entry 10: changed: its signature is not of it\n");
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_nothing_in_a_record_that_holds),
		cmocka_unit_test(names_the_one_entry_that_was_changed),
		cmocka_unit_test(names_what_is_missing),
		cmocka_unit_test(names_two_that_changed_places),
		cmocka_unit_test(names_what_is_beyond_the_end),
		cmocka_unit_test(
		    a_chain_that_was_computed_anew_does_not_agree_with_a_head),
		cmocka_unit_test(believes_a_key_that_the_old_one_handed_over_to),
		cmocka_unit_test(a_head_is_by_its_signature_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
