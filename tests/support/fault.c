/* fault.c - the command that tells faulty-pkcs11.so what to do wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/ckr_names.h"
#include "tests/support/faults.h"

static const char usage[] =
    "Usage, with " FAULTS_ENV " in the environment:\n"
    "  fault set FUNCTION CKR|delay=MS|hang [TIMES]   FUNCTION: C_Sign ..., or any\n"
    "  fault set TROUBLE [VALUE [TIMES]]              what befalls the whole token:\n";

static int
fail_usage(void)
{
	fputs(usage, stderr);
	for (int i = 0; i < TROUBLES; i++)
		fprintf(
		    stderr, "      %s\n", faults_trouble_name((enum faults_trouble)i));
	fputs("  fault clear [FUNCTION|TROUBLE]\n"
	      "  fault calls FUNCTION                           how often it was called\n"
	      "  fault hanging                                  how many calls hang\n",
	    stderr);
	return 2;
}

static int
read_number(const char *text, long *number)
{
	char *end;

	*number = strtol(text, &end, 10);
	return *text != '\0' && *end == '\0' && *number > 0 ? 0 : -1;
}

static int
read_effect(const char *text, enum faults_effect *effect, unsigned long *value)
{
	long ms;

	*value = 0;
	if (strcmp(text, "hang") == 0) {
		*effect = EFFECT_HANG;
		return 0;
	}
	if (strncmp(text, "delay=", 6) == 0) {
		*effect = EFFECT_DELAY;
		if (read_number(text + 6, &ms) != 0)
			return -1;
		*value = (unsigned long)ms;
		return 0;
	}
	*effect = EFFECT_RETURN;
	return ckr_read(text, value);
}

static int
set_function(struct faults *faults, enum faults_function function, char **args)
{
	enum faults_effect effect;
	unsigned long value;
	long times = FAULTS_ALWAYS;

	if (args[0] == NULL || read_effect(args[0], &effect, &value) != 0)
		return fail_usage();
	if (args[1] != NULL && read_number(args[1], &times) != 0)
		return fail_usage();
	faults_set(faults, function, effect, value, times);
	return 0;
}

/* What ends sessions or the login does so once, if nothing else is said. */
static int
set_trouble(struct faults *faults, enum faults_trouble trouble, char **args)
{
	bool once = trouble == TROUBLE_RESET || trouble == TROUBLE_LOGOUT;
	long value = 1, times = once ? 1 : FAULTS_ALWAYS;

	if (args[0] != NULL && read_number(args[0], &value) != 0)
		return fail_usage();
	if (args[0] != NULL && args[1] != NULL && read_number(args[1], &times) != 0)
		return fail_usage();
	faults_trouble(faults, trouble, (unsigned long)value, times);
	return 0;
}

static int
run_set(struct faults *faults, char **args)
{
	enum faults_function function;
	enum faults_trouble trouble;

	if (args[0] == NULL)
		return fail_usage();
	if (faults_find_function(args[0], &function) == 0)
		return set_function(faults, function, args + 1);
	if (faults_find_trouble(args[0], &trouble) == 0)
		return set_trouble(faults, trouble, args + 1);
	return fail_usage();
}

static int
run_clear(struct faults *faults, char **args)
{
	enum faults_function function;
	enum faults_trouble trouble;

	if (args[0] == NULL)
		faults_clear(faults);
	else if (faults_find_function(args[0], &function) == 0)
		faults_clear_function(faults, function);
	else if (faults_find_trouble(args[0], &trouble) == 0)
		faults_clear_trouble(faults, trouble);
	else
		return fail_usage();
	return 0;
}

static int
run_calls(struct faults *faults, char **args)
{
	enum faults_function function;

	if (args[0] == NULL || faults_find_function(args[0], &function) != 0)
		return fail_usage();
	printf("%llu\n", (unsigned long long)faults_calls(faults, function));
	return 0;
}

static int
run_hanging(struct faults *faults, char **args)
{
	(void)args;
	printf("%u\n", faults_hanging(faults));
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct faults *faults, char **args);
} commands[] = {
	{ "set", run_set },
	{ "clear", run_clear },
	{ "calls", run_calls },
	{ "hanging", run_hanging },
};

int
main(int argc, char **argv)
{
	const char *control = getenv(FAULTS_ENV);
	struct faults *faults;

	if (argc < 2 || control == NULL)
		return fail_usage();
	if (faults_open(control, &faults) != 0) {
		perror(control);
		return 1;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(faults, argv + 2);
	return fail_usage();
}
