/* completion.c - keyhold completion: a script for bash, from the table of commands. */
#include <string.h>

#include "cli/cli.h"

static void
write_words(FILE *out, const char *group)
{
	const struct command *command;
	const char *last = "";

	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		size_t first = strcspn(command->path, " ");
		bool is_known = strncmp(command->path, last, first) == 0 &&
				last[0] != '\0' && strcspn(last, " ") == first;

		if (group == NULL && !is_known)
			fprintf(out, "%.*s ", (int)first, command->path);
		else if (group != NULL && command_is_in(command, group) &&
			 command->path[first])
			fprintf(out, "%s ", command->path + first + 1);
		last = command->path;
	}
}

static void
write_options(FILE *out, const struct option_spec *option)
{
	for (; option != NULL && option->name != NULL; option++)
		fprintf(out, "--%s ", option->name);
}

static void
write_group(FILE *out, const char *path)
{
	char group[32];
	size_t len = strcspn(path, " ");

	snprintf(group, sizeof(group), "%.*s", (int)len, path);
	fprintf(out, "\t'%s ') words='", group);
	write_words(out, group);
	fputs("' ;;\n", out);
}

/* A command's case gives its options; the case of its first word, what may follow it. */
static void
write_cases(FILE *out)
{
	const struct command *command;
	const char *last = "";

	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		size_t first = strcspn(command->path, " ");

		if (command->path[first] == ' ' &&
		    strncmp(last, command->path, first + 1) != 0)
			write_group(out, command->path);
		fprintf(out, "\t'%s '*) words='", command->path);
		write_options(out, command->options);
		write_options(out, command_globals);
		fputs("' ;;\n", out);
		last = command->path;
	}
}

static void
write_choices(FILE *out)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)) != NULL; i++)
		for (const struct option_spec *o = command->options;
		     o != NULL && o->name != NULL; o++)
			if (o->choices != NULL)
				fprintf(out, "\t'%s'*' --%s') words='%s' ;;\n",
				    command->path, o->name, o->choices);
}

static int
print_bash(struct cli *cli, struct error *err)
{
	(void)err;
	fputs("# Load with: source <(keyhold completion bash)\n"
	      "_keyhold() {\n"
	      "\tlocal current=${COMP_WORDS[COMP_CWORD]} line words=''\n"
	      "\tline=\"${COMP_WORDS[*]:1:COMP_CWORD-1} \"\n"
	      "\tcase ${line# } in\n"
	      "\t'') words='help ",
	    cli->out);
	write_words(cli->out, NULL);
	write_options(cli->out, command_globals);
	fputs("' ;;\n", cli->out);
	write_cases(cli->out);
	fputs("\tesac\n\tcase ${line% } in\n", cli->out);
	write_choices(cli->out);
	fputs("\tesac\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
	      "}\n"
	      "complete -o bashdefault -o default -F _keyhold keyhold\n",
	    cli->out);
	return 0;
}

const struct command completion_commands[] = {
	{ .path = "completion bash",
	    .purpose = "print a completion script",
	    .example = "source <(keyhold completion bash)",
	    .run = print_bash },
	{ .path = NULL },
};
