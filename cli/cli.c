/* cli.c - from argv to exit status. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/exit.h"
#include "cli/help.h"

#define ANSWER_MAX_BYTES   (16 * 1024 * 1024)
#define CONNECT_TIMEOUT_MS 3000
/* A token may need a minute for an RSA key of 4096 bits. */
#define ANSWER_TIMEOUT_MS 120000

void
cli_advise(struct cli *cli, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_printf(&cli->advice, "  %s\n", line);
}

/* A stream in memory has no descriptor, and so is none. */
static bool
is_terminal(FILE *stream)
{
	int fd = fileno(stream);

	return fd >= 0 && isatty(fd);
}

static bool
wants_color(const struct arguments *args, FILE *stream)
{
	const char *no_color = getenv("NO_COLOR");

	return !argument_given(args, "no-color") &&
	       (no_color == NULL || *no_color == '\0') && is_terminal(stream);
}

static const char *
find_sockets(const struct arguments *args)
{
	const char *option = argument_value(args, "socket");
	const char *variable = getenv("KEYHOLD_SOCKET");

	if (option != NULL)
		return option;
	return variable != NULL && *variable != '\0' ? variable : CLIENT_DEFAULT_SOCKET;
}

static int
read_token(struct cli *cli, struct error *err)
{
	const char *variable = getenv("KEYHOLD_TOKEN_FILE");
	struct error why;

	cli->token_file = argument_value(&cli->args, "token-file");
	if (cli->token_file == NULL && variable != NULL && *variable != '\0')
		cli->token_file = variable;
	if (cli->token_file == NULL ||
	    secret_read_file(cli->token_file, &cli->rest.token, &why) == 0)
		return 0;
	return error_set(err, ERROR_IO, "%s", why.text);
}

static void
write_help(const struct cli *cli, FILE *stream)
{
	const struct arguments *args = &cli->args;
	struct buffer text;

	buf_init(&text, 0);
	if (args->command != NULL)
		help_command(&text, args->command);
	else if (args->group != NULL)
		help_group(&text, args->group);
	else
		help_program(&text);
	fputs(buf_string(&text), stream);
	buf_free(&text);
}

/* Beneath a mistake in the command line: the usage of what was named, however far. */
static void
advise_usage(struct cli *cli)
{
	const struct command *command = cli->args.command;
	const char *group = cli->args.group;

	if (command != NULL) {
		buf_text(&cli->advice, "  usage: ");
		help_usage(&cli->advice, command);
		cli_advise(cli, "More: keyhold help %s", command->path);
	} else {
		buf_text(&cli->advice, "\n");
		help_commands(&cli->advice, group);
		buf_printf(&cli->advice, "\nMore: keyhold help%s%s\n",
		    group != NULL ? " " : "", group != NULL ? group : "");
	}
}

static void
report(struct cli *cli, const struct error *err)
{
	bool color = wants_color(&cli->args, cli->errors);

	fflush(cli->out);
	fprintf(cli->errors, "%skeyhold:%s %s\n", color ? "\033[31m" : "",
	    color ? "\033[0m" : "", err->text);
	fputs(buf_string(&cli->advice), cli->errors);
}

int
cli_set_timeouts(struct cli *cli, int connect_ms, int answer_ms, struct error *err)
{
	struct client_options options = { .sockets = cli->sockets,
		.relative_paths = true,
		.connect_timeout_ms = connect_ms,
		.answer_timeout_ms = answer_ms };

	return rest_connect(&cli->rest, &options, err);
}

static int
run_command(struct cli *cli, struct error *err)
{
	cli->json = argument_given(&cli->args, "json");
	cli->color = wants_color(&cli->args, cli->out);
	cli->sockets = find_sockets(&cli->args);
	if (read_token(cli, err) != 0 ||
	    cli_set_timeouts(cli, CONNECT_TIMEOUT_MS, ANSWER_TIMEOUT_MS, err) != 0)
		return -1;
	return cli->args.command->run(cli, err);
}

/* A full disk behind "> server.pem" must not look like success. */
static int
flush_output(struct cli *cli, struct error *err)
{
	if (fflush(cli->out) != 0 || ferror(cli->out))
		return error_set_errno(err, ERROR_IO, "standard output");
	return 0;
}

static int
run(struct cli *cli, int argc, char **argv, struct error *err)
{
	if (arguments_parse(&cli->args, argc, argv, err) != 0) {
		advise_usage(cli);
		return -1;
	}
	if (argument_given(&cli->args, "help"))
		write_help(cli, cli->out);
	else if (argument_given(&cli->args, "version"))
		fputs("keyhold " KEYHOLD_VERSION "\n", cli->out);
	else if (run_command(cli, err) != 0)
		return -1;
	return flush_output(cli, err);
}

int
cli_run(int argc, char **argv, FILE *in, FILE *out, FILE *errors)
{
	struct error err = { .code = ERROR_NONE };
	struct cli cli = {
		.in = in, .out = out, .errors = errors, .interactive = is_terminal(in)
	};
	int rc;

	buf_init(&cli.advice, 0);
	rest_init(&cli.rest, ANSWER_MAX_BYTES);
	if ((rc = run(&cli, argc, argv, &err)) != 0)
		report(&cli, &err);
	rest_clear(&cli.rest);
	buf_free(&cli.advice);
	if (rc == 0)
		return cli.says_no ? EXIT_REFUSED : EXIT_DONE;
	return (int)exit_of(err.code);
}
