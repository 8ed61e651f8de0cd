#!/usr/bin/perl
# rules.pl - which test shows that a rule is kept, and which that it is broken.
#
# rules.pl [DIR]: fails when a rule of ca/rule.c has no such test, or docs/rules.md is not
# what --write would make it. rules.pl --can-fail [DIR] hides the tests of each rule in turn
# and succeeds when that is found every time.
#
# A test shows that a rule is kept by assert_false(... RULE_X ...) or passes(... RULE_X ...),
# and that it is broken by any other assertion about RULE_X.
use strict;
use warnings;

my $mode = @ARGV && $ARGV[0] =~ /^--/ ? shift : '';
my $root = shift // "$0/../..";
$root =~ s{[^/]+/\.\./\.\.$}{..};
die "Usage: $0 [--write | --can-fail] [DIR]\n"
    if @ARGV || $mode !~ /^(--write|--can-fail)?$/;
chdir $root or die "$root: $!\n";

sub slurp {
	my ($path) = @_;
	open my $in, '<', $path or die "$path: $!\n";
	local $/;
	return scalar <$in>;
}

# The rows of the table in ca/rule.c: enumerator, name, source, what it refuses.
sub read_rules {
	my @rules;
	my $text = slurp('ca/rule.c');
	while ($text =~ /\[(RULE_\w+)\]\s*=\s*\{((?:\s*"(?:[^"\\]|\\.)*"\s*,?)+)\s*\}/g) {
		my ($id, $values, @texts) = ($1, $2, '');
		while ($values =~ /"((?:[^"\\]|\\.)*)"|(,)/g) {
			if (defined $2) { push @texts, '' }
			else { $texts[-1] .= $1 =~ s/\\(.)/$1/gr }
		}
		pop @texts if $texts[-1] eq '';
		die "ca/rule.c: $id has not three texts\n" if @texts != 3;
		push @rules, [ $id, @texts ];
	}
	die "ca/rule.c: no rules\n" if @rules < 60;
	return @rules;
}

# What one statement of a test says of the rules that it names.
sub verdict {
	my ($statement) = @_;
	return if $statement =~ /violations_add/;
	return 'kept' if $statement =~ /\b(?:assert_false|passes)\s*\(/;
	return 'broken';
}

# What a test says: {RULE_X}{kept or broken}.
sub read_test {
	my ($body) = @_;
	my %said;
	for my $statement (split /;/, $body) {
		my $what = verdict($statement) or next;
		$said{$1}{$what} = 1 while $statement =~ /\b(RULE_\w+)/g;
	}
	return \%said;
}

# {RULE_X}{kept or broken} = "tests/ca/test_csr.c: name", of the test that shows it and says
# something of the fewest rules; the first of these.
sub read_tests {
	my (%shown, %rules);
	for my $file (sort glob 'tests/*/test_*.c') {
		my $text = slurp($file);
		while ($text =~ /^(\w+)\(void \*\*state\)\n\{\n(.*?)^\}/msg) {
			my ($name, $body) = ($1, $2);
			# A function that no table of tests has is never run.
			next unless $text =~ /(?:cmocka_unit_test\w*|[A-Z_]+)\(\s*$name\b/;
			my $said = read_test($body);
			for my $id (keys %$said) {
				for my $what (keys %{ $said->{$id} }) {
					next if ($rules{$id}{$what} // 1000) <= keys %$said;
					$rules{$id}{$what} = keys %$said;
					$shown{$id}{$what} = "$file: $name";
				}
			}
		}
	}
	return \%shown;
}

sub cell {
	my ($file, $name) = split /: /, shift;
	return sprintf '[%s](../%s)', $name =~ tr/_/ /r, $file;
}

sub page {
	my ($shown, @rules) = @_;
	my $text = <<'END';
# The rules and their tests

Made by `tests/rules.pl --write` from `ca/rule.c` and the tests, and compared with them in every run of the tests.
[ca.md](ca.md) explains the rules; `keyhold rules` prints those of a daemon.

| rule | refuses | source | test that keeps it | test that breaks it |
|---|---|---|---|---|
END
	for (@rules) {
		my ($id, $name, $source, $refuses) = @$_;
		$refuses =~ s/\*/\\*/g;
		$text .= sprintf "| `%s` | %s | %s | %s | %s |\n", $name, $refuses, $source,
		    map { cell($shown->{$id}{$_}) } qw(kept broken);
	}
	return $text;
}

# The rules without a test, in words.
sub missing {
	my ($shown, @rules) = @_;
	my @missing;
	for (@rules) {
		my ($id, $name) = @$_;
		push @missing, "$name: no test shows $id kept, by assert_false or passes"
		    unless $shown->{$id}{kept};
		push @missing, "$name: no test shows $id broken" unless $shown->{$id}{broken};
	}
	return @missing;
}

my @rules = read_rules();
my $shown = read_tests();
if (my @missing = missing($shown, @rules)) {
	print map { "$_\n" } @missing;
	exit 1;
}
if ($mode eq '--can-fail') {
	for my $rule (@rules) {
		for my $what (qw(kept broken)) {
			local $shown->{ $rule->[0] }{$what};
			die "$rule->[1]: not found without its test\n" if missing($shown, @rules) != 1;
		}
	}
	print "rules: each missing test was found\n";
} elsif ($mode eq '--write') {
	open my $out, '>', 'docs/rules.md' or die "docs/rules.md: $!\n";
	print $out page($shown, @rules);
	close $out or die "docs/rules.md: $!\n";
} elsif (!-e 'docs/rules.md' || slurp('docs/rules.md') ne page($shown, @rules)) {
	print "docs/rules.md is out of date: run tests/rules.pl --write\n";
	exit 1;
} else {
	printf "rules: %d, each kept in one test and broken in another\n", scalar @rules;
}
