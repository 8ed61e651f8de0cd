/* fuzz_answer.c - a byte for a command of keyhold, and any bytes as what a daemon answers
 * it with. */
#include "tests/fuzz/target.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "tests/support/fake_server.h"

#define WORDS_MAX 5

static const char *const commands[][WORDS_MAX] = {
	{ "status" },
	{ "key", "list" },
	{ "key", "show", "web" },
	{ "key", "blocked" },
	{ "ca", "list" },
	{ "ca", "show", "internal" },
	{ "cert", "list" },
	{ "cert", "show", "0123456789abcdef0123456789abcdef01234567" },
	{ "profile", "list" },
	{ "profile", "show", "server" },
	{ "access", "show" },
	{ "access", "check", "token:deploy", "read" },
	{ "token", "list" },
	{ "rules" },
	{ "audit", "tail" },
	{ "audit", "head" },
	{ "audit", "verify" },
	{ "cert", "list", "--json" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static enum fake_action
answer(void *ctx, struct fake_request *req)
{
	const struct bytes *body = ctx;

	/* A page that is always followed by another is not what is looked for. */
	buf_printf(&req->reply,
	    "HTTP/1.1 %d Status\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    body->len % 8 == 7 ? 403 : 200, body->len);
	buf_append(&req->reply, body->data, body->len);
	return FAKE_CLOSE;
}

/* What a terminal would obey. */
static void
must_be_tame(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		must((text[i] >= ' ' && text[i] != 0x7f) || text[i] == '\n' ||
		     text[i] == '\t' || (text[i] & 0x80) != 0);
}

static void
run(const char *const *words, const char *socket)
{
	char *argv[WORDS_MAX + 4] = { (char *)"keyhold" }, *shown, *said;
	FILE *in = fopen("/dev/null", "r"), *out, *errors;
	size_t shown_len, said_len;
	int argc = 1, status;

	for (; argc <= WORDS_MAX && words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	argv[argc++] = (char *)"--socket";
	argv[argc++] = (char *)(uintptr_t)socket;
	out = open_memstream(&shown, &shown_len);
	errors = open_memstream(&said, &said_len);
	must(in != NULL && out != NULL && errors != NULL);
	status = cli_run(argc, argv, in, out, errors);
	fclose(in);
	fclose(out);
	fclose(errors);
	must_be_tame(shown, shown_len);
	must_be_tame(said, said_len);
	must(status == 0 || status == 1 || said_len > 0);
	free(shown);
	free(said);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_server *server;
	struct bytes body = { data + 1, size - 1 };

	if (size == 0)
		return 0;
	server = fake_server_start(answer, &body);
	run(commands[data[0] % COMMANDS], fake_server_socket(server));
	fake_server_stop(server);
	return 0;
}
