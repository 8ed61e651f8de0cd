/* test_keytable.c - keys by name and by hash. */
#include "pkcs11/keytable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY 1000

static struct keystore_key
numbered(unsigned n)
{
	struct keystore_key key = { .use = KEY_USE_TLS };

	snprintf(key.key.name, sizeof(key.key.name), "key-%u", n);
	/* All but a few share their first bytes, and so their bucket. */
	memcpy(key.key.spki_sha256 + (n < 900 ? 0 : 16), &n, sizeof(n));
	memcpy(key.id.data, &n, sizeof(n));
	key.id.len = sizeof(n);
	return key;
}

static void
fill(struct keytable *table)
{
	for (unsigned n = 0; n < MANY; n++) {
		struct keystore_key key = numbered(n);

		assert_int_equal(keytable_add(table, &key, n + 1), 0);
		assert_int_equal(table->count, n + 1);
	}
}

static void
finds_each_of_many_by_name_and_hash(void **state)
{
	struct keytable table = { 0 };

	(void)state;
	fill(&table);
	for (unsigned n = 0; n < MANY; n++) {
		struct keystore_key key = numbered(n);
		struct keytable_slot *slot = keytable_by_name(&table, key.key.name);

		assert_non_null(slot);
		assert_int_equal(slot->handle, n + 1);
		assert_ptr_equal(keytable_by_spki(&table, key.key.spki_sha256), slot);
		assert_ptr_equal(keytable_by_id(&table, &key.id), slot);
		key.id.len--;
		assert_null(keytable_by_id(&table, &key.id));
	}
	keytable_clear(&table);
	assert_int_equal(table.count, 0);
}

static void
a_removed_key_is_not_found_and_the_others_are(void **state)
{
	struct keytable table = { 0 };

	(void)state;
	fill(&table);
	for (unsigned n = 0; n < MANY; n += 2) {
		struct keystore_key key = numbered(n);

		keytable_remove(&table, key.key.spki_sha256);
	}
	assert_int_equal(table.count, MANY / 2);
	for (unsigned n = 0; n < MANY; n++) {
		struct keystore_key key = numbered(n);

		assert_int_equal(keytable_by_name(&table, key.key.name) != NULL, n % 2);
		assert_int_equal(
		    keytable_by_spki(&table, key.key.spki_sha256) != NULL, n % 2);
		assert_int_equal(keytable_by_id(&table, &key.id) != NULL, n % 2);
	}
	keytable_clear(&table);
}

static void
removing_an_absent_key_changes_nothing(void **state)
{
	struct keytable table = { 0 };
	struct keystore_key key = numbered(1), other = numbered(2);

	(void)state;
	keytable_remove(&table, other.key.spki_sha256);
	assert_int_equal(keytable_add(&table, &key, 1), 0);
	keytable_remove(&table, other.key.spki_sha256);
	assert_int_equal(table.count, 1);
	keytable_clear(&table);
}

static void
a_name_finds_its_current_key_and_a_hash_any(void **state)
{
	struct keytable table = { 0 };
	struct keytable_slot *slot;
	struct keystore_key key;

	(void)state;
	for (unsigned n = 0; n < 100; n++) {
		key = numbered(n);
		snprintf(key.key.name, sizeof(key.key.name), "web");
		key.replaced = n == 40 ? 0 : 1;
		assert_int_equal(keytable_add(&table, &key, n + 1), 0);
	}
	slot = keytable_by_name(&table, "web");
	assert_non_null(slot);
	assert_int_equal(slot->handle, 41);
	for (unsigned n = 0; n < 100; n++) {
		key = numbered(n);
		slot = keytable_by_spki(&table, key.key.spki_sha256);
		assert_non_null(slot);
		assert_int_equal(slot->handle, n + 1);
	}
	key = numbered(40);
	keytable_remove(&table, key.key.spki_sha256);
	assert_null(keytable_by_name(&table, "web"));
	assert_int_equal(table.count, 99);
	keytable_clear(&table);
}

static void
an_empty_table_has_no_key(void **state)
{
	struct keytable table = { 0 };
	struct keystore_key key = numbered(1);

	(void)state;
	assert_null(keytable_by_name(&table, "key-1"));
	assert_null(keytable_by_spki(&table, key.key.spki_sha256));
	assert_null(keytable_by_id(&table, &key.id));
	keytable_clear(&table);
	assert_int_equal(keytable_add(&table, &key, 1), 0);
	assert_non_null(keytable_by_name(&table, "key-1"));
	keytable_clear(&table);
	assert_null(keytable_by_name(&table, "key-1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_each_of_many_by_name_and_hash),
		cmocka_unit_test(a_removed_key_is_not_found_and_the_others_are),
		cmocka_unit_test(removing_an_absent_key_changes_nothing),
		cmocka_unit_test(a_name_finds_its_current_key_and_a_hash_any),
		cmocka_unit_test(an_empty_table_has_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
