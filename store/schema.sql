-- Version 6. A change here needs a higher SCHEMA_VERSION and a step from the last in migrate.c.

-- replaced is NULL for the one current key of a name, else when its successor was made.
-- token is the name of the one that it was made on, in the configuration.
CREATE TABLE keys (
    spki_sha256 BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    use TEXT NOT NULL,
    cka_id BLOB NOT NULL,
    spki BLOB NOT NULL,
    created INTEGER NOT NULL,
    replaced INTEGER,
    token TEXT NOT NULL DEFAULT 'default'
) STRICT;

CREATE UNIQUE INDEX keys_current ON keys (name) WHERE replaced IS NULL;

-- A pending issuer has a request and no certificate yet. The URLs stand in what it issues.
CREATE TABLE issuers (
    id INTEGER PRIMARY KEY, -- in order of creation: a parent comes before its children
    name TEXT NOT NULL UNIQUE,
    parent TEXT REFERENCES issuers (name),
    key_spki_sha256 BLOB NOT NULL REFERENCES keys (spki_sha256),
    created INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'active', -- pending, active, retiring, retired
    successor TEXT REFERENCES issuers (name),
    request BLOB,
    certificate BLOB,
    chain BLOB, -- certificates above one that was signed outside
    crl_url TEXT NOT NULL DEFAULT '',
    ocsp_url TEXT NOT NULL DEFAULT '',
    ca_issuers_url TEXT NOT NULL DEFAULT '',
    crl_shards INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX issuers_by_key ON issuers (key_spki_sha256);
CREATE INDEX issuers_by_parent ON issuers (parent);

-- Further certificates for an issuer's key: by another issuer, so that who trusts that one
-- accepts what this one signs.
CREATE TABLE cross_certificates (
    serial TEXT NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL REFERENCES issuers (name),
    signer TEXT NOT NULL REFERENCES issuers (name),
    created INTEGER NOT NULL,
    certificate BLOB NOT NULL
) STRICT;

CREATE TABLE profiles (
    name TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL, -- rises with each change: the ETag
    changed INTEGER NOT NULL,
    document TEXT NOT NULL    -- JSON, as docs/profiles.md describes it
) STRICT;

-- Public keys that are never certified.
CREATE TABLE blocked_keys (
    spki_sha256 BLOB NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;

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
    certificate BLOB NOT NULL,
    spki_sha256 BLOB NOT NULL DEFAULT x'', -- empty in what version 2 recorded
    crl_shard INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A list walks one of these in order of id, and reads only the rows that it returns.
CREATE INDEX certificates_by_id ON certificates (id, not_after, revoked_at);
CREATE INDEX certificates_by_issuer ON certificates (issuer, id, not_after, revoked_at);
CREATE INDEX certificates_revoked ON certificates (issuer, id, not_after)
    WHERE revoked_at IS NOT NULL;
CREATE INDEX certificates_revoked_by_id ON certificates (id, not_after)
    WHERE revoked_at IS NOT NULL;
CREATE INDEX certificates_by_expiry ON certificates (not_after, id, issuer, revoked_at);
CREATE INDEX certificates_by_key ON certificates (spki_sha256, id, not_after, revoked_at);

CREATE TABLE certificate_names (
    name TEXT NOT NULL COLLATE NOCASE, -- without "dns:" or "ip:"
    id INTEGER NOT NULL REFERENCES certificates (id),
    PRIMARY KEY (name, id)
) STRICT, WITHOUT ROWID;

-- id grows with the order of revocation. change grows, for each issuer, with every new row and
-- every later change of a reason: a delta CRL has what changed since its base.
CREATE TABLE revocations (
    id INTEGER PRIMARY KEY,
    change INTEGER NOT NULL,
    issuer TEXT NOT NULL,
    shard INTEGER NOT NULL,
    serial TEXT NOT NULL UNIQUE,
    not_after INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    invalidity_date INTEGER -- NULL when not known
) STRICT;

CREATE INDEX revocations_by_issuer ON revocations (issuer, id);
CREATE INDEX revocations_by_shard ON revocations (issuer, shard, id);
CREATE UNIQUE INDEX revocations_by_change ON revocations (issuer, change);

-- The last CRL of each kind. shard is -1 for the one of all certificates.
CREATE TABLE crls (
    issuer TEXT NOT NULL,
    shard INTEGER NOT NULL,
    delta INTEGER NOT NULL, -- 1: entries since the base
    number INTEGER NOT NULL,
    base INTEGER NOT NULL,  -- number of the CRL that a delta adds to
    last_change INTEGER NOT NULL, -- of revocations: the last that is in it
    this_update INTEGER NOT NULL,
    next_update INTEGER NOT NULL,
    crl BLOB NOT NULL,
    PRIMARY KEY (issuer, shard, delta)
) STRICT;

-- The scheduled CRLs of all certificates that somebody may still go by: what deltas add to.
CREATE TABLE crl_bases (
    issuer TEXT NOT NULL,
    number INTEGER NOT NULL,
    last_change INTEGER NOT NULL,
    this_update INTEGER NOT NULL,
    next_update INTEGER NOT NULL,
    PRIMARY KEY (issuer, number)
) STRICT, WITHOUT ROWID;

-- Bearer tokens. hash is SHA-256 of salt and secret; revoked is NULL unless it is.
CREATE TABLE tokens (
    name TEXT NOT NULL PRIMARY KEY,
    salt BLOB NOT NULL,
    hash BLOB NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER
) STRICT;

-- Certificates that renew themselves. revision rises with each change of either document.
CREATE TABLE managed (
    name TEXT NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    definition TEXT NOT NULL, -- JSON, as docs/managed.md describes it
    state TEXT NOT NULL       -- JSON: how far its agent is
) STRICT;

-- What was asked for under an Idempotency-Key; serial is NULL while it is being answered.
CREATE TABLE idempotency (
    requester TEXT NOT NULL,
    key TEXT NOT NULL,
    request_sha256 BLOB NOT NULL,
    created INTEGER NOT NULL,
    serial TEXT,
    PRIMARY KEY (requester, key)
) STRICT;

CREATE INDEX idempotency_by_age ON idempotency (created);

-- version is that of the text that is hashed (base/auditchain.h); outcome is ok, refused or
-- failed; request is its id.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    outcome TEXT NOT NULL DEFAULT 'ok',
    request TEXT NOT NULL DEFAULT ''
) STRICT;

-- Entries of audit, signed by a key on the token. Several keys may have signed one.
CREATE TABLE audit_heads (
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    time INTEGER NOT NULL,
    hash BLOB NOT NULL,
    spki BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;
