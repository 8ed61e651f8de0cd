#!/usr/bin/perl
# make.pl - manual pages, of what the programs and the documentation say themselves.
#
# make.pl keyhold PROGRAM | keyholdd PROGRAM | keyhold.yaml DOCS
#
# Nothing is written twice: commands and options are those of --help, settings those of docs/configuration.md and docs/cage.md.
use strict;
use warnings;

my %see = (
	'keyhold' => 'keyholdd(8), keyhold.yaml(5)',
	'keyholdd' => 'keyhold(1), keyhold.yaml(5), systemd.service(5)',
	'keyhold.yaml' => 'keyhold(1), keyholdd(8)',
);

# What troff would take for its own.
sub escape {
	my ($text) = @_;
	$text =~ s/\\/\\e/g;
	$text =~ s/-/\\-/g;
	$text =~ s/^([.'])/\\&$1/mg;
	return $text;
}

sub bold { return '\fB' . escape($_[0]) . '\fR' }

sub head {
	my ($name, $section, $version, $purpose) = @_;
	print ".TH \U$name\E $section \"\" \"keyhold $version\"\n.SH NAME\n$name \\- " . escape($purpose) . "\n";
}

sub foot {
	my ($name) = @_;
	print ".SH FILES\n" . join('', map { ".TP\n" . bold($$_[0]) . "\n" . escape($$_[1]) . "\n" } (
		[ '/etc/keyhold/keyhold.yaml', "the daemon's settings" ],
		[ '/run/keyhold/keyhold.sock', 'where it listens' ],
		[ '/usr/share/doc/keyhold/docs', 'the whole documentation' ])) if $name ne 'keyhold.yaml';
	print ".SH SEE ALSO\n" . join(', ', map { s/^(\S+)\((\d)\)$/'\fB' . escape($1) . "\\fR($2)"/er }
		split(/, /, $see{$name})) . "\n";
}

sub ask {
	my ($program, @arguments) = @_;
	open(my $in, '-|', $program, @arguments) or die "$program: $!\n";
	my $text = do { local $/; <$in> };
	close($in) or die "$program @arguments: exit status " . ($? >> 8) . "\n";
	return $text;
}

sub version_of {
	my ($version) = ask($_[0], '--version') =~ /([0-9]+(?:\.[0-9]+)+)/ or die "$_[0] --version\n";
	return $version;
}

# "  --option ARG   text", where the text goes on further in, maybe not before the next line.
sub options {
	for (split(/\n(?=  ?\S|  +--?[a-z])/, $_[0])) {
		my ($left, $text) = /^ *(\S+(?: [^ \n]+)*)(?:\s\s+|\n\s*|$)(.*)$/s or die "no option: $_\n";
		$text =~ s/\s+/ /g;
		print ".TP\n" . bold($left) . "\n" . escape($text) . "\n" if $left ne '';
	}
}

# The part of a help text below a heading.
sub part {
	my ($help, $heading) = @_;
	return $help =~ /^\Q$heading\E:\n(.*?)(?:\n\n|\n?\z)/ms ? $1 : undef;
}

sub keyhold {
	my ($program) = @_;
	my $help = ask($program, '--help');
	my ($purpose) = $help =~ /\Akeyhold - (.*)/ or die "keyhold --help\n";
	head('keyhold', 1, version_of($program), $purpose);
	print ".SH SYNOPSIS\n.B keyhold\n.I COMMAND\n.RI [ OPTION ]...\n.SH COMMANDS\n";
	for my $line (split(/\n/, part($help, 'commands'))) {
		my ($command) = $line =~ /^  (\S+(?=  )|\S+ \S+)/ or die "no command: $line\n";
		my $own = ask($program, 'help', split(/ /, $command));
		my ($what) = $own =~ /\A.*? - (.*)/ or die "keyhold help $command\n";
		my ($usage) = $own =~ /^usage: (.*)/m or die "keyhold help $command\n";
		print ".SS keyhold $command\n" . escape(ucfirst($what)) . ".\n.PP\n" . bold($usage) . "\n";
		options(part($own, 'options')) if defined part($own, 'options');
		print ".PP\nExample:\n.PP\n.EX\n" . escape(part($own, 'example')) . "\n.EE\n";
	}
	print ".SH OPTIONS\nOf every command:\n";
	options(part($help, 'options of every command'));
	print ".SH EXIT STATUS\n";
	options(part($help, 'exit status'));
	foot('keyhold');
}

sub keyholdd {
	my ($program) = @_;
	my $help = ask($program, '--help');
	my ($purpose) = $help =~ /\Akeyholdd - (.*)/ or die "keyholdd --help\n";
	my ($usage, $options, $codes) = $help =~ /^usage: (.*?)\n\n(.*?)\n\nexit codes: (.*?)\n*\z/ms or die "keyholdd --help\n";
	head('keyholdd', 8, version_of($program), $purpose);
	print ".SH SYNOPSIS\n.EX\n" . escape($usage =~ s/^ +//mgr) . "\n.EE\n.SH OPTIONS\n";
	options($options);
	print ".SH EXIT STATUS\n";
	$codes =~ s/\s+/ /g;
	print ".TP\n" . bold($$_[0]) . "\n" . escape($$_[1]) . "\n" for map { [ split(/ /, $_, 2) ] } split(/, /, $codes);
	print <<'TROFF';
.SH SIGNALS
.TP
\fBSIGTERM\fR, \fBSIGINT\fR
Answer what was asked, and stop.
.TP
\fBSIGHUP\fR
With \fB\-\-config\fR: read the access rules again, all of them or none.
TROFF
	foot('keyholdd');
}

# Of a paragraph of Markdown. Code first: what is in it stays as it is.
sub inline {
	my ($text) = @_;
	my @kept;
	$text =~ s/`([^`]*)`/push @kept, $1; "\0$#kept\0"/ge;
	$text =~ s/\[([^][]*)\]\([^)]*\)/$1/g;
	$text = escape($text);
	$text =~ s/\*\*(.*?)\*\*/\\fB$1\\fR/gs;
	$text =~ s/\*(\S[^*]*)\*/\\fI$1\\fR/g;
	$text =~ s/\0(\d+)\0/bold($kept[$1])/ge;
	$text =~ s/^([.'])/\\&$1/mg;
	return $text;
}

sub row {
	my ($names, @cells) = @_;
	print ".TP\n" . inline(shift @cells) . "\n";
	my @filled = grep { $cells[$_] ne '' } 0 .. $#cells;
	my @said = ((map { $cells[$_] } grep { $$names[$_ + 1] eq '' } @filled),
		map { ucfirst("$$names[$_ + 1]: $cells[$_]") } grep { $$names[$_ + 1] ne '' } @filled);
	print inline(join('. ', @said)) . "\n";
}

# The forms that docs/configuration.md has; a form that is not known is a paragraph.
sub block {
	my ($block) = $_[0] =~ s/\A\n+//r;
	if ($block =~ /\A(#+) (.*)/) {
		print "." . ($1 eq '##' ? 'SH' : 'SS') . " " . inline($1 eq '##' ? uc($2) : $2) . "\n";
	} elsif ($block =~ /\A\s*```\w*\n(.*?)\n?\s*```\z/s) {
		print ".PP\n.EX\n" . escape($1) . "\n.EE\n";
	} elsif ($block =~ /\A\|/) {
		my @rows = map { [ map { s/\A\s+|\s+\z//gr } split(/(?<!\\)\|/, s/\A\||\|\z//gr, -1) ] } split(/\n/, $block);
		my $names = shift @rows;
		shift @rows;
		row($names, @$_) for @rows;
	} elsif ($block =~ /\A(- |\d+\. )/) {
		print ".IP \\(bu 2\n" . inline(s/\n\s*/\n/gr =~ s/\A(- |\d+\. )//r) . "\n" for split(/\n(?=- |\d+\. )/, $block);
	} else {
		print ".PP\n" . inline($block) . "\n";
	}
}

sub slurp {
	my ($path) = @_;
	open(my $in, '<', $path) or die "$path: $!\n";
	local $/;
	return <$in>;
}

sub settings {
	my ($docs) = @_;
	my $text = slurp("$docs/configuration.md");
	$text =~ s/\A# .*\n.*?^## The file\n/## Description\n/ms or die "configuration.md has no section \"The file\"\n";
	my ($cage) = slurp("$docs/cage.md") =~ /^(## When a module needs more\n.*?)(?=^## )/ms or
		die "cage.md has no section \"When a module needs more\"\n";
	$text .= "\n$cage";
	# Each heading, code block, table, list and paragraph by itself.
	$text =~ s/^(#+ .*)\n/\n$1\n\n/mg;
	$text =~ s/^(\s*```\w*\n.*?^\s*```)$/"\n\n" . $1 =~ s{\n\n}{\n\x01\n}gr . "\n\n"/smge;
	$text =~ s/([^\n|])\n(?=\|)/$1\n\n/g;
	head('keyhold.yaml', 5, $ENV{KEYHOLD_VERSION} // die("KEYHOLD_VERSION is not set\n"), 'settings of keyholdd');
	block($_ =~ s/\x01//gr) for grep { /\S/ } split(/\n\n+/, $text);
	foot('keyhold.yaml');
}

@ARGV == 2 or die "usage: make.pl PAGE FROM\n";
my %pages = ('keyhold' => \&keyhold, 'keyholdd' => \&keyholdd, 'keyhold.yaml' => \&settings);
($pages{$ARGV[0]} // die "no page $ARGV[0]\n")->($ARGV[1]);
