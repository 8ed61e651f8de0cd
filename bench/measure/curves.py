"""What an operation costs, against the number of connections, keys, certificates and revocations.

Of each curve there are two files of tab-separated columns, NAME-cpu.tsv and NAME-latency.tsv: the first line names the
columns, the first column is what grows, the others are microseconds. bench/plot draws them.
"""
from measure.growth import SIGN, requests, sign, start_up, with_certificates
from measure.keys import fill_keys

CONNECTIONS = [2 ** n for n in range(9)]
KEYS = [1, 10, 100, 1000, 10000]
CERTIFICATES = [1000, 10000, 100000, 1000000]
REVOCATIONS = [1000, 10000, 100000]


def write_table(path, columns, rows):
    with open(path, "w", encoding="utf-8") as file:
        print(*columns, sep="\t", file=file)
        for size, *values in rows:
            print(size, *(f"{value:.1f}" for value in values), sep="\t", file=file)


def write(directory, name, what, curve):
    """curve: a size, and what each kind of operation was measured to be, by its name."""
    directory.mkdir(parents=True, exist_ok=True)
    columns = (what, *curve[0][1])
    write_table(directory / f"{name}-cpu.tsv", columns,
                [(size, *(sample.cpu_us["keyholdd"] for sample in samples.values())) for size, samples in curve])
    write_table(directory / f"{name}-latency.tsv", columns,
                [(size, *(sample.p50_us for sample in samples.values())) for size, samples in curve])


def connections(place, directory, seconds):
    daemon = place.daemon("curve-connections")
    daemon.stop()
    fill_keys(daemon, 1)
    daemon.start()
    curve = [(count, {"sign": sign(place, daemon, "--target", SIGN.format("k0"), connections=count)(seconds)})
             for count in CONNECTIONS]
    write(directory, "connections", "connections", curve)


def keys(place, directory, seconds):
    """One token that grows; each of its keys signs in turn."""
    daemon = place.daemon("curve-keys")
    hashes, signing, starting = [], [], []
    for count in KEYS:
        daemon.stop()
        hashes += fill_keys(daemon, count - len(hashes), len(hashes))
        daemon.start()
        targets = place.top / "curve-targets"
        targets.write_text("\n".join(SIGN.format(key) for key in hashes), encoding="ascii")
        signing.append((count, {"sign with one": sign(place, daemon, "--target", SIGN.format("k0"))(seconds),
                                "sign with all in turn": sign(place, daemon, "--targets", targets)(seconds)}))
        starting.append((count, {"start-up": start_up(daemon)(seconds)}))
    write(directory, "keys", "keys on the token", signing)
    write(directory, "start", "keys on the token", starting)


def stores(place, directory, seconds, name, sizes):
    """sizes: the number that grows, certificates, revoked ones of them."""
    curve = []
    for size, count, revoked in sizes:
        daemon = with_certificates(place, f"curve-{name}-{size}", count, revoked)
        curve.append((size, {what: run(seconds) for what, run in requests(place, daemon, 1)}))
        daemon.stop()
    write(directory, name, name, curve)


def curves(place, directory, seconds=1.0):
    connections(place, directory, seconds)
    keys(place, directory, seconds)
    stores(place, directory, seconds, "certificates", [(n, n, n // 10) for n in CERTIFICATES])
    stores(place, directory, seconds, "revocations", [(n, REVOCATIONS[-1], n) for n in REVOCATIONS])
