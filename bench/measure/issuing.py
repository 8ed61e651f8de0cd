"""Certificates for requests: by keyholdd, recorded before the answer, and by cfssl serve, which records nothing."""
import json
import socket
import subprocess
import time

from measure.case import Case
from measure.daemon import cpu_s
from measure.load import load, sample

CONNECTIONS = (1, 16, 64)
SUBJECT = ("/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
KEYS = {"P-256": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"), "RSA-2048": ("-newkey", "rsa:2048")}


def make_csr(place, kind):
    csr = place.top / f"{kind}.csr"
    if not csr.exists():
        subprocess.run(["openssl", "req", "-new", *KEYS[kind], "-nodes", "-keyout", place.top / "csr.key", "-subj", *SUBJECT,
                        "-out", csr], check=True, capture_output=True)
        (place.top / "csr.key").unlink()
    return csr


def issuer(place):
    daemon = place.daemon("issuing")
    if not hasattr(place, "issues"):
        daemon.cli("ca", "create", "root", "--subject", "/CN=bench root")
        daemon.cli("ca", "create", "internal", "--issuer", "root")
        place.issues = True
    return daemon


def by_keyhold(place, kind, connections):
    daemon = issuer(place)
    return load(daemon, "--method", "POST", "--target", "/v1/issuers/internal/certificates?profile=server", "--type",
                "application/pkcs10", "--body", make_csr(place, kind), "--expect", 201, "--connections", connections)


class Cfssl:
    """cfssl serve with a P-256 key in a file, silent."""

    def __init__(self, place):
        top = place.top / "cfssl"
        top.mkdir()
        request = {"CN": "bench root", "key": {"algo": "ecdsa", "size": 256}}
        (top / "ca.json").write_text(json.dumps(request))
        made = json.loads(subprocess.run(["cfssl", "gencert", "-loglevel", "5", "-initca", top / "ca.json"], check=True,
                                         capture_output=True).stdout)
        (top / "ca.pem").write_text(made["cert"])
        (top / "ca.key").write_text(made["key"])
        signing = {"signing": {"default": {"expiry": "2160h", "usages": ["digital signature", "server auth"]}}}
        (top / "config.json").write_text(json.dumps(signing))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            ["cfssl", "serve", "-loglevel", "5", "-address", "127.0.0.1", "-port", str(self.port), "-ca", top / "ca.pem",
             "-ca-key", top / "ca.key", "-config", top / "config.json"], cwd=top, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        place.processes.append(self.process)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("cfssl serve did not start")


def by_cfssl(place, cfssl, kind, connections):
    body = place.top / f"{kind}.cfssl"
    body.write_text(json.dumps({"certificate_request": make_csr(place, kind).read_text()}))
    command = [place.build / "bench" / "http_load", "--tcp", f"127.0.0.1:{cfssl.port}", "--method", "POST", "--target",
               "/api/v1/cfssl/sign", "--type", "application/json", "--body", body, "--connections", connections]
    return lambda seconds: sample(command, seconds, {"cfssl": lambda: cpu_s(cfssl.process.pid)})


def name(kind, connections):
    return f"{kind}, {connections} connection{'s' if connections > 1 else ''}"


def cases(place):
    cfssl = Cfssl(place)
    made = []
    for kind in KEYS:
        for connections in CONNECTIONS:
            made.append(Case("issuing, keyhold", name(kind, connections), by_keyhold(place, kind, connections)))
            made.append(Case("issuing, cfssl", name(kind, connections), by_cfssl(place, cfssl, kind, connections)))
    return made


def quick_cases(place):
    return [Case("issuing, keyhold", name("P-256", 16), by_keyhold(place, "P-256", 16))]
