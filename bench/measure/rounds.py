"""Cases by turns: A B C, A B C ... so that what else the machine does falls on all of them alike."""
import statistics
import sys


OTHERS_EVERY = 5  # rounds, cases without a target


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


def turn(cases, targets, number):
    """What is measured in a round: first what targets are about, compared things one after the other."""
    by_name = {(case.group, case.name): case for case in cases}
    names = dict.fromkeys(name for target in targets for name in (target.other, target.one))
    rest = [name for name in by_name if name not in names] if number % OTHERS_EVERY == 0 else []
    return [by_name[name] for name in [*names, *rest]]


def measure(cases, targets, rounds, seconds):
    measured = Measured(cases)
    for number in range(rounds):
        for case in turn(cases, targets, number):
            try:
                measured.all(case.group, case.name).append(case.run(seconds))
            except RuntimeError as error:
                raise RuntimeError(f"{case.group}: {case.name}: {error}") from error
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return measured
