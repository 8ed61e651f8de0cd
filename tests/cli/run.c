/* run.c - the program in memory, the daemon on a socket. */
#include "tests/cli/run.h"

#include <limits.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"

#define WORDS_MAX 48

static enum fake_action
answer(void *ctx, struct fake_request *req)
{
	const struct run *run = ctx;

	for (const struct route *r = run->routes; r->request != NULL; r++) {
		if (!fake_request_is(req, r->request))
			continue;
		buf_printf(&req->reply, "HTTP/1.1 %d Status\r\nContent-Type: %s\r\n",
		    r->status, r->type);
		if (run->request_id != NULL)
			buf_printf(&req->reply, "X-Request-Id: %s\r\n", run->request_id);
		if (r->link != NULL)
			buf_printf(&req->reply, "Link: %s\r\n", r->link);
		buf_printf(&req->reply, "Content-Length: %zu\r\n\r\n%s", strlen(r->body),
		    r->body);
		return FAKE_KEEP;
	}
	fake_reply(req, 404, PROBLEM,
	    "{\"title\":\"Not Found\",\"status\":404,\"detail\":\"there is nothing "
	    "here\"}");
	return FAKE_KEEP;
}

void
run_start(struct run *run, const struct route *routes)
{
	*run = (struct run){ .routes = routes };
	run->server = fake_server_start(answer, run);
}

static void
clear_streams(struct run *run)
{
	free(run->out);
	free(run->errors);
	run->out = run->errors = NULL;
}

/* An empty file, or a terminal with its line already typed. */
static FILE *
open_input(const char *typed, int *keyboard)
{
	int terminal;

	*keyboard = -1;
	if (typed == NULL)
		return fopen("/dev/null", "r");
	if (openpty(keyboard, &terminal, NULL, NULL, NULL) != 0 ||
	    write(*keyboard, typed, strlen(typed)) < 0)
		abort();
	return fdopen(terminal, "r");
}

void
run_keyhold(struct run *run, ...)
{
	char *argv[WORDS_MAX] = { (char *)"keyhold" }, *word;
	FILE *in, *out, *errors;
	size_t out_len, errors_len;
	int argc = 1, keyboard;
	va_list ap;

	clear_streams(run);
	va_start(ap, run);
	while ((word = va_arg(ap, char *)) != NULL && argc < WORDS_MAX - 3)
		argv[argc++] = word;
	va_end(ap);
	if (run->server != NULL) {
		argv[argc++] = (char *)"--socket";
		argv[argc++] = (char *)(uintptr_t)fake_server_socket(run->server);
	}
	in = open_input(run->typed, &keyboard);
	out = open_memstream(&run->out, &out_len);
	errors = open_memstream(&run->errors, &errors_len);
	run->status = cli_run(argc, argv, in, out, errors);
	fclose(in);
	if (keyboard >= 0)
		close(keyboard);
	fclose(out);
	fclose(errors);
}

void
run_assert_sent(const struct run *run, const char *text)
{
	if (!fake_server_saw(run->server, text))
		fail_msg("not sent: %s\n%s", text, run->errors);
}

void
run_stop(struct run *run)
{
	clear_streams(run);
	fake_server_stop(run->server);
}

int
run_new(void **state, const struct route *routes)
{
	struct run *run = calloc(1, sizeof(*run));

	if (run == NULL)
		abort();
	run_start(run, routes);
	*state = run;
	return 0;
}

int
run_free(void **state)
{
	struct run *run = *state;

	run_stop(run);
	free(run);
	return 0;
}

const char *
run_path(const struct run *run, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", fake_server_directory(run->server), name);
	return path;
}

const char *
run_read(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "r");
	size_t len;

	if (file == NULL)
		return NULL;
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

void
run_write(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0)
		abort();
}
