"""Many keys on a token, and in the database that says so."""
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time

from measure.place import MEMORY

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PROCESSES = 2


def copy_of_token(daemon, top):
    """Of a token without keys: its directory, and a configuration that names it."""
    top.mkdir()
    shutil.copytree(daemon.directory / "token" / "store", top / "store")
    (top / "conf").write_text(f"directories.tokendir = {top}/store\nobjectstore.backend = file\nlog.level = ERROR\n",
                              encoding="ascii")
    return next((top / "store").iterdir())


def generate(daemon, tops, first, count):
    """All at once; gives back the lines that token_fill printed."""
    share = -(-count // len(tops))
    running = []
    for number, top in enumerate(tops):
        start = first + number * share
        command = [daemon.build / "bench" / "token_fill", "--module", MODULE, "--token", "keyhold-dev", "--pin-file",
                   daemon.directory / "pin", "--type", "ec-p256", "--name", "k", "--first", str(start),
                   "--count", str(min(share, first + count - start))]
        with open(top / "keys", "w", encoding="ascii") as printed:
            running.append(subprocess.Popen(command, env={"SOFTHSM2_CONF": str(top / "conf")}, stdout=printed))
    if any([process.wait() != 0 for process in running]):
        raise RuntimeError("token_fill failed")
    return [line for top in tops for line in (top / "keys").read_text(encoding="ascii").splitlines()]


def record(daemon, lines):
    now = int(time.time())
    rows = []
    for line in lines:
        name, cka_id, spki_sha256, spki = line.split("\t")
        rows.append((bytes.fromhex(spki_sha256), name, bytes.fromhex(cka_id), bytes.fromhex(spki), now))
    db = sqlite3.connect(daemon.database)
    db.executemany("INSERT INTO keys (spki_sha256, name, type, use, cka_id, spki, created)"
                   " VALUES (?, ?, 'ec-p256', 'sign', ?, ?, ?)", rows)
    db.commit()
    db.close()
    return [f"spki:{row[0].hex()}" for row in rows]


def fill_keys(daemon, count, first=0):
    """Makes P-256 keys of use sign, named k0, k1 ... or from another number on; gives back their spki: hashes.

    The daemon is stopped. The keys are made as keyholdd makes them, without a request and an audit entry for each. A
    file of SoftHSM's takes long to write on a disk, and SoftHSM has one writer: so each process fills a copy of the
    token in memory, and the objects, which copies of one token can read, are brought together.
    """
    home = next((daemon.directory / "token" / "store").iterdir())
    top = pathlib.Path(tempfile.mkdtemp(prefix="keyhold-bench.", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        tops = [top / str(number) for number in range(min(PROCESSES, count))]
        there = {path.name for path in home.iterdir()}
        copies = [copy_of_token(daemon, path) for path in tops]
        lines = generate(daemon, tops, first, count)
        for copy in copies:
            for path in copy.iterdir():
                if path.name not in there:
                    shutil.move(path, home / path.name)
    finally:
        shutil.rmtree(top)
    return record(daemon, lines)
