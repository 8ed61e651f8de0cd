/* test_migrate.c - a database that an older keyhold left. */
#include "store/issuers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/revocations.h"
#include "tests/store/fixture.h"

static const char version_1[] =
    "CREATE TABLE keys (\n"
    "    name TEXT PRIMARY KEY,\n"
    "    type TEXT NOT NULL,\n"
    "    use TEXT NOT NULL,\n"
    "    cka_id BLOB NOT NULL,\n"
    "    spki BLOB NOT NULL,\n"
    "    spki_sha256 BLOB NOT NULL UNIQUE,\n"
    "    created INTEGER NOT NULL\n"
    ") STRICT;\n"
    "CREATE TABLE issuers (\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    name TEXT NOT NULL UNIQUE,\n"
    "    parent TEXT REFERENCES issuers (name),\n"
    "    key_spki_sha256 BLOB NOT NULL REFERENCES keys (spki_sha256),\n"
    "    created INTEGER NOT NULL,\n"
    "    certificate BLOB NOT NULL\n"
    ") STRICT;\n"
    "CREATE INDEX issuers_by_key ON issuers (key_spki_sha256);\n"
    "CREATE INDEX issuers_by_parent ON issuers (parent);\n"
    "CREATE TABLE reservations (\n"
    "    serial TEXT PRIMARY KEY,\n"
    "    issuer TEXT NOT NULL,\n"
    "    created INTEGER NOT NULL\n"
    ") STRICT, WITHOUT ROWID;\n"
    "CREATE TABLE certificates (\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    serial TEXT NOT NULL UNIQUE,\n"
    "    issuer TEXT NOT NULL,\n"
    "    not_before INTEGER NOT NULL,\n"
    "    not_after INTEGER NOT NULL,\n"
    "    revoked_at INTEGER,\n"
    "    revocation_reason INTEGER NOT NULL DEFAULT 0,\n"
    "    created INTEGER NOT NULL,\n"
    "    profile TEXT NOT NULL,\n"
    "    requester TEXT NOT NULL,\n"
    "    subject TEXT NOT NULL,\n"
    "    names TEXT NOT NULL,\n"
    "    certificate BLOB NOT NULL\n"
    ") STRICT;\n"
    "CREATE INDEX certificates_by_id ON certificates (id, not_after, revoked_at);\n"
    "CREATE INDEX certificates_by_issuer ON certificates (issuer, id, not_after, "
    "revoked_at);\n"
    "CREATE INDEX certificates_revoked ON certificates (issuer, id, not_after)\n"
    "    WHERE revoked_at IS NOT NULL;\n"
    "CREATE TABLE certificate_names (\n"
    "    name TEXT NOT NULL COLLATE NOCASE,\n"
    "    id INTEGER NOT NULL REFERENCES certificates (id),\n"
    "    PRIMARY KEY (name, id)\n"
    ") STRICT, WITHOUT ROWID;\n"
    "CREATE TABLE audit (\n"
    "    seq INTEGER PRIMARY KEY,\n"
    "    time INTEGER NOT NULL,\n"
    "    actor TEXT NOT NULL,\n"
    "    action TEXT NOT NULL,\n"
    "    object TEXT NOT NULL,\n"
    "    detail TEXT NOT NULL,\n"
    "    hash BLOB NOT NULL\n"
    ") STRICT;\n"
    "PRAGMA application_id = 0x6b686c64;\n"
    "PRAGMA user_version = 1;\n";

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

/* A server's key, and two issuers with theirs; hashes are 01, 02 and 03 and zeros. */
static const char rows_1[] =
    "INSERT INTO keys VALUES"
    "    ('web', 'ec-p256', 'tls', x'0102', x'3059', x'01" ZEROS "', 1700000001),"
    "    ('root', 'ec-p384', 'ca', x'03', x'3060', x'02" ZEROS "', 1700000002),"
    "    ('internal', 'ec-p256', 'ca', x'04', x'3061', x'03" ZEROS "', 1700000003);"
    "INSERT INTO issuers VALUES"
    "    (1, 'root', NULL, x'02" ZEROS "', 1, x'30'),"
    "    (2, 'internal', 'root', x'03" ZEROS "', 2, x'31');";

static void
make_version_1(struct fixture *fixture, const char *rows)
{
	store_close(fixture->store);
	fixture->store = NULL;
	assert_int_equal(remove(fixture->path), 0);
	fixture_sql(fixture, version_1);
	fixture_sql(fixture, rows);
}

static void
open_store(struct fixture *fixture)
{
	struct error err = { 0 };

	if (store_open(fixture->path, &fixture->store, &err) != 0)
		fail_msg("%s", err.text);
}

/* The first column of the first row, as text. */
static void
query(const struct fixture *fixture, const char *sql, char *text, size_t size)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	snprintf(text, size, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

struct keys {
	struct key_row rows[4];
	size_t count;
};

static int
keep_key(void *ctx, const struct key_row *row)
{
	struct keys *keys = ctx;

	assert_true(keys->count < 4);
	keys->rows[keys->count++] = *row;
	return 0;
}

static int
count_issuer(void *ctx, const struct issuer_row *row)
{
	size_t *count = ctx;

	assert_string_equal(row->name, *count == 0 ? "root" : "internal");
	assert_string_equal(row->parent, *count == 0 ? "" : "root");
	assert_int_equal(row->key_spki_sha256[0], *count + 2);
	(*count)++;
	return 0;
}

static void
keeps_the_keys_and_issuers_of_version_1(void **state)
{
	static const unsigned char hash[32] = { 1 };
	struct fixture *fixture = *state;
	const struct key_row *web;
	struct keys keys = { 0 };
	size_t issuers = 0;

	make_version_1(fixture, rows_1);
	open_store(fixture);
	assert_int_equal(store_key_each(fixture->store, keep_key, &keys, NULL), 0);
	assert_int_equal(keys.count, 3);
	assert_string_equal(keys.rows[0].name, "internal");
	assert_string_equal(keys.rows[1].name, "root");
	web = &keys.rows[2];
	assert_string_equal(web->name, "web");
	assert_string_equal(web->token, "default");
	assert_string_equal(web->type, "ec-p256");
	assert_string_equal(web->use, "tls");
	assert_int_equal(web->cka_id_len, 2);
	assert_memory_equal(web->cka_id, "\x01\x02", 2);
	assert_int_equal(web->spki_len, 2);
	assert_memory_equal(web->spki_sha256, hash, 32);
	assert_int_equal(web->created, 1700000001);
	assert_int_equal(web->replaced, 0);
	assert_int_equal(
	    store_issuer_each(fixture->store, count_issuer, &issuers, NULL), 0);
	assert_int_equal(issuers, 2);
}

/* 64 hex digits of SHA-256 over 32 zeros and "1,1700000000,5:uid:0,1:a,1:b,1:c,". */
#define HASH_OF_THE_FIRST                                                                \
	"e87c9cf3aa1b3c08c6f3c5ea70e071c1fc40e0c296c71111e07dfcf88c695d76"

static void
still_verifies_the_entries_of_version_1(void **state)
{
	struct fixture *fixture = *state;
	int64_t entries = 0;

	make_version_1(fixture,
	    "INSERT INTO audit VALUES (1, 1700000000, 'uid:0', 'a', 'b', 'c', "
	    "x'" HASH_OF_THE_FIRST "')");
	open_store(fixture);
	assert_int_equal(store_audit_append(fixture->store, &an_event, NULL), 0);
	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
	assert_int_equal(entries, 2);
	fixture_sql(fixture, "UPDATE audit SET outcome = 'refused' WHERE seq = 1");
	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), -1);
}

static void
lists_what_an_older_version_revoked(void **state)
{
	struct fixture *fixture = *state;
	struct revocation_mark mark;
	struct revocation found;

	make_version_1(fixture,
	    "INSERT INTO certificates (serial, issuer, not_before, not_after, "
	    "revoked_at, revocation_reason, created, profile, requester, subject, names, "
	    "certificate) VALUES "
	    "('01', 'internal', 1, 9, NULL, 0, 1, 'server', 'uid:0', '', '', x'30'), "
	    "('02', 'internal', 1, 9, 7, 4, 1, 'server', 'uid:0', '', '', x'30'), "
	    "('03', 'internal', 1, 9, 6, 0, 1, 'server', 'uid:0', '', '', x'30')");
	open_store(fixture);
	assert_int_equal(
	    store_revocation_mark(fixture->store, "internal", &mark, NULL), 0);
	assert_int_equal(mark.change, 2);
	assert_int_equal(store_revocation_find(fixture->store, "02", &found, NULL), 0);
	assert_int_equal(found.reason, 4);
	assert_int_equal(found.revoked_at, 7);
	assert_int_equal(store_revocation_find(fixture->store, "01", &found, NULL), -1);
}

static void
ends_with_the_schema_of_a_new_database(void **state)
{
	/* ALTER TABLE quotes the name; a comment may be anywhere but within a table. */
	static const char schema[] =
	    "SELECT group_concat(replace(sql, '\"keys\"', 'keys'), ';') FROM "
	    "(SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND "
	    "name NOT IN ('issuers', 'certificates', 'certificate_names', 'audit', "
	    "'keys') ORDER BY name)";
	/* ALTER TABLE ADD COLUMN has a layout of its own. */
	static const char columns[] =
	    "SELECT group_concat(name || ' ' || type || ' ' || \"notnull\" || ' ' || "
	    "ifnull(dflt_value, '') || ' ' || pk) FROM (SELECT * FROM "
	    "pragma_table_info('audit') UNION ALL SELECT * FROM "
	    "pragma_table_info('keys'))";
	static char fresh[8192], migrated[8192], fresh_audit[1024], migrated_audit[1024];
	struct fixture *fixture = *state;
	char version[16];

	query(fixture, schema, fresh, sizeof(fresh));
	query(fixture, columns, fresh_audit, sizeof(fresh_audit));
	make_version_1(fixture, rows_1);
	open_store(fixture);
	query(fixture, schema, migrated, sizeof(migrated));
	assert_string_equal(migrated, fresh);
	query(fixture, columns, migrated_audit, sizeof(migrated_audit));
	assert_string_equal(migrated_audit, fresh_audit);
	query(fixture, "PRAGMA user_version", version, sizeof(version));
	assert_string_equal(version, "6");
	query(fixture,
	    "SELECT group_concat(DISTINCT \"table\") FROM "
	    "pragma_foreign_key_list('issuers')",
	    version, sizeof(version));
	assert_string_equal(version, "issuers,keys");
}

static void
still_refuses_to_orphan_an_issuer(void **state)
{
	static const unsigned char root[32] = { 2 };
	struct fixture *fixture = *state;
	struct issuer_row issuer = { .name = "other", .key_spki_sha256 = { 77 } };
	struct error err = { 0 };

	make_version_1(fixture, rows_1);
	open_store(fixture);
	assert_int_equal(store_key_remove(fixture->store, root, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(store_issuer_add(fixture->store, &issuer, &an_event, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void
replaces_a_key_of_version_1(void **state)
{
	static const unsigned char web[32] = { 1 };
	struct fixture *fixture = *state;
	struct key_row next = a_key("web", 9);
	struct keys keys = { 0 };

	make_version_1(fixture, rows_1);
	open_store(fixture);
	assert_int_equal(
	    store_key_replace(fixture->store, web, &next, &an_event, NULL), 0);
	fixture_reopen(fixture);
	assert_int_equal(store_key_each(fixture->store, keep_key, &keys, NULL), 0);
	assert_int_equal(keys.count, 4);
}

static void
leaves_a_database_with_broken_references_as_it_is(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	char text[16];

	make_version_1(fixture, rows_1);
	fixture_sql(fixture, "DELETE FROM keys WHERE name = 'root'");
	assert_int_equal(store_open(fixture->path, &fixture->store, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "1 rows refer to rows that are not there"));
	query(fixture, "PRAGMA user_version", text, sizeof(text));
	assert_string_equal(text, "1");
	query(fixture, "SELECT count(*) FROM pragma_table_info('keys')", text,
	    sizeof(text));
	assert_string_equal(text, "7");
}

static void
refuses_a_database_without_a_version(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };

	make_version_1(fixture, "PRAGMA user_version = 0");
	assert_int_equal(store_open(fixture->path, &fixture->store, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
}

static void
make_version(struct fixture *fixture, int version)
{
	fixture_make_old(fixture, version);
	fixture_sql(fixture,
	    "INSERT INTO keys (spki_sha256, name, type, use, cka_id, spki, created) "
	    "VALUES (x'02" ZEROS "', 'root', 'ec-p384', 'ca', x'03', x'3060', 1);"
	    "INSERT INTO issuers (id, name, key_spki_sha256, created, certificate) "
	    "VALUES (1, 'root', x'02" ZEROS "', 1, x'30');"
	    "INSERT INTO certificates (serial, issuer, not_before, not_after, created, "
	    "profile, requester, subject, names, certificate) "
	    "VALUES ('01', 'root', 1, 9, 1, 'server', 'uid:0', '', '', x'30');"
	    "INSERT INTO audit (seq, time, actor, action, object, detail, hash) "
	    "VALUES (1, 1700000000, 'uid:0', 'a', 'b', 'c', x'" HASH_OF_THE_FIRST "')");
}

static int
take_certificate(void *ctx, const struct certificate_row *row)
{
	(void)ctx;
	assert_string_equal(row->issuer, "root");
	return 0;
}

static void
brings_each_version_in_between_up_to_date(void **state)
{
	static const char tables[] = "SELECT group_concat(name) FROM (SELECT name FROM "
				     "sqlite_schema ORDER BY name)";
	static const char columns[] =
	    "SELECT group_concat(t.name || '.' || c.name || ' ' || c.type || ' ' || "
	    "c.\"notnull\" || ' ' || ifnull(c.dflt_value, '') || ' ' || c.pk) FROM "
	    "(SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name) AS t, "
	    "pragma_table_info(t.name) AS c";
	static char fresh[2][16384], migrated[16384];
	struct fixture *fixture = *state;
	int64_t entries;

	query(fixture, tables, fresh[0], sizeof(fresh[0]));
	query(fixture, columns, fresh[1], sizeof(fresh[1]));
	for (int version = 2; version <= 5; version++) {
		struct keys keys = { 0 };

		make_version(fixture, version);
		open_store(fixture);
		query(fixture, tables, migrated, sizeof(migrated));
		assert_string_equal(migrated, fresh[0]);
		query(fixture, columns, migrated, sizeof(migrated));
		assert_string_equal(migrated, fresh[1]);
		assert_int_equal(
		    store_key_each(fixture->store, keep_key, &keys, NULL), 0);
		assert_int_equal(keys.count, 1);
		assert_int_equal(store_certificate_find(
				     fixture->store, "01", take_certificate, NULL, NULL),
		    0);
		assert_int_equal(store_audit_append(fixture->store, &an_event, NULL), 0);
		assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
		assert_int_equal(entries, 2);
		fixture_reopen(fixture);
	}
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(keeps_the_keys_and_issuers_of_version_1),
		STORE_TEST(still_verifies_the_entries_of_version_1),
		STORE_TEST(lists_what_an_older_version_revoked),
		STORE_TEST(ends_with_the_schema_of_a_new_database),
		STORE_TEST(brings_each_version_in_between_up_to_date),
		STORE_TEST(still_refuses_to_orphan_an_issuer),
		STORE_TEST(replaces_a_key_of_version_1),
		STORE_TEST(leaves_a_database_with_broken_references_as_it_is),
		STORE_TEST(refuses_a_database_without_a_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
