#!/usr/bin/python3
"""soak.py - handshakes, issuance, revocation and rotation at once, while a token misbehaves.

  soak.py SECONDS mild|all DIRECTORY SOCKET PORT DAEMON-PID NGINX-PID

DIRECTORY has root.pem, leaf.csr and message; FAULT is the command that tells the token what to do
wrong. A failure is explained when it overlaps a fault, or the GRACE_S after its end that recovery may take.
Prints operations, failures by cause, latencies, memory, descriptors and threads. Exit status 1: a failure is
not explained, or something grew.
"""
import collections
import glob
import http.client
import json
import os
import random
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time

SECONDS, FAULTS, DIRECTORY, SOCKET, PORT, DAEMON, NGINX = sys.argv[1:]
SECONDS, PORT, DAEMON, NGINX = float(SECONDS), int(PORT), int(DAEMON), int(NGINX)
FAULT = os.environ["FAULT"]

WARM_S = 3
GRACE_S = 3.0  # twice the longest pause of a token that is away
CACHES_KIB = 2 * 8192 + 2048  # that SQLite fills, in the daemon's two connections, and a margin
TIMEOUT_S = 15
REVOKED_MAX, REVOKED_PAUSE_S = 2000, 5.0
OPERATIONS = ("destroy", "handshake", "issue", "look", "revoke", "rotate", "sign")
SIGN = "/v1/keys/turning/sign?scheme=ecdsa_secp256r1_sha256"
OCTETS = {"Content-Type": "application/octet-stream"}
JSON = {"Content-Type": "application/json"}

# What the fault command is told, and for how many seconds at most. After the first ones the token's sessions and
# its login are as they were; the others end them.
MILD = [
    ("C_Sign CKR_DEVICE_ERROR 1", 0.2), ("C_Sign CKR_SESSION_HANDLE_INVALID 1", 0.2),
    ("C_Sign CKR_GENERAL_ERROR 3", 0.2), ("C_Sign CKR_HOST_MEMORY 1", 0.2), ("C_SignInit CKR_FUNCTION_FAILED 2", 0.2),
    ("C_Sign CKR_DEVICE_ERROR", 0.5), ("C_Sign delay=20", 1.0), ("C_Sign delay=300", 1.0), ("C_Sign hang 1", 0.5),
    ("C_GenerateKeyPair CKR_DEVICE_MEMORY 1", 0.5), ("wrong-signatures", 0.2),
]
HARD = [
    ("C_Sign CKR_USER_NOT_LOGGED_IN", 0.3), ("C_Sign CKR_KEY_HANDLE_INVALID", 0.3), ("any CKR_DEVICE_ERROR", 0.5),
    ("any CKR_CRYPTOKI_NOT_INITIALIZED", 0.3), ("C_OpenSession CKR_DEVICE_ERROR", 0.5), ("C_Sign hang", 1.0),
    ("reset 1 1", 0.2), ("logout 1 1", 0.2), ("no-token", 0.5), ("no-slot", 0.5), ("slot-offset 1", 0.5),
    ("max-sessions 1", 0.5), ("idle-ms 100", 0.5),
]


class Unix(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("localhost", timeout=TIMEOUT_S)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


class Refused(Exception):
    pass


def read(name):
    with open(os.path.join(DIRECTORY, name), "rb") as file:
        return file.read()


class Record:
    """What was done, from when to when, and why it failed."""

    def __init__(self):
        self.lock = threading.Lock()
        self.done = collections.defaultdict(list)  # by operation: (began, ended)
        self.failed = []  # (operation, began, ended, why)
        self.faults = []  # (began, ended, what)
        self.broken = False  # a thread of ours
        self.revoked, self.last_revoked = 0, 0.0
        self.until = None

    def may_revoke(self):
        """The CRLs that the daemon holds grow with each. After some they hardly do, so that a leak shows."""
        with self.lock:
            if self.revoked >= REVOKED_MAX and time.time() < self.last_revoked + REVOKED_PAUSE_S:
                return False
            self.revoked += 1
            self.last_revoked = time.time()
            return True

    def over(self):
        return time.time() >= self.until

    def attempt(self, operation, what):
        """What it returns, or None when it failed."""
        began, why = time.time(), None
        try:
            result = what()
        except (OSError, http.client.HTTPException, Refused) as error:
            result, why = None, f"{type(error).__name__}: {error}"[:120]
        with self.lock:
            if why is None:
                self.done[operation].append((began, time.time()))
            else:
                self.failed.append((operation, began, time.time(), why))
        if why is not None:
            time.sleep(0.05)
        return result

    def fault_of(self, began, ended):
        """The fault that explains a failure, or None."""
        for start, end, what in self.faults:
            if began <= end + GRACE_S and ended >= start:
                return what
        return None


record = Record()


class Client:
    """One connection; another after each failure."""

    def __init__(self):
        self.connection = None

    def ask(self, method, path, body=None, headers=None, want=(200, 201, 204)):
        if self.connection is None:
            self.connection = Unix()
        try:
            self.connection.request(method, path, body, headers or {})
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        if answer.will_close:
            self.connection = None
        if answer.status not in want:
            detail = json.loads(text).get("type", "") if text.startswith(b"{") else ""
            raise Refused(f"{answer.status} {detail.rpartition(':')[2]}")
        return text


def shake_hands():
    context = ssl.create_default_context(cafile=os.path.join(DIRECTORY, "root.pem"))

    def one():
        with socket.create_connection(("127.0.0.1", PORT), timeout=TIMEOUT_S) as plain:
            with context.wrap_socket(plain, server_hostname="localhost"):
                return True

    while not record.over():
        record.attempt("handshake", one)


def issue_and_revoke():
    client = Client()
    headers, csr = {"Content-Type": "application/pkcs10", "Accept": "application/json"}, read("leaf.csr")
    while not record.over():
        text = record.attempt("issue", lambda: client.ask(
            "POST", "/v1/issuers/internal/certificates?profile=server", csr, headers))
        if text is None:
            continue
        serial = json.loads(text)["serial"]
        if random.random() < 0.3 and record.may_revoke():
            record.attempt("revoke", lambda: client.ask(
                "POST", f"/v1/certificates/{serial}/revocation", '{"reason":"superseded"}', JSON))
        time.sleep(0.02)


def rotate():
    """A key is rotated, signs, and what it replaced is destroyed, so that the token does not fill up."""
    client, message = Client(), read("message")
    while not record.over():
        key = record.attempt("look", lambda: client.ask("GET", "/v1/keys/turning"))
        if key is None:
            continue
        old = json.loads(key)["spki_sha256"]
        if record.attempt("rotate", lambda: client.ask("POST", "/v1/keys/turning/rotate", "{}", JSON)):
            record.attempt("destroy", lambda: client.ask(
                "DELETE", f"/v1/keys/spki:{old}", json.dumps({"spki_sha256": old}), JSON))
        for _ in range(20):
            record.attempt("sign", lambda: client.ask("POST", SIGN, message, OCTETS))
            time.sleep(0.02)


def tell(*words):
    subprocess.run([FAULT, *words], check=True, stdout=subprocess.DEVNULL)


def misbehave():
    try:
        make_faults()
    except (OSError, subprocess.CalledProcessError) as why:
        print(f"no more faults: {why}")
        record.broken = True


def make_faults():
    faults = MILD + (HARD if FAULTS == "all" else [])
    while not record.over():
        time.sleep(random.uniform(1.0, 3.0))
        what, longest = random.choice(faults)
        began = time.time()
        tell("set", *what.split())
        time.sleep(random.uniform(longest / 4, longest))
        tell("clear")
        record.faults.append((began, time.time(), what))


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        lines = dict(line.split(":", 1) for line in file)
    return int(lines["VmRSS"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), int(lines["Threads"])


def workers():
    pids = []
    for path in glob.glob(f"/proc/{NGINX}/task/*/children"):
        with open(path, encoding="ascii") as file:
            pids += [int(pid) for pid in file.read().split()]
    return sorted(pids)


def measure():
    """Resident KiB, descriptors and threads, of the daemon and of nginx's workers together."""
    return status_of(DAEMON), tuple(map(sum, zip(*map(status_of, workers()))))


def watch(samples):
    while not record.over():
        samples.append(measure())
        time.sleep(max(0.2, SECONDS / 400))


def percentiles(times):
    if len(times) < 2:
        return "-"
    cuts = statistics.quantiles([1000 * t for t in times], n=1000, method="inclusive")
    return " / ".join(f"{cuts[i]:.1f}" for i in (499, 949, 989, 998)) + f" / {1000 * max(times):.0f} ms"


def report_operations():
    """False: a failure is not explained."""
    print("operation   succeeded  failed  ms while no fault: 50 / 95 / 99 / 99.9 % / most")
    for operation in sorted(record.done):
        calm = [end - begin for begin, end in record.done[operation] if record.fault_of(begin, end) is None]
        failures = sum(failure[0] == operation for failure in record.failed)
        print(f"{operation:10} {len(record.done[operation]):10} {failures:7}  {percentiles(calm)}")
    causes = collections.Counter()
    unexplained = []
    for operation, began, ended, why in record.failed:
        fault = record.fault_of(began, ended)
        causes[(fault or "UNEXPLAINED", operation, why)] += 1
        if fault is None:
            unexplained.append((operation, began, ended, why))
    print(f"{len(record.faults)} faults; failures by cause:")
    for (fault, operation, why), count in sorted(causes.items()):
        print(f"  {count:5}  {fault}: {operation}: {why}")
    for operation, began, ended, why in unexplained[:20]:
        since = [began - end for start, end, what in record.faults if start <= began]
        print(f"unexplained: {operation} {min(since, default=-1):.1f} s after a fault, {ended - began:.2f} s long: {why}")
    if not record.faults:
        print("not one fault")
    return not unexplained and record.faults and not record.broken


def grew(name, before, after, samples):
    """Whether one of the two did: beyond its caches, and in the second half of the time still."""
    rss = [sample[0] for sample in samples]
    quarter = len(rss) // 4
    second, last = statistics.median(rss[quarter:2 * quarter]), statistics.median(rss[-quarter:])
    print(f"{name}: at the start {before[0]} KiB, {before[1]} descriptors, {before[2]} threads; at the end {after[0]}, "
          f"{after[1]}, {after[2]}; resident in the second quarter {second:.0f} KiB, in the last {last:.0f}, at most {max(rss)}")
    leaks = last > before[0] + CACHES_KIB and last > second + max(2048, second / 20)
    return leaks or after[1] > before[1] + 4 or after[2] > before[2] + 2


def note_end(args):
    threading.__excepthook__(args)
    record.broken = True


def main():
    threading.excepthook = note_end
    if any(os.path.exists(f"/proc/{pid}") is False for pid in (DAEMON, NGINX)):
        sys.exit("no daemon or no nginx")
    pids = workers()
    tasks = [shake_hands] * 4 + [issue_and_revoke] * 2 + [rotate]

    def run(seconds, more=()):
        record.until = time.time() + seconds
        threads = [threading.Thread(target=task, daemon=True) for task in tasks + list(more)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(seconds + 4 * TIMEOUT_S)
            if thread.is_alive():
                sys.exit("something hangs")
        time.sleep(2.5)  # until threads that have nothing to do have gone

    run(WARM_S)
    if record.failed:
        sys.exit(f"before any fault: {record.failed[0]}")
    record.done.clear()
    before, samples = measure(), []
    run(SECONDS, [misbehave, lambda: watch(samples)])
    after = measure()
    good = report_operations()
    for i, name in enumerate(("keyholdd", "nginx's workers")):
        if grew(name, before[i], after[i], [sample[i] for sample in samples]):
            print(f"{name}: grew")
            good = False
    if workers() != pids:
        print(f"the workers were {pids} and are {workers()}")
        good = False
    for operation in OPERATIONS:
        if not record.done.get(operation):
            print(f"{operation} never succeeded")
            good = False
    sys.exit(0 if good else 1)


main()
