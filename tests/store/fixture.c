/* fixture.c - a store in a throw-away directory, and rows to put into it. */
#include "tests/store/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "store/revocations.h"
#include "tests/base/directory.h"

const struct audit_event an_event = {
	.actor = "uid:0",
	.action = "test.done",
	.object = "object",
	.detail = "detail",
};

int
fixture_open(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (fixture == NULL || directory_make(&fixture->directory) != 0)
		return -1;
	directory_path(&fixture->directory, "keyhold.db", fixture->path);
	*state = fixture;
	return store_open(fixture->path, &fixture->store, NULL);
}

int
fixture_close(void **state)
{
	struct fixture *fixture = *state;
	int rc;

	store_close(fixture->store);
	rc = directory_remove(&fixture->directory);
	free(fixture);
	return rc;
}

void
fixture_reopen(struct fixture *fixture)
{
	store_close(fixture->store);
	fixture->store = NULL;
	assert_int_equal(store_open(fixture->path, &fixture->store, NULL), 0);
}

void
fixture_make_old(struct fixture *fixture, int version)
{
	static char sql[32768];
	char path[256];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/%d.sql", SCHEMAS, version);
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(sql, 1, sizeof(sql) - 128, file);
	fclose(file);
	snprintf(sql + len, sizeof(sql) - len,
	    "PRAGMA application_id = 0x6b686c64; PRAGMA user_version = %d;", version);
	store_close(fixture->store);
	fixture->store = NULL;
	assert_int_equal(remove(fixture->path), 0);
	fixture_sql(fixture, sql);
}

void
fixture_sql(const struct fixture *fixture, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

struct key_row
a_key(const char *name, unsigned char hash)
{
	struct key_row key = {
		.type = "ec-p256",
		.use = "tls",
		.cka_id = { 1, 2, 3 },
		.cka_id_len = 3,
		.spki = { 0x30, 0x59 },
		.spki_len = 91,
		.spki_sha256 = { hash },
		.created = 1700000000,
	};

	assert_int_equal(text_copy(key.name, sizeof(key.name), name), 0);
	return key;
}

struct certificate_row
a_certificate(const char *serial)
{
	static const unsigned char der[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
	int64_t now = clock_now_s();
	struct certificate_row row = {
		.issuer = "internal",
		.profile = "server",
		.requester = "uid:1000",
		.not_before = now - 60,
		.not_after = now + 86400,
		.created = now,
		.subject = "CN=a.example",
		.names = "dns:a.example",
		.certificate = { .data = der, .len = sizeof(der) },
	};

	assert_int_equal(text_copy(row.serial, sizeof(row.serial), serial), 0);
	return row;
}

void
put_certificate(struct store *store, const struct certificate_row *row)
{
	assert_int_equal(
	    store_certificate_reserve(store, row->serial, row->issuer, NULL), 0);
	assert_int_equal(store_certificate_record(store, row, &an_event, NULL), 0);
}

void
put_revocation(struct store *store, const char *serial, int reason)
{
	static const unsigned char hash[32];
	struct revocation revocation = { .revoked_at = 1800000000, .reason = reason };
	bool changed;

	assert_int_equal(
	    text_copy(revocation.serial, sizeof(revocation.serial), serial), 0);
	assert_int_equal(
	    store_revocation_add(store, &revocation, hash, &an_event, &changed, NULL), 0);
}
