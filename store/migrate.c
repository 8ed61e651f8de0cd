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

/* Version 3: what issuers, profiles, revocations and their lists need. */
static const char lists_and_states[] =
    "CREATE TABLE new_issuers (\n"
    "    id INTEGER PRIMARY KEY, -- in order of creation: a parent comes before its "
    "children\n"
    "    name TEXT NOT NULL UNIQUE,\n"
    "    parent TEXT REFERENCES issuers (name),\n"
    "    key_spki_sha256 BLOB NOT NULL REFERENCES keys (spki_sha256),\n"
    "    created INTEGER NOT NULL,\n"
    "    state TEXT NOT NULL DEFAULT 'active', -- pending, active, retiring, retired\n"
    "    successor TEXT REFERENCES issuers (name),\n"
    "    request BLOB,\n"
    "    certificate BLOB,\n"
    "    chain BLOB, -- certificates above one that was signed outside\n"
    "    crl_url TEXT NOT NULL DEFAULT '',\n"
    "    ocsp_url TEXT NOT NULL DEFAULT '',\n"
    "    ca_issuers_url TEXT NOT NULL DEFAULT '',\n"
    "    crl_shards INTEGER NOT NULL DEFAULT 1\n"
    ") STRICT;\n"
    "INSERT INTO new_issuers (id, name, parent, key_spki_sha256, created, certificate)\n"
    "    SELECT id, name, parent, key_spki_sha256, created, certificate FROM issuers;\n"
    "DROP TABLE issuers;\n"
    "ALTER TABLE new_issuers RENAME TO issuers;\n"
    "CREATE INDEX issuers_by_key ON issuers (key_spki_sha256);\n"
    "CREATE INDEX issuers_by_parent ON issuers (parent);\n"
    "ALTER TABLE certificates ADD COLUMN spki_sha256 BLOB NOT NULL DEFAULT x'';\n"
    "ALTER TABLE certificates ADD COLUMN crl_shard INTEGER NOT NULL DEFAULT 0;\n"
    "CREATE INDEX certificates_revoked_by_id ON certificates (id, not_after)\n"
    "    WHERE revoked_at IS NOT NULL;\n"
    "CREATE INDEX certificates_by_expiry ON certificates (not_after, id, issuer, "
    "revoked_at);\n"
    "CREATE INDEX certificates_by_key ON certificates (spki_sha256, id, not_after, "
    "revoked_at);\n"
    "CREATE TABLE cross_certificates (\n"
    "    serial TEXT NOT NULL PRIMARY KEY,\n"
    "    issuer TEXT NOT NULL REFERENCES issuers (name),\n"
    "    signer TEXT NOT NULL REFERENCES issuers (name),\n"
    "    created INTEGER NOT NULL,\n"
    "    certificate BLOB NOT NULL\n"
    ") STRICT;\n"
    "CREATE TABLE profiles (\n"
    "    name TEXT NOT NULL PRIMARY KEY,\n"
    "    version INTEGER NOT NULL, -- rises with each change: the ETag\n"
    "    changed INTEGER NOT NULL,\n"
    "    document TEXT NOT NULL    -- JSON, as docs/profiles.md describes it\n"
    ") STRICT;\n"
    "CREATE TABLE blocked_keys (\n"
    "    spki_sha256 BLOB NOT NULL PRIMARY KEY,\n"
    "    reason TEXT NOT NULL,\n"
    "    created INTEGER NOT NULL\n"
    ") STRICT;\n"
    "CREATE TABLE revocations (\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    change INTEGER NOT NULL,\n"
    "    issuer TEXT NOT NULL,\n"
    "    shard INTEGER NOT NULL,\n"
    "    serial TEXT NOT NULL UNIQUE,\n"
    "    not_after INTEGER NOT NULL,\n"
    "    revoked_at INTEGER NOT NULL,\n"
    "    reason INTEGER NOT NULL,\n"
    "    invalidity_date INTEGER -- NULL when not known\n"
    ") STRICT;\n"
    "INSERT INTO revocations (change, issuer, shard, serial, not_after, revoked_at, "
    "reason)\n"
    "    SELECT row_number() OVER (ORDER BY revoked_at, id), issuer, 0, serial, "
    "not_after,\n"
    "    revoked_at, revocation_reason FROM certificates\n"
    "    WHERE revoked_at IS NOT NULL ORDER BY revoked_at, id;\n"
    "CREATE INDEX revocations_by_issuer ON revocations (issuer, id);\n"
    "CREATE INDEX revocations_by_shard ON revocations (issuer, shard, id);\n"
    "CREATE UNIQUE INDEX revocations_by_change ON revocations (issuer, change);\n"
    "CREATE TABLE crls (\n"
    "    issuer TEXT NOT NULL,\n"
    "    shard INTEGER NOT NULL,\n"
    "    delta INTEGER NOT NULL, -- 1: entries since the base\n"
    "    number INTEGER NOT NULL,\n"
    "    base INTEGER NOT NULL,  -- number of the CRL that a delta adds to\n"
    "    last_change INTEGER NOT NULL, -- of revocations: the last that is in it\n"
    "    this_update INTEGER NOT NULL,\n"
    "    next_update INTEGER NOT NULL,\n"
    "    crl BLOB NOT NULL,\n"
    "    PRIMARY KEY (issuer, shard, delta)\n"
    ") STRICT;\n"
    "CREATE TABLE crl_bases (\n"
    "    issuer TEXT NOT NULL,\n"
    "    number INTEGER NOT NULL,\n"
    "    last_change INTEGER NOT NULL,\n"
    "    this_update INTEGER NOT NULL,\n"
    "    next_update INTEGER NOT NULL,\n"
    "    PRIMARY KEY (issuer, number)\n"
    ") STRICT, WITHOUT ROWID;\n"
    "CREATE TABLE idempotency (\n"
    "    requester TEXT NOT NULL,\n"
    "    key TEXT NOT NULL,\n"
    "    request_sha256 BLOB NOT NULL,\n"
    "    created INTEGER NOT NULL,\n"
    "    serial TEXT,\n"
    "    PRIMARY KEY (requester, key)\n"
    ") STRICT;\n"
    "CREATE INDEX idempotency_by_age ON idempotency (created);\n";

/* Version 4: entries that are there keep their hashes, which version 1 of the text has.
 */
static const char audit_outcomes[] =
    "ALTER TABLE audit ADD COLUMN version INTEGER NOT NULL DEFAULT 1;\n"
    "ALTER TABLE audit ADD COLUMN outcome TEXT NOT NULL DEFAULT 'ok';\n"
    "ALTER TABLE audit ADD COLUMN request TEXT NOT NULL DEFAULT '';\n"
    "CREATE TABLE audit_heads (\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    seq INTEGER NOT NULL,\n"
    "    time INTEGER NOT NULL,\n"
    "    hash BLOB NOT NULL,\n"
    "    spki BLOB NOT NULL,\n"
    "    signature BLOB NOT NULL\n"
    ") STRICT;\n";

static const char bearer_tokens[] = "CREATE TABLE tokens (\n"
				    "    name TEXT NOT NULL PRIMARY KEY,\n"
				    "    salt BLOB NOT NULL,\n"
				    "    hash BLOB NOT NULL,\n"
				    "    created INTEGER NOT NULL,\n"
				    "    expires INTEGER NOT NULL,\n"
				    "    revoked INTEGER\n"
				    ") STRICT;\n";

/* Version 6. Until then there was one token, and nothing renewed itself. */
static const char tokens_and_managed[] =
    "ALTER TABLE keys ADD COLUMN token TEXT NOT NULL DEFAULT 'default';\n"
    "CREATE TABLE managed (\n"
    "    name TEXT NOT NULL PRIMARY KEY,\n"
    "    revision INTEGER NOT NULL,\n"
    "    created INTEGER NOT NULL,\n"
    "    definition TEXT NOT NULL, -- JSON, as docs/managed.md describes it\n"
    "    state TEXT NOT NULL       -- JSON: how far its agent is\n"
    ") STRICT;\n";

static const char *const steps[SCHEMA_VERSION] = {
	[1] = keys_by_hash,
	[2] = lists_and_states,
	[3] = audit_outcomes,
	[4] = bearer_tokens,
	[5] = tokens_and_managed,
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
