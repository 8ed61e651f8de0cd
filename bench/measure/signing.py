"""Signatures: by the token alone, by keyholdd over its socket, and by the same token behind p11-kit's remoting."""
import os
import subprocess
import time

from measure.case import Case
from measure.load import load, sample

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
REMOTING = "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so"
SCHEMES = {
    "P-256": ("ec-p256", "ecdsa_secp256r1_sha256"),
    "P-384": ("ec-p384", "ecdsa_secp384r1_sha384"),
    "Ed25519": ("ed25519", "ed25519"),
    "RSA-2048": ("rsa-2048", "rsa_pss_rsae_sha256"),
}
KINDS = ("P-256", "RSA-2048")
CONNECTIONS = (1, 2, 8, 64)
CPUS = os.cpu_count()


def of(count, what):
    return f"{count} {what}{'s' if count > 1 else ''}"


def signer(place):
    """The daemon whose token signs in all of these cases."""
    daemon = place.daemon("signing")
    if not hasattr(place, "message"):
        for key_type, _ in SCHEMES.values():
            daemon.cli("key", "create", key_type, "--type", key_type, "--use", "sign")
        place.message = place.top / "message"
        # As long as the content of a CertificateVerify (RFC 8446 section 4.4.3) with SHA-256.
        place.message.write_bytes(bytes(130))
    return daemon


def in_process(place, kind, threads, *options, module=MODULE, more=None):
    """What a Case runs: C_SignInit and C_Sign by token_load."""
    daemon = signer(place)
    key_type, scheme = SCHEMES[kind]
    command = [place.build / "bench" / "token_load", "--module", module, "--token", "keyhold-dev", "--pin-file",
               daemon.directory / "pin", "--key", key_type, "--type", key_type, "--scheme", scheme, "--threads", threads,
               *options]
    return lambda seconds: sample(command, seconds, {}, daemon.environment | (more or {}))


def over_socket(place, kind, connections):
    daemon = signer(place)
    key_type, scheme = SCHEMES[kind]
    return load(daemon, "--method", "POST", "--type", "application/octet-stream", "--body", place.message,
                "--target", f"/v1/keys/{key_type}/sign?scheme={scheme}", "--connections", connections)


def start_remoting(place):
    """p11-kit server, as another process would have the daemon's token."""
    path = place.top / "p11-kit"
    daemon = signer(place)
    place.processes.append(subprocess.Popen(
        ["p11-kit", "server", "--foreground", "--name", path, "--provider", MODULE, "pkcs11:token=keyhold-dev"],
        env=daemon.environment, stdout=subprocess.DEVNULL))
    for _ in range(100):
        if path.exists():
            return {"P11_KIT_SERVER_ADDRESS": f"unix:path={path}"}
        time.sleep(0.05)
    raise RuntimeError("p11-kit server did not start")


def token_case(place, kind, threads, copies):
    return Case("token", f"{kind}, {of(threads, 'thread')}{', session objects' if copies else ''}",
                in_process(place, kind, threads, *(["--copy"] if copies else [])))


def socket_case(place, kind, connections):
    return Case("socket", f"{kind}, {of(connections, 'connection')}", over_socket(place, kind, connections))


def cases(place):
    made = [token_case(place, kind, threads, copies)
            for kind in SCHEMES for threads in sorted({1, CPUS}) for copies in (False, True)]
    made += [socket_case(place, kind, connections) for kind in KINDS for connections in CONNECTIONS]
    remote = start_remoting(place)
    made += [Case("p11-kit server", f"{kind}, {of(threads, 'thread')}",
                  in_process(place, kind, threads, module=REMOTING, more=remote))
             for kind in KINDS for threads in (1, 2, 8)]
    return made


def quick_cases(place):
    return [case for kind in KINDS for case in (token_case(place, kind, CPUS, False), socket_case(place, kind, 8))] \
        + [token_case(place, "P-256", 1, False), socket_case(place, "P-256", 1), socket_case(place, "P-256", 64)]
