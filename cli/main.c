/* main.c - the keyhold command. */
#include <signal.h>
#include <stdio.h>

#include "cli/cli.h"

int
main(int argc, char **argv)
{
	/* Who starts us may ignore it, and how a hook ended would be lost. */
	signal(SIGCHLD, SIG_DFL);
	return cli_run(argc, argv, stdin, stdout, stderr);
}
