/* main.c - the keyhold command. */
#include <stdio.h>

#include "cli/cli.h"

int
main(int argc, char **argv)
{
	return cli_run(argc, argv, stdin, stdout, stderr);
}
