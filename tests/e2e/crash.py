#!/usr/bin/python3
"""crash.py - keyholdd is killed at random moments under 16 clients, again and again.

  crash.py KEYHOLDD KEYHOLD DIR CSR ROUNDS

They issue and revoke certificates and make, rotate and delete keys. After each restart what a
client was told is compared with what the daemon has; at the end all of it once more with
the database. Prints counts, and fails unless those of losses are 0.
"""
import collections
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

KEYHOLDD, KEYHOLD, DIR, CSR, ROUNDS = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4], int(sys.argv[5])
SOCKET = DIR / "keyhold.sock"
CLIENTS = 16
LONGEST_S = 0.5
MOST_ROUNDS = 10 * ROUNDS
VERIFY_EACH = max(1, ROUNDS // 50)
os.environ["KEYHOLD_SOCKET"] = str(SOCKET)
csr = pathlib.Path(CSR).read_bytes()


class Connection(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("localhost", timeout=20)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(SOCKET))

    def ask(self, method, path, body=None, kind="application/json"):
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = kind
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.request(method, path, body, headers)
        answer = self.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}


def keyhold(*arguments):
    return subprocess.run([KEYHOLD, *arguments], capture_output=True, text=True, timeout=120)


class Daemon:
    def __init__(self):
        self.log = open(DIR.parent / "keyholdd.log", "ab")
        self.process = subprocess.Popen([KEYHOLDD, "--dev", str(DIR)], stdout=self.log, stderr=self.log)
        for _ in range(600):
            try:
                if Connection().ask("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        sys.exit(f"keyholdd does not start again: {self.process.poll()}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()


class Told:
    """What clients were told since the last restart, and of certificates ever."""

    def __init__(self):
        self.lock = threading.Lock()
        self.serials = []
        self.half_deleted = set()
        self.replaced = set()  # hashes of keys whose rotation was acknowledged
        self.begin()

    def begin(self):
        self.issued, self.revoked, self.keys, self.deleting = [], [], {}, {}
        self.refusals = []


told = Told()
counts = collections.Counter()


def issue_or_revoke(connection, mine, dice):
    if mine and dice.random() < 0.2:
        serial = mine.pop()
        status, answer = connection.ask("POST", f"/v1/certificates/{serial}/revocation", {"reason": "superseded"})
        if status == 200 or status == 201:
            told.revoked.append(serial)
    else:
        status, answer = connection.ask(
            "POST", "/v1/issuers/internal/certificates?profile=server", csr, "application/pkcs10")
        if status == 201:
            serial = answer["serial"]
            mine.append(serial)
            with told.lock:
                told.issued.append((serial, answer["certificate"]))
                told.serials.append(serial)
    return status, answer


def change_keys(connection, names, dice):
    kind = dice.random()
    if names and kind < 0.4:
        name = dice.choice(names)
        status, answer = connection.ask("POST", f"/v1/keys/{name}/rotate", {})
        if status == 201:
            told.replaced.add(told.keys[name])
            told.keys[name] = answer["spki_sha256"]
    elif names and kind < 0.6:
        name = names.pop()
        told.deleting[name] = told.keys.pop(name)
        status, answer = connection.ask("DELETE", f"/v1/keys/{name}", {"spki_sha256": told.deleting[name]})
        del told.deleting[name]
        if status == 204:
            told.keys[name] = None
    else:
        name = f"k{counts['names']}"
        counts["names"] += 1
        status, answer = connection.ask("POST", "/v1/keys", {"name": name, "type": "ec-p256", "use": "tls"})
        if status == 201:
            names.append(name)
            told.keys[name] = answer["spki_sha256"]
    return status, answer


def client(number, seed):
    dice, mine = random.Random(seed), []
    work = change_keys if number == 0 else issue_or_revoke
    try:
        connection = Connection()
        while True:
            status, answer = work(connection, mine, dice)
            if status >= 300:
                told.refusals.append((status, answer))
                return
    except (OSError, http.client.HTTPException):
        pass  # it was killed


def crl_number():
    crl = subprocess.run([KEYHOLD, "ca", "crl", "internal"], capture_output=True, check=True).stdout
    text = subprocess.run(["openssl", "crl", "-crlnumber", "-noout"], input=crl, capture_output=True, check=True).stdout
    return int(text.decode().split("=")[1].strip().removeprefix("0x"), 16), crl


def check_certificates(connection):
    for serial, certificate in told.issued:
        status, answer = connection.ask("GET", f"/v1/certificates/{serial}")
        if status != 200 or answer["certificate"] != certificate:
            counts["lost"] += 1
    for serial in told.revoked:
        if connection.ask("GET", f"/v1/certificates/{serial}")[1].get("status") != "revoked":
            counts["lost revocations"] += 1
    counts["certificates"] += len(told.issued)
    counts["revocations"] += len(told.revoked)


def check_keys(connection):
    for name, spki in told.keys.items():
        status, answer = connection.ask("GET", f"/v1/keys/{name}")
        if spki is None and status != 404 or spki is not None and status != 200:
            counts["lost keys"] += 1
        elif spki is not None and answer["spki_sha256"] in told.replaced:
            counts["lost keys"] += 1  # the rotation is
        elif spki is not None and answer["spki_sha256"] != spki:
            counts["rotations under way"] += 1  # made, but the answer did not arrive
    counts["keys"] += len(told.keys)
    # Destroyed on the token, maybe, and still listed: to repeat the request is the way out.
    for name, spki in told.deleting.items():
        told.half_deleted.add(name)
        if connection.ask("DELETE", f"/v1/keys/{name}", {"spki_sha256": spki})[0] not in (204, 404):
            counts["lost keys"] += 1
    for left in connection.ask("GET", "/v1/left-keys")[1]["keys"]:
        counts["left keys"] += 1
        if keyhold("key", "discard", left["cka_id"], "--yes").returncode != 0:
            counts["left keys that stay"] += 1
    counts["left keys that stay"] += len(connection.ask("GET", "/v1/left-keys")[1]["keys"])


def check(last_number, last_crl, number_of_round):
    connection = Connection()
    check_certificates(connection)
    check_keys(connection)
    if (number_of_round + 1) % VERIFY_EACH == 0 or number_of_round == ROUNDS - 1:
        counts["chains verified"] += 1
        done = keyhold("audit", "verify")
        if done.returncode != 0:
            counts["broken chains"] += 1
            print(done.stdout, done.stderr)
    number, crl = crl_number()
    if number < last_number or (number == last_number and crl != last_crl):
        counts["CRL numbers that fell or repeat"] += 1
    return number, crl


def check_database():
    database = sqlite3.connect(f"file:{DIR}/state/keyhold.db?mode=ro", uri=True)
    recorded = {row[0] for row in database.execute("SELECT serial FROM certificates")}
    reserved = {row[0] for row in database.execute("SELECT serial FROM reservations")}
    counts["lost"] += len(set(told.serials) - recorded)
    counts["duplicated serials"] += len(told.serials) - len(set(told.serials)) + len(recorded & reserved)
    counts["recorded"] = len(recorded)


def check_log():
    log = (DIR.parent / "keyholdd.log").read_text()
    missing = set(re.findall(r"event=key.missing key=(\S+)", log)) - told.half_deleted
    if missing or "audit.tampered" in log:
        sys.exit(f"keyholdd's log: {missing or 'audit.tampered'}")


def enough_happened():
    return counts["certificates"] >= 10 * ROUNDS ** 0.5 and counts["keys"] > 0


def rounds():
    """ROUNDS, and where the machine is too slow for much to happen in them, more and longer ones."""
    for i in range(MOST_ROUNDS):
        if i >= ROUNDS and enough_happened():
            return
        counts["rounds"] += 1
        yield i, LONGEST_S * (1 + i // ROUNDS)


def main():
    seed = int(os.environ.get("SEED", time.time_ns()))
    print(f"SEED={seed}")
    dice = random.Random(seed)
    daemon = Daemon()
    number, crl = crl_number()
    for i, longest_s in rounds():
        told.begin()
        clients = [threading.Thread(target=client, args=(n, dice.random())) for n in range(CLIENTS)]
        for c in clients:
            c.start()
        time.sleep(dice.uniform(0, longest_s))
        daemon.kill()
        for c in clients:
            c.join()
        if told.refusals:
            sys.exit(f"round {i}: {told.refusals[0]}")
        daemon = Daemon()
        number, crl = check(number, crl, i)
        if ROUNDS >= 100 and (i + 1) % 100 == 0:
            print(f"round {i + 1}: {dict(counts)}", flush=True)
    check_database()
    check_log()
    daemon.process.terminate()
    if daemon.process.wait() != 0:
        sys.exit("keyholdd did not stop well")
    print(f"rounds: {counts['rounds']}; certificates received: {counts['certificates']}, revoked: {counts['revocations']}; "
          f"keys made, rotated or deleted: {counts['keys']}, pairs that were left and removed: {counts['left keys']}")
    print(f"certificates received but not recorded: {counts['lost']}; "
          f"duplicated serials: {counts['duplicated serials']}; broken chains: {counts['broken chains']} "
          f"of {counts['chains verified']} verified")
    print(f"revocations lost: {counts['lost revocations']}; keys lost: {counts['lost keys']}; "
          f"left keys that stay: {counts['left keys that stay']}; "
          f"CRL numbers that fell or repeat: {counts['CRL numbers that fell or repeat']}")
    bad = ("lost", "duplicated serials", "broken chains", "lost revocations", "lost keys", "left keys that stay",
           "CRL numbers that fell or repeat")
    if any(counts[name] for name in bad):
        sys.exit("something was lost")
    if not enough_happened():
        sys.exit(f"too little happened: {dict(counts)}")


main()
