"""provider.py - signatures through keyhold.so with EVP, as an application asks for them."""
from measure import credentials
from measure.case import Case
from measure.load import sample

THREADS = (1, 2, 8)


def case(place, kind, threads):
    def run(seconds):
        mine = credentials.of(place)
        return sample([place.build / "bench/evp_load", "--key", mine.in_token(kind, "key"), "--threads", threads],
                      seconds, {"keyholdd": mine.daemon.cpu_s}, mine.with_provider())

    return Case("through keyhold.so", f"{kind}, {threads} thread{'s' if threads > 1 else ''}", run)


def cases(place):
    return [case(place, kind, threads) for kind in credentials.KINDS for threads in THREADS]
