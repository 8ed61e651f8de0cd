"""A store of many certificates: the rows are written, not signed."""
import base64
import hashlib
import json
import os
import sqlite3
import subprocess
import tempfile
import time

DAY = 86400
BATCH = 50000


def rows(count, revoked, template, now):
    """Serials and keys look random and are the same each time."""
    for i in range(1, count + 1):
        digest = hashlib.sha256(b"%d" % i).digest()
        serial = bytes([0x40 | digest[0] & 0x3F]) + digest[1:20]
        not_after = now + (i * 7919 % 120 - 30) * DAY
        is_revoked = i * revoked // count != (i - 1) * revoked // count
        yield i, serial, not_after, is_revoked, digest, template


def fill(path, count, revoked, shards):
    db = sqlite3.connect(path)
    # Nobody else is there, and what is interrupted is thrown away.
    for pragma in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -600000"):
        db.execute("PRAGMA " + pragma)
    db.execute("UPDATE issuers SET crl_url = 'http://pki.example/' || name, crl_shards = ?", (shards,))
    if count == 0:
        db.commit()
        db.close()
        return
    template, = db.execute("SELECT certificate FROM certificates LIMIT 1").fetchone()
    first, = db.execute("SELECT max(id) FROM certificates").fetchone()
    now = int(time.time())
    certificates, names, revocations = [], [], []

    def flush():
        db.executemany(
            "INSERT INTO certificates (id, serial, issuer, not_before, not_after, revoked_at, revocation_reason,"
            " created, profile, requester, subject, names, certificate, spki_sha256, crl_shard)"
            " VALUES (?, ?, 'internal', ?, ?, ?, ?, ?, 'server', 'uid:0', '', ?, ?, ?, ?)", certificates)
        db.executemany("INSERT INTO certificate_names (name, id) VALUES (?, ?)", names)
        db.executemany(
            "INSERT INTO revocations (change, issuer, shard, serial, not_after, revoked_at, reason)"
            " VALUES (?, 'internal', ?, ?, ?, ?, ?)", revocations)
        for batch in (certificates, names, revocations):
            batch.clear()

    change = 0
    for i, serial, not_after, is_revoked, key, der in rows(count, revoked, template, now):
        text, shard = serial.hex(), int.from_bytes(serial, "big") % shards
        name = f"host{i}.example"
        reason = i % 2  # half of them a key compromise, the rest without a reason
        certificates.append((first + i, text, not_after - 90 * DAY, not_after, now if is_revoked else None,
                             reason if is_revoked else 0, now, f"dns:{name}", der, key, shard))
        names.append((name, first + i))
        if is_revoked:
            change += 1
            revocations.append((change, shard, text, not_after, now, reason))
        if len(certificates) == BATCH:
            flush()
    flush()
    db.commit()
    db.close()


def wait_for_crl(daemon, before):
    for _ in range(1200):
        count, took = daemon.published()
        if count > before:
            return took
        time.sleep(0.1)
    raise RuntimeError("no CRL was made")


def make_csr(daemon):
    pem = daemon.call("POST", "/v1/keys/web/csr", json.dumps({"sans": ["host1.example"]}), "application/json")[1]
    return base64.b64decode(b"".join(line for line in pem.splitlines() if not line.startswith(b"-")))


def ocsp_request(daemon, serial, *options):
    """DER, as openssl writes it: with a nonce unless told otherwise."""
    with tempfile.TemporaryDirectory() as top:
        issuer, request = os.path.join(top, "issuer.pem"), os.path.join(top, "request.der")
        with open(issuer, "wb") as pem:
            pem.write(daemon.call("GET", "/v1/issuers/internal/certificate")[1])
        subprocess.run(["openssl", "ocsp", "-issuer", issuer, "-serial", "0x" + serial, "-reqout", request, *options],
                       check=True, stdout=subprocess.DEVNULL)
        with open(request, "rb") as der:
            return der.read()


def prepare(daemon, count, revoked, shards):
    """A new daemon gets issuers, a key and so many certificates, and is stopped."""
    daemon.post("/v1/issuers", {"name": "root"})
    daemon.post("/v1/issuers", {"name": "internal", "issuer": "root"})
    daemon.post("/v1/keys", {"name": "web", "type": "ec-p256", "use": "tls"})
    daemon.call("POST", "/v1/issuers/internal/certificates?profile=server", make_csr(daemon), "application/pkcs10")
    daemon.stop()
    fill(daemon.database, count, revoked, shards)
    db = sqlite3.connect(daemon.database)
    # So that the first CRLs are those of the filled store, and made while somebody looks.
    db.execute("DELETE FROM crls")
    db.execute("DELETE FROM crl_bases")
    db.commit()
    db.close()
    os.remove(daemon.log_path)
