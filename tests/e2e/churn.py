"""Does everything that a daemon does at once, for some seconds, and prints what of it how often. Fails on an answer
that is none of those a good request may have.

usage: churn.py SOCKET SECONDS CSR-FILE"""
import collections
import http.client
import json
import re
import socket
import sys
import threading
import time

path, seconds, csr_file = sys.argv[1], float(sys.argv[2]), sys.argv[3]
MESSAGE = b" " * 64 + b"TLS 1.3, server CertificateVerify\0" + bytes(32)
CSR = open(csr_file, "rb").read()
end = time.monotonic() + seconds
counts = collections.Counter()
wrong = []


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(path)


def ask(connection, method, target, body=None, content_type="application/json", may=(200, 201, 204)):
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    connection.request(method, target, body, {"Content-Type": content_type} if body is not None else {})
    answer = connection.getresponse()
    text = answer.read()
    shape = re.sub(r"[0-9a-f]{40}|[a-z]+-[0-9]+-[0-9]+", "X", target.split("?")[0])
    counts[method, shape] += 1
    if answer.status not in may:
        wrong.append(f"{answer.status} to {method} {target}: {text[:300]!r}")
    return answer


def sign(connection, thread, n):
    ask(connection, "POST", "/v1/keys/web/sign?scheme=ecdsa_secp256r1_sha256", MESSAGE, "application/octet-stream")


# Its connection is the daemon's other way in, from the second request on.
def issue(connection, thread, n):
    answer = ask(connection, "POST", "/v1/issuers/internal/certificates?profile=server", CSR, "application/pkcs10")
    if n % 3 == 0 and answer.status == 201:
        ask(connection, "POST", answer.headers["Location"] + "/revocation", {"reason": "superseded"})
        ask(connection, "GET", "/v1/issuers/internal/crl", may=(200, 503))


def rotate(connection, thread, n):
    ask(connection, "POST", "/v1/keys/web/rotate", {})


def make_and_destroy(connection, thread, n):
    name = f"key-{thread}-{n}"
    answer = ask(connection, "POST", "/v1/keys", {"name": name, "type": "ec-p256", "use": "sign"})
    if answer.status == 201:
        connection.request("GET", f"/v1/keys/{name}")
        spki = json.loads(connection.getresponse().read())["spki_sha256"]
        ask(connection, "DELETE", f"/v1/keys/{name}", {"spki_sha256": spki})


def make_tokens(connection, thread, n):
    name = f"token-{thread}-{n}"
    ask(connection, "POST", "/v1/tokens", {"name": name})
    ask(connection, "DELETE", f"/v1/tokens/{name}")


def change_profile(connection, thread, n):
    ask(connection, "PUT", "/v1/profiles/own", {"dns_names": ["**"], "description": str(n),
                                                "ext_key_usage": ["serverAuth"]})


def look(connection, thread, n):
    for target in ("/readyz", "/metrics", "/v1/keys", "/v1/certificates?limit=5", "/v1/issuers", "/v1/access",
                   "/v1/audit?limit=5", "/v1/audit/head", "/v1/profiles"):
        ask(connection, "GET", target)


def run(work, thread):
    connection, n = Connection("localhost"), 0
    try:
        while time.monotonic() < end and not wrong:
            work(connection, thread, n)
            n += 1
    except Exception as error:  # whatever it is, the thread has stopped working
        wrong.append(f"{work.__name__}: {error!r}")


works = [sign] * 4 + [issue] * 3 + [rotate, make_and_destroy, make_tokens, change_profile, look, look]
threads = [threading.Thread(target=run, args=(work, i)) for i, work in enumerate(works)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for (method, target), count in sorted(counts.items()):
    print(f"{count:7} {method} {target}")
sys.exit("\n".join(wrong[:10]) if wrong else 0)
