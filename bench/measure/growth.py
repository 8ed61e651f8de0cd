"""What size costs: the same requests to a daemon with little and to one with much."""
import statistics

from measure.case import Case, Sample
from measure.keys import fill_keys
from measure.load import load
from measure.million import make_csr, ocsp_request, prepare, wait_for_crl

KEYS = 10000
CERTIFICATES, REVOKED = 1000000, 100000
A_FEW, A_FEW_REVOKED = 200, 20  # so that a page of a list is full
SHARDS = 16
LOADED = 64
MESSAGE = b"a message of the size of a hash."
SIGN = "/v1/keys/{}/sign?scheme=ecdsa_secp256r1_sha256"


def write(place, name, content):
    path = place.top / name
    path.write_bytes(content)
    return path


def sign(place, daemon, *how, connections=8):
    return load(daemon, "--method", "POST", "--type", "application/octet-stream", "--body",
                write(place, "message", MESSAGE), "--connections", connections, *how)


def with_keys(place, count):
    """A daemon with that many keys, and the hashes of them."""
    daemon = place.daemon(f"keys-{count}")
    daemon.stop()
    hashes = fill_keys(daemon, count)
    daemon.start()
    return daemon, hashes


def sign_cases(place, daemon, hashes):
    keys = f"{len(hashes):,} keys" if len(hashes) > 1 else "1 key"
    turns = write(place, f"targets-{len(hashes)}", "\n".join(SIGN.format(key) for key in hashes).encode())
    some = write(place, f"some-{len(hashes)}", "\n".join(SIGN.format(key) for key in hashes[:500]).encode())
    return [
        (f"sign P-256, 8 connections, by name, {keys}", sign(place, daemon, "--target", SIGN.format("k0"))),
        (f"sign P-256, 8 connections, by hash, {keys}", sign(place, daemon, "--target", SIGN.format(hashes[0]))),
        (f"sign P-256, 8 connections, 500 of them in turn, {keys}", sign(place, daemon, "--targets", some)),
        (f"sign P-256, 8 connections, all in turn, {keys}", sign(place, daemon, "--targets", turns)),
    ]


def with_certificates(place, name, count, revoked):
    daemon = place.daemon(name)
    prepare(daemon, count, revoked, SHARDS)
    daemon.start()
    wait_for_crl(daemon, 0)  # or making them would count as something else's CPU time
    return daemon


def requests(place, daemon, connections=16):
    """name and what a Case runs, of all that is asked of a store."""
    issuer, name = "/v1/issuers/internal", daemon.directory.name
    csr = make_csr(daemon)
    issued = daemon.call("POST", issuer + "/certificates?profile=server", csr, "application/pkcs10")[0]
    serial = issued.headers["Location"].rsplit("/", 1)[1]

    def post(file, content, kind, target, *more):
        return load(daemon, "--method", "POST", "--type", kind, "--body", write(place, f"{name}.{file}", content),
                    "--target", target, "--connections", connections, *more)

    def get(target):
        return load(daemon, "--target", target, "--connections", connections)

    def ocsp(file, *options):
        return post(file, ocsp_request(daemon, serial, *options), "application/ocsp-request", issuer + "/ocsp")

    return [
        ("issue", post("csr", csr, "application/pkcs10", issuer + "/certificates?profile=server", "--expect", 201)),
        ("OCSP, an answer that was kept", ocsp("kept", "-no_nonce")),
        ("OCSP, signed each time", ocsp("nonce")),
        ("a shard of the CRL", get(issuer + "/crl/0")),
        ("list 100", get("/v1/certificates?limit=100")),
    ]


def start_up(daemon):
    """A Sample whose operation is a start."""
    def run(seconds):
        times, used = [], []
        while sum(times) < seconds:
            daemon.stop()
            took, cpu = daemon.start()
            times.append(took)
            used.append(cpu)
        return Sample(1 / statistics.mean(times), statistics.median(times) * 1e6, max(times) * 1e6, 0,
                      {"keyholdd": statistics.median(used) * 1e6})
    return run


def cases(place):
    few, many = with_keys(place, 1), with_keys(place, KEYS)
    small = with_certificates(place, "certificates-few", A_FEW, A_FEW_REVOKED)
    full = with_certificates(place, "certificates-many", CERTIFICATES, REVOKED)
    pairs = zip(sign_cases(place, *few), sign_cases(place, *many))
    made = [Case(f"{KEYS:,} keys", name, run) for pair in pairs for name, run in pair]
    for pair in zip(requests(place, small), requests(place, full)):
        for (name, run), store in zip(pair, (f"{A_FEW} certificates", f"{CERTIFICATES:,} certificates")):
            made.append(Case(f"{CERTIFICATES:,} certificates", f"{name}, 16 connections, {store}", run))
    for daemon, what in ((few[0], "1 key"), (many[0], f"{KEYS:,} keys"), (small, f"{A_FEW} certificates"),
                         (full, f"{CERTIFICATES:,} certificates, {REVOKED:,} revoked")):
        made.append(Case("start-up", f"start-up, {what}", start_up(daemon)))
    return made


def memory(place, seconds=2.0):
    """Resident KiB of a daemon with one key: name, measured, target."""
    daemon = place.daemon("memory")
    daemon.stop()
    fill_keys(daemon, 1)
    daemon.start()
    idle, _ = daemon.memory_kib()
    sign(place, daemon, "--target", SIGN.format("k0"), connections=LOADED)(seconds)
    _, peak = daemon.memory_kib()
    return [("resident, idle", idle, 16 * 1024),
            (f"resident, {LOADED} connections that sign, peak", peak, 64 * 1024)]
