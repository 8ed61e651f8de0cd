/* options.c - reads the command line. */
#include "service/options.h"

#include <getopt.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/text.h"

const char options_help[] =
    "keyholdd - keeps CA and TLS private keys in a PKCS#11 token, and uses them there\n"
    "\n"
    "usage: keyholdd --dev DIR [--group GROUP] [--clock-rate N]\n"
    "       keyholdd --config FILE [--check | --print-config]\n"
    "       keyholdd --config FILE --restore BACKUP [--force]\n"
    "\n"
    "  --dev DIR        try it out: makes a SoftHSM token with a random PIN under DIR, "
    "and\n"
    "                   listens on DIR/keyhold.sock. Whoever can open that socket is "
    "admin\n"
    "  --group GROUP    with --dev: members of GROUP (www-data, say) can open the socket "
    "too\n"
    "  --clock-rate N   with --dev: a rehearsal, in which time passes N times as fast "
    "(1 to\n"
    "                   10000000), from where it was when the daemon stopped\n"
    "  --config FILE    run with the token, listeners and state directory that FILE "
    "names\n"
    "  --check          look at all that a start by this user needs, but for the PIN "
    "itself,\n"
    "                   and change nothing; exit\n"
    "  --print-config   print the settings in force, defaults included; exit\n"
    "  --restore BACKUP make the database of the state directory from a file of "
    "keyhold backup;\n"
    "                   exit. Not while a daemon uses it\n"
    "  --force          with --restore: keep a database that is there under another "
    "name\n"
    "  --print-system-calls   those that its filter lets through, with the reasons\n"
    "  --version, --help\n"
    "\n"
    "exit codes: 0 stopped as asked, 1 internal error, 2 usage, 3 settings, 4 module,\n"
    "            5 token, 6 PIN refused, 7 state directory, 8 socket\n";

enum {
	OPTION_DEV = 256,
	OPTION_GROUP,
	OPTION_CLOCK_RATE,
	OPTION_CONFIG,
	OPTION_CHECK,
	OPTION_PRINT,
	OPTION_RESTORE,
	OPTION_FORCE,
	OPTION_SYSTEM_CALLS,
	OPTION_HELP,
	OPTION_VERSION,
};

static int
check(const struct options *o, struct error *err)
{
	if (o->mode == OPTIONS_HELP || o->mode == OPTIONS_VERSION ||
	    o->mode == OPTIONS_SYSTEM_CALLS)
		return 0;
	if (o->config == NULL && o->dev == NULL)
		return error_set(
		    err, ERROR_CONFIG, "say --dev DIR or --config FILE; see --help");
	if (o->config != NULL && o->dev != NULL)
		return error_set(
		    err, ERROR_CONFIG, "--dev and --config exclude each other");
	if (o->dev_group != NULL && o->dev == NULL)
		return error_set(err, ERROR_CONFIG,
		    "--group goes with --dev; a configuration file has it under listen");
	if (o->clock_rate != 0 && o->dev == NULL)
		return error_set(err, ERROR_CONFIG,
		    "--clock-rate goes with --dev: what is issued by a clock that is not "
		    "the world's is good for nothing but a rehearsal");
	if (o->dev != NULL && o->mode != OPTIONS_RUN)
		return error_set(err, ERROR_CONFIG,
		    "--check, --print-config and --restore go with --config");
	if (o->force && o->mode != OPTIONS_RESTORE)
		return error_set(err, ERROR_CONFIG, "--force goes with --restore");
	return 0;
}

static int
read_rate(const char *text, int64_t *rate, struct error *err)
{
	uint64_t value;

	if (text_to_uint(text, 1, CLOCK_RATE_MAX, &value, err) != 0)
		return error_set(err, ERROR_CONFIG,
		    "--clock-rate %s: a whole number from 1 to %d", text, CLOCK_RATE_MAX);
	*rate = (int64_t)value;
	return 0;
}

static int
take(int option, char **argv, struct options *options, struct error *err)
{
	switch (option) {
	case OPTION_DEV:
		options->dev = optarg;
		break;
	case OPTION_GROUP:
		options->dev_group = optarg;
		break;
	case OPTION_CLOCK_RATE:
		return read_rate(optarg, &options->clock_rate, err);
	case OPTION_CONFIG:
		options->config = optarg;
		break;
	case OPTION_CHECK:
		options->mode = OPTIONS_CHECK;
		break;
	case OPTION_PRINT:
		options->mode = OPTIONS_PRINT;
		break;
	case OPTION_RESTORE:
		options->mode = OPTIONS_RESTORE;
		options->backup = optarg;
		break;
	case OPTION_FORCE:
		options->force = true;
		break;
	case OPTION_SYSTEM_CALLS:
		options->mode = OPTIONS_SYSTEM_CALLS;
		break;
	case OPTION_HELP:
	case 'h':
		options->mode = OPTIONS_HELP;
		break;
	case OPTION_VERSION:
		options->mode = OPTIONS_VERSION;
		break;
	case ':':
		return error_set(
		    err, ERROR_CONFIG, "%s needs a value; see --help", argv[optind - 1]);
	default:
		return error_set(err, ERROR_CONFIG, "%s: no such option; see --help",
		    argv[optind - 1]);
	}
	return 0;
}

int
options_read(int argc, char **argv, struct options *options, struct error *err)
{
	static const struct option known[] = {
		{ "dev", required_argument, NULL, OPTION_DEV },
		{ "group", required_argument, NULL, OPTION_GROUP },
		{ "clock-rate", required_argument, NULL, OPTION_CLOCK_RATE },
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "check", no_argument, NULL, OPTION_CHECK },
		{ "print-config", no_argument, NULL, OPTION_PRINT },
		{ "restore", required_argument, NULL, OPTION_RESTORE },
		{ "force", no_argument, NULL, OPTION_FORCE },
		{ "print-system-calls", no_argument, NULL, OPTION_SYSTEM_CALLS },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*options = (struct options){ .mode = OPTIONS_RUN };
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", known, NULL)) != -1)
		if (take(option, argv, options, err) != 0)
			return -1;
	if (optind < argc)
		return error_set(
		    err, ERROR_CONFIG, "%s: not an option; see --help", argv[optind]);
	return check(options, err);
}
