"""Cases by turns: A B C, A B C ... so that what else the machine does falls on all of them alike."""
import statistics
import sys


class Measured:
    """The samples of each case, in the order of the rounds."""

    def __init__(self, cases):
        self.samples = {(case.group, case.name): [] for case in cases}
        if len(self.samples) != len(cases):
            raise RuntimeError("two cases have one name")

    def all(self, group, name):
        return self.samples[group, name]

    def values(self, group, name, what):
        return [getattr(sample, what) for sample in self.all(group, name)]

    def median(self, group, name, what):
        return statistics.median(self.values(group, name, what))

    def compare(self, one, other, what, how):
        """Median, least and most of how(one, other) in each round."""
        pairs = [how(getattr(a, what), getattr(b, what)) for a, b in zip(self.all(*one), self.all(*other))]
        return statistics.median(pairs), min(pairs), max(pairs)


def measure(cases, rounds, seconds):
    measured = Measured(cases)
    for number in range(rounds):
        for case in cases:
            try:
                measured.all(case.group, case.name).append(case.run(seconds))
            except RuntimeError as error:
                raise RuntimeError(f"{case.group}: {case.name}: {error}") from error
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return measured
