/* daemon.c - one call to keyholdd, and what to say when it does not go well. */
#include "cli/daemon.h"

#include <string.h>

#include "cli/advice.h"

/* The reason is in client_call's text; this says what to do about it. */
static int
explain_no_answer(struct cli *cli, const struct error *why, struct error *err)
{
	bool is_default = strcmp(cli->sockets, CLIENT_DEFAULT_SOCKET) == 0;

	if (strstr(why->text, "Permission denied") != NULL) {
		cli_advise(cli, "The socket's owner and group may open it: ls -l %s",
		    cli->sockets);
	} else if (why->code == ERROR_TIMEOUT) {
		cli_advise(cli, "keyholdd is there, and hangs or waits for its token: "
				"its log may say more.");
	} else if (strstr(why->text, "cannot reach") != NULL) {
		if (is_default)
			cli_advise(cli, "Is keyholdd running? systemctl status keyhold");
		cli_advise(cli,
		    "%s: keyholdd --dev DIR, or name its socket with "
		    "--socket or KEYHOLD_SOCKET",
		    is_default ? "To try it out" : "Start one with");
	}
	/* See exit.c: the daemon, not a file, is what failed. */
	return error_set(err, ERROR_TIMEOUT, "%s", why->text);
}

static int
call(struct cli *cli, const struct client_request *req, struct error *err)
{
	struct error why = { .code = ERROR_NONE };

	if (rest_call(&cli->rest, req, &why) != 0)
		return explain_no_answer(cli, &why, err);
	return 0;
}

static int
check_status(struct cli *cli, const char *path, struct error *err)
{
	return rest_succeeded(&cli->rest) ? 0 : advice_explain(cli, path, err);
}

static int
ask(struct cli *cli, const char *path, const char *accept, struct error *err)
{
	struct client_request req = {
		.method = "GET", .path = path, .accept = accept, .repeatable = true
	};

	return call(cli, &req, err);
}

int
daemon_get(struct cli *cli, const char *path, const char *accept, struct error *err)
{
	if (ask(cli, path, accept, err) != 0)
		return -1;
	return check_status(cli, path, err);
}

void
daemon_next_page(const struct cli *cli, struct buffer *path)
{
	const char *link = cli->rest.res.link, *end = strchr(link, '>');

	buf_reset(path);
	if (link[0] == '<' && end != NULL && strstr(end, "rel=\"next\"") != NULL)
		buf_append(path, link + 1, (size_t)(end - link - 1));
}

/* Of the commands that have one. Its request may be sent twice. */
static void
add_idempotency_key(
    const struct cli *cli, struct buffer *field, struct client_request *req)
{
	const char *key = NULL;

	if (command_option(cli->args.command, "idempotency-key") != NULL)
		key = argument_value(&cli->args, "idempotency-key");
	if (key == NULL)
		return;
	buf_printf(field, "Idempotency-Key: %s", key);
	req->condition = buf_string(field);
	req->repeatable = true;
}

/* Frees body, which NULL stands for that it could not be made. */
static int
send_json(struct cli *cli, struct client_request *req, json_t *body, struct error *err)
{
	struct error why = { .code = ERROR_NONE };
	struct buffer field;
	int rc;

	buf_init(&field, 0);
	add_idempotency_key(cli, &field, req);
	rc = rest_send(&cli->rest, req, body, &why);
	buf_free(&field);
	if (rc != 0)
		return explain_no_answer(cli, &why, err);
	return check_status(cli, req->path, err);
}

int
daemon_send(struct cli *cli, const char *method, const char *path, json_t *body,
    const char *accept, struct error *err)
{
	struct client_request req = { .method = method, .path = path, .accept = accept };

	return send_json(cli, &req, body, err);
}

int
daemon_change(struct cli *cli, const char *method, const char *path, json_t *body,
    const char *condition, struct error *err)
{
	struct client_request req = { .method = method,
		.path = path,
		.accept = TYPE_JSON,
		.condition = condition };

	if (body != NULL)
		return send_json(cli, &req, body, err);
	return call(cli, &req, err) == 0 ? check_status(cli, path, err) : -1;
}

int
daemon_put(struct cli *cli, const char *path, const char *type, struct bytes body,
    struct error *err)
{
	const struct client_request req = { .method = "PUT",
		.path = path,
		.accept = TYPE_JSON,
		.content_type = type,
		.body = body };

	if (call(cli, &req, err) != 0)
		return -1;
	return check_status(cli, path, err);
}

int
daemon_answer(struct cli *cli, json_t **answer, struct error *err)
{
	return rest_answer(&cli->rest, answer, err);
}

int
daemon_get_json(struct cli *cli, const char *path, json_t **answer, struct error *err)
{
	if (daemon_get(cli, path, TYPE_JSON, err) != 0)
		return -1;
	return daemon_answer(cli, answer, err);
}

int
daemon_find_json(struct cli *cli, const char *path, json_t **answer, struct error *err)
{
	*answer = NULL;
	if (ask(cli, path, TYPE_JSON, err) != 0)
		return -1;
	if (cli->rest.res.status == 404)
		return 0;
	if (check_status(cli, path, err) != 0)
		return -1;
	return daemon_answer(cli, answer, err);
}

int
daemon_post_json(
    struct cli *cli, const char *path, json_t *body, json_t **answer, struct error *err)
{
	if (daemon_send(cli, "POST", path, body, TYPE_JSON, err) != 0)
		return -1;
	return daemon_answer(cli, answer, err);
}
