-- Version 2. A change here needs a higher SCHEMA_VERSION and a step from the last in migrate.c.

-- replaced is NULL for the one current key of a name, else when its successor was made.
CREATE TABLE keys (
    spki_sha256 BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    use TEXT NOT NULL,
    cka_id BLOB NOT NULL,
    spki BLOB NOT NULL,
    created INTEGER NOT NULL,
    replaced INTEGER
) STRICT;

CREATE UNIQUE INDEX keys_current ON keys (name) WHERE replaced IS NULL;

CREATE TABLE issuers (
    id INTEGER PRIMARY KEY, -- in order of creation: a parent comes before its children
    name TEXT NOT NULL UNIQUE,
    parent TEXT REFERENCES issuers (name),
    key_spki_sha256 BLOB NOT NULL REFERENCES keys (spki_sha256),
    created INTEGER NOT NULL,
    certificate BLOB NOT NULL
) STRICT;

CREATE INDEX issuers_by_key ON issuers (key_spki_sha256);
CREATE INDEX issuers_by_parent ON issuers (parent);

-- Serials that may have been signed with, but not released.
CREATE TABLE reservations (
    serial TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- id grows with the order of recording, so a cursor never skips a late one.
CREATE TABLE certificates (
    id INTEGER PRIMARY KEY,
    serial TEXT NOT NULL UNIQUE,
    issuer TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    revoked_at INTEGER, -- NULL unless revoked
    revocation_reason INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    profile TEXT NOT NULL,
    requester TEXT NOT NULL,
    subject TEXT NOT NULL,
    names TEXT NOT NULL,
    certificate BLOB NOT NULL
) STRICT;

-- A list walks one of these in order of id, and reads only the rows that it returns.
CREATE INDEX certificates_by_id ON certificates (id, not_after, revoked_at);
CREATE INDEX certificates_by_issuer ON certificates (issuer, id, not_after, revoked_at);
CREATE INDEX certificates_revoked ON certificates (issuer, id, not_after)
    WHERE revoked_at IS NOT NULL;

CREATE TABLE certificate_names (
    name TEXT NOT NULL COLLATE NOCASE, -- without "dns:" or "ip:"
    id INTEGER NOT NULL REFERENCES certificates (id),
    PRIMARY KEY (name, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
