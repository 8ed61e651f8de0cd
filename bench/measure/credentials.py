"""credentials.py - a certificate of the same CA for a key in the token and for one in a file, of each kind."""
import os
import subprocess

KINDS = {
    "P-256": ("ec-p256", ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")),
    "RSA-2048": ("rsa-2048", ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")),
}


class Credentials:
    """
    Files in a directory: root.pem, openssl.cnf for keyhold.so, and for each kind web-TYPE.crt, .key and .pem (a
    reference) and file-TYPE.crt, .key and .pem (the key itself).
    """

    def __init__(self, place, daemon):
        self.place, self.daemon = place, daemon
        self.directory = place.top / "credentials"
        self.directory.mkdir()
        self.root = self.directory / "root.pem"
        self.provider_conf = self.directory / "openssl.cnf"
        daemon.cli("ca", "create", "root", "--subject", "/O=keyhold bench/CN=bench root")
        daemon.cli("ca", "create", "internal", "--issuer", "root")
        daemon.cli("ca", "certificate", "root", "--out", str(self.root))
        module = (place.build / "keyhold.so").resolve()
        self.provider_conf.write_text(daemon.cli("provider", "config", "--module", str(module)))
        for kind in KINDS:
            self._in_token(kind)
            self._in_file(kind)

    def _in_token(self, kind):
        key_type, _ = KINDS[kind]
        self.daemon.cli("cert", "issue", "web-" + key_type, "--type", key_type, "--ca", "internal",
                        "--san", "localhost", "--out", str(self.directory), "--pem")

    def _in_file(self, kind):
        key_type, openssl_options = KINDS[kind]
        certificate, key, both = (self.in_file(kind, end) for end in ("crt", "key", "pem"))
        csr = self.in_file(kind, "csr")
        subprocess.run(["openssl", "genpkey", *openssl_options, "-out", key], check=True, capture_output=True)
        subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-out", csr], check=True, capture_output=True)
        self.daemon.cli("cert", "sign", str(csr), "--ca", "internal", "--out", str(certificate))
        both.write_bytes(certificate.read_bytes() + key.read_bytes())

    def in_token(self, kind, end):
        return self.directory / f"web-{KINDS[kind][0]}.{end}"

    def in_file(self, kind, end):
        return self.directory / f"file-{KINDS[kind][0]}.{end}"

    def uri(self, kind):
        """The key that is in the token, as the libp11 ENGINE names it."""
        pin = (self.daemon.directory / "pin").read_text().strip()
        return f"pkcs11:token=keyhold-dev;object=web-{KINDS[kind][0]};type=private?pin-value={pin}"

    def with_provider(self):
        return os.environ | {"OPENSSL_CONF": str(self.provider_conf)}

    def with_engine(self):
        """An environment in which a program has the daemon's token in its own process."""
        conf = self.directory / "engine.cnf"
        conf.write_text("openssl_conf = init\n[init]\nengines = engines\n[engines]\npkcs11 = pkcs11\n[pkcs11]\n"
                        "engine_id = pkcs11\nMODULE_PATH = /usr/lib/softhsm/libsofthsm2.so\ninit = 1\n")
        return os.environ | {"OPENSSL_CONF": str(conf),
                             "SOFTHSM2_CONF": str(self.daemon.directory / "token" / "softhsm2.conf")}


def of(place):
    """Those of a place, made when they are first asked for."""
    if not hasattr(place, "credentials"):
        place.credentials = Credentials(place, place.daemon("tls"))
    return place.credentials
