#!/usr/bin/env python3
"""acme_server.py PORT DIRECTORY - an ACME server that answers what pebble does not: refusals with subproblems, renewal
information, waits, and nonsense. Not one signature is checked here; pebble does that.

What it is to do is the word in DIRECTORY/mode; the payload of each new order is written to DIRECTORY/order, what is asked of
renewal information to DIRECTORY/certid. In mode issues, and minds, which takes no order that replaces something, it signs
with DIRECTORY/issuing.pem and .key; DIRECTORY/window, if there is one, has two times.
With DIRECTORY/tls.pem, a certificate and its key, it speaks HTTPS.
"""
import base64
import http.server
import json
import os
import ssl
import subprocess
import sys
import time

PORT, DIRECTORY = int(sys.argv[1]), sys.argv[2]
TLS = os.path.join(DIRECTORY, "tls.pem")
BASE = f"{'https' if os.path.exists(TLS) else 'http'}://127.0.0.1:{PORT}"
READY = "issues", "minds", "invalid", "invalid-mute"
waits = 0


def mode():
    with open(os.path.join(DIRECTORY, "mode")) as f:
        return f.read().strip()


def problem(kind, detail, **more):
    return dict(type="urn:ietf:params:acme:error:" + kind, detail=detail, **more)


SUBPROBLEMS = [
    problem("malformed", "Invalid underscore in DNS name \"_x.example\"", identifier={"type": "dns", "value": "_x.example"}),
    problem("rejectedIdentifier", "This CA will not issue for \"no.example\"", identifier={"type": "dns", "value": "no.example"}),
]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=None, kind="application/json", **fields):
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if status >= 400 and not isinstance(body, bytes):
            kind = "application/problem+json"
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), "Replay-Nonce": "AAAA", **fields}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_HEAD(self):
        self.answer(200)

    def do_GET(self):
        if self.path == "/dir":
            names = {"newNonce": "nonce", "newAccount": "account", "newOrder": "order", "revokeCert": "revoke", "keyChange": "change",
                     "renewalInfo": "renewal"}
            directory = {name: f"{BASE}/{path}" for name, path in names.items()}
            if mode() == "elsewhere":
                directory["newOrder"] = f"http://127.0.0.1:{PORT}@example.org/order"
            if mode() == "plain":
                directory["newOrder"] = "http://acme.example/order"
            if mode() == "no-renewal":
                del directory["renewalInfo"]
            self.answer(200, b"<html>maintenance</html>" if mode() == "html" else directory)
        elif self.path.startswith("/renewal/"):
            with open(os.path.join(DIRECTORY, "certid"), "w") as f:
                f.write(self.path.removeprefix("/renewal/"))
            window = {"start": "2026-02-03T04:05:06.5+01:00", "end": "2026-02-04T04:05:06Z"}
            if mode() == "backwards":
                window = {"start": window["end"], "end": "2026-02-03T04:05:06Z"}
            if os.path.exists(os.path.join(DIRECTORY, "window")):
                with open(os.path.join(DIRECTORY, "window")) as f:
                    window = dict(zip(("start", "end"), f.read().split()))
            self.answer(200, {"suggestedWindow": window, "explanationURL": "https://acme.example/why"}, Retry_After="7200")
        else:
            self.answer(404, problem("malformed", "no such resource"))

    def do_POST(self):
        global waits
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        payload = base64.urlsafe_b64decode(body["payload"] + "==")
        if self.path == "/account":
            self.answer(200, {"status": "valid"}, Location=f"{BASE}/account/1")
        elif self.path == "/order":
            self.order(payload)
        elif self.path == "/authorization":
            status = "valid" if mode() in READY else "pending"
            challenge = {"type": "http-01", "url": f"{BASE}/challenge", "status": status, "token": "token"}
            self.answer(200, {"status": status, "identifier": {"type": "dns", "value": self.name()}, "challenges": [challenge]})
        elif self.path == "/challenge":
            self.answer(200, {"status": "processing"})
        elif self.path == "/finalize" and mode() == "invalid":
            self.answer(200, self.state("invalid", error=problem("caa", "CAA record for web.example prevents issuance")))
        elif self.path == "/finalize" and mode() == "invalid-mute":
            self.answer(200, self.state("invalid"))
        elif self.path == "/finalize":
            csr = json.loads(payload)["csr"]
            self.sign(base64.urlsafe_b64decode(csr + "=" * (-len(csr) % 4)))
            self.answer(200, self.state("valid", certificate=f"{BASE}/certificate"))
        elif self.path == "/certificate":
            with open(os.path.join(DIRECTORY, "issued.pem"), "rb") as leaf, open(os.path.join(DIRECTORY, "issuing.pem"), "rb") as root:
                self.answer(200, leaf.read() + root.read(), "application/pem-certificate-chain")
        else:
            self.answer(404, problem("malformed", "no such resource"))

    def sign(self, csr):
        with open(os.path.join(DIRECTORY, "extensions"), "w") as f:
            f.write("authorityKeyIdentifier = keyid:always\n")
        subprocess.run(["openssl", "x509", "-req", "-inform", "DER", "-CA", "issuing.pem", "-CAkey", "issuing.key", "-days", "90",
                        "-copy_extensions", "copyall", "-extfile", "extensions", "-out", "issued.pem"],
                       input=csr, cwd=DIRECTORY, check=True)

    def state(self, status, **more):
        return dict(status=status, authorizations=[f"{BASE}/authorization"], finalize=f"{BASE}/finalize", **more)

    def name(self):
        return "other.example" if mode() == "other" else "web.example"

    def order(self, payload):
        global waits
        with open(os.path.join(DIRECTORY, "order"), "wb") as f:
            f.write(payload)
        if mode() == "hangs":
            time.sleep(20)
        if mode() == "replaced" and b'"replaces"' in payload:
            self.answer(409, problem("alreadyReplaced", "another order replaces it"))
        elif mode() == "limited":
            self.answer(429, problem("rateLimited", "too many certificates"), Retry_After="86000")
        elif mode() == "busy" and waits < 2:
            waits += 1
            self.answer(503, problem("serverInternal", "busy"), Retry_After="0")
        elif mode() == "nonce":
            self.answer(400, problem("badNonce", "never good enough"))
        elif mode() in ("never", "other"):
            self.answer(201, self.state("pending"), Location=f"{BASE}/order/1")
        elif mode() == "minds" and b'"replaces"' in payload:
            self.answer(500, problem("serverInternal", "could not find an order for the given certificate"))
        elif mode() in READY:
            self.answer(201, self.state("ready"), Location=f"{BASE}/order/1")
        elif mode() == "large":
            self.answer(201, b" " * 300000, Location=f"{BASE}/order/1")
        else:
            self.answer(400, problem("compound", "Some of the identifiers requested were rejected", subproblems=SUBPROBLEMS, status=400))


server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
if os.path.exists(TLS):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS)
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
