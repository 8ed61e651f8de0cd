"""make.py DIR - certificate requests as python3-cryptography makes them."""
import ipaddress
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

NAME = "web.example"


def make(path, key, names=(x509.DNSName(NAME),), digest=hashes.SHA256(), extensions=()):
    common_name = x509.NameAttribute(NameOID.COMMON_NAME, NAME)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([common_name]))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    request = builder.sign(key, digest)
    with open(os.path.join(sys.argv[1], f"{path}.cryptography.csr"), "wb") as out:
        out.write(request.public_bytes(serialization.Encoding.PEM))


def rsa_key(bits, exponent=65537):
    return rsa.generate_private_key(exponent, bits)


P256 = ec.generate_private_key(ec.SECP256R1())
DNS = x509.DNSName(NAME)

make("taken/ec-p256", P256)
make("taken/ec-p521", ec.generate_private_key(ec.SECP521R1()), digest=hashes.SHA512())
make("taken/rsa-4096", rsa_key(4096))
make("taken/ed25519", ed25519.Ed25519PrivateKey.generate(), digest=None)
make("taken/addresses", P256, [DNS, x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
                               x509.IPAddress(ipaddress.ip_address("2001:db8::1"))])
make("refused/csr-rsa-exponent", rsa_key(2048, 3))
make("refused/csr-ec-curve", ec.generate_private_key(ec.SECP224R1()))
make("refused/csr-signature-algorithm", P256, digest=hashes.SHA224())
make("refused/san-ip-mapped", P256, [DNS, x509.IPAddress(ipaddress.ip_address("::ffff:192.0.2.1"))])
make("refused/san-dns-labels", P256, [DNS, x509.DNSName("a." * 10 + NAME)])
make("refused/csr-extension-critical", P256, extensions=[x509.TLSFeature([x509.TLSFeatureType.status_request])])
