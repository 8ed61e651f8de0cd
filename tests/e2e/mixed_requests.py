"""Signatures and other requests on one connection, in the pieces that networks make of them."""
import socket
import sys
import time

PATH, KEY = sys.argv[1], sys.argv[2]


def post(target, body, *fields, kind="application/octet-stream"):
    head = [f"POST {target} HTTP/1.1", "Host: localhost", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join(head + list(fields) + ["", ""]).encode() + body


def sign(message=b"hello", *fields, key=KEY, scheme="ecdsa_secp256r1_sha256"):
    return post(f"/v1/keys/{key}/sign?scheme={scheme}", message, *fields)


class Connection:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(PATH)
        self.left = b""

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        more = self.socket.recv(65536)
        if not more:
            raise EOFError
        self.left += more

    def answer(self):
        """Status, header fields and body of the next answer."""
        while b"\r\n\r\n" not in self.left:
            self.read()
        head, self.left = self.left.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines)
        while len(self.left) < int(fields["content-length"]):
            self.read()
        body, self.left = self.left[:int(fields["content-length"])], self.left[int(fields["content-length"]):]
        return int(first.split()[1]), fields, body

    def is_signature(self):
        status, fields, body = self.answer()
        assert status == 200, (status, body)
        assert fields["content-type"] == "application/octet-stream", fields
        assert fields["date"].endswith(" gmt"), fields
        assert body[0] == 0x30 and body[1] == len(body) - 2, body


def expect(connection, status, text=b""):
    got, fields, body = connection.answer()
    assert got == status and text in body, (got, body)
    return fields


print("signatures, something else, and signatures again")
c = Connection()
for _ in range(3):
    c.send(sign())
    c.is_signature()
c.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
expect(c, 200, b"alive")
for _ in range(3):
    c.send(sign())
    c.is_signature()

print("several in one piece")
c = Connection()
c.send(sign() * 5 + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + sign() * 2)
for _ in range(5):
    c.is_signature()
expect(c, 200, b"alive")
for _ in range(2):
    c.is_signature()

print("one in two pieces, wherever it is cut")
whole = sign()
for cut in (1, 40, whole.index(b"\r\n\r\n") + 2, len(whole) - 5, len(whole) - 1):
    c = Connection()
    c.send(sign())
    c.is_signature()
    c.send(whole[:cut])
    time.sleep(0.05)
    c.send(whole[cut:])
    c.is_signature()
    c.send(sign())
    c.is_signature()

print("one that is larger than what is looked at")
c = Connection()
c.send(sign(b"x" * 100000))
c.is_signature()
c.send(sign())
c.is_signature()

print("refusals, and the connection stays")
c = Connection()
for data, status in ((sign(key="nobody"), 404), (sign(scheme="ed25519"), 415), (sign(scheme="none"), 415),
                     (sign(key="UPPER"), 400)):
    c.send(data)
    assert "problem+json" in expect(c, status)["content-type"]
c.send(sign())
c.is_signature()

print("who asks to be let go is")
c = Connection()
c.send(sign(b"hello", "Connection: close"))
c.is_signature()
try:
    c.read()
    sys.exit("the connection stayed")
except EOFError:
    pass

print("who says only half of it holds nobody up")
held = [Connection() for _ in range(50)]
for c in held:
    c.send(whole[:60])
c = Connection()
c.send(sign())
c.is_signature()
for c in held:
    c.send(whole[60:])
for c in held:
    c.is_signature()

print("sixty-four at once, and none is refused")
many = [Connection() for _ in range(64)]
for _ in range(20):
    for c in many:
        c.send(sign())
    for c in many:
        c.is_signature()
