/*
 * migrate.c - from the schema of an older keyhold to this one's.
 *
 * All steps are one transaction: whoever is interrupted finds the old schema. A step that
 * makes a table anew follows "Making Other Kinds Of Table Schema Changes" of
 * https://www.sqlite.org/lang_altertable.html, which wants foreign keys off, or dropping
 * the old table would touch the rows that refer to it.
 */
#include "store/database.h"

#include <stdio.h>

/* Several keys may have one name: the hash is the primary key, not the name. */
static const char keys_by_hash[] =
    "CREATE TABLE new_keys (\n"
    "    spki_sha256 BLOB NOT NULL PRIMARY KEY,\n"
    "    name TEXT NOT NULL,\n"
    "    type TEXT NOT NULL,\n"
    "    use TEXT NOT NULL,\n"
    "    cka_id BLOB NOT NULL,\n"
    "    spki BLOB NOT NULL,\n"
    "    created INTEGER NOT NULL,\n"
    "    replaced INTEGER\n"
    ") STRICT;\n"
    "INSERT INTO new_keys (spki_sha256, name, type, use, cka_id, spki, created)\n"
    "    SELECT spki_sha256, name, type, use, cka_id, spki, created FROM keys;\n"
    "DROP TABLE keys;\n"
    "ALTER TABLE new_keys RENAME TO keys;\n"
    "CREATE UNIQUE INDEX keys_current ON keys (name) WHERE replaced IS NULL;\n";

static const char *const steps[SCHEMA_VERSION] = {
	[1] = keys_by_hash,
};

static int
check_references(struct store *store, struct error *err)
{
	int64_t broken;

	if (database_query_int(store, "SELECT count(*) FROM pragma_foreign_key_check",
		&broken, err) != 0)
		return -1;
	if (broken != 0)
		return error_set(err, ERROR_IO,
		    "database: %lld rows refer to rows that are not there; its schema "
		    "was left as it is",
		    (long long)broken);
	return 0;
}

int
database_migrate(struct store *store, int64_t version, struct error *err)
{
	char mark[48];
	int rc = 0;

	if (version == SCHEMA_VERSION)
		return 0;
	if (transaction_begin(store, err) != 0)
		return -1;
	for (; rc == 0 && version < SCHEMA_VERSION; version++)
		rc = database_exec(store, steps[version], err);
	snprintf(mark, sizeof(mark), "PRAGMA user_version = %d", SCHEMA_VERSION);
	if (rc == 0)
		rc = database_exec(store, mark, err);
	if (rc == 0)
		rc = check_references(store, err);
	return transaction_end(store, rc, err);
}
