#!/usr/bin/python3
"""expiry_certificates.py DIR - a root and certificates by it in all states, for servers on 127.0.0.1."""
import datetime
import ipaddress
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

directory = pathlib.Path(sys.argv[1])
# Of a minute ago: what is said to end in N days then has N - 1 whole ones left, at any moment of the story.
now = datetime.datetime.utcnow() - datetime.timedelta(minutes=1)


def day(n):
    return now + datetime.timedelta(days=n)


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def write(name, cert, key, *chain):
    pem = serialization.Encoding.PEM
    (directory / f"{name}.pem").write_bytes(b"".join(c.public_bytes(pem) for c in (cert, *chain)))
    (directory / f"{name}.key").write_bytes(key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def make(name, sans, start, end, issuer=None, ca=False):
    key = ec.generate_private_key(ec.SECP256R1())
    signer = issuer or (None, key)
    builder = (x509.CertificateBuilder().subject_name(name_of(name)).public_key(key.public_key())
               .issuer_name(issuer[0].subject if issuer else name_of(name))
               .serial_number(x509.random_serial_number())
               .not_valid_before(day(start)).not_valid_after(day(end))
               .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True))
    if sans:
        builder = builder.add_extension(x509.SubjectAlternativeName(sans), critical=False)
    cert = builder.sign(signer[1], hashes.SHA256())
    write(name, cert, key)
    return cert, key


here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
root = make("root", None, -1000, 3000, ca=True)
good = make("good", here, -10, 200, root)
make("expired", here, -100, -10.5, root)
make("soon", here, -80, 9.5, root)
make("wrong", [x509.DNSName("elsewhere.example")], -10, 150, root)
make("old", here, -10, 180, root)
make("self", here, -10, 100)
answer = ocsp.OCSPResponseBuilder().add_response(
    good[0], root[0], hashes.SHA1(), ocsp.OCSPCertStatus.GOOD, day(-1), day(6), None, None
).responder_id(ocsp.OCSPResponderEncoding.HASH, root[0]).sign(root[1], hashes.SHA256())
(directory / "good.ocsp").write_bytes(answer.public_bytes(serialization.Encoding.DER))
