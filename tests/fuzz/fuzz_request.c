/*
 * fuzz_request.c - any bytes as a request, from its first line to its answer.
 *
 * An input is "METHOD TARGET", lines "Field: value", an empty line, and the body. It is
 * sent to a house (scene.h) with a token, which lives on until some requests changed it.
 */
#include "tests/fuzz/target.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "base/text.h"
#include "tests/fuzz/scene.h"

#define CHANGES_MAX 64

struct message {
	struct buffer head, body;
	struct request req;
};

static void
take_field(struct request *req, char *line)
{
	const struct {
		const char *name, **value;
	} fields[] = {
		{ "Content-Type: ", &req->content_type },
		{ "Accept: ", &req->accept },
		{ "Authorization: ", &req->authorization },
		{ "If-Match: ", &req->if_match },
		{ "If-None-Match: ", &req->if_none_match },
		{ "If-Modified-Since: ", &req->if_modified_since },
		{ "Idempotency-Key: ", &req->idempotency_key },
	};
	const char *caller = "Caller: ", *listener = "Listener: published";

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strncmp(line, fields[i].name, strlen(fields[i].name)) == 0)
			*fields[i].value = line + strlen(fields[i].name);
	if (strncmp(line, caller, strlen(caller)) == 0 &&
	    scene_caller(line + strlen(caller)) != NULL)
		req->caller = scene_caller(line + strlen(caller));
	if (strcmp(line, listener) == 0)
		req->published_only = true;
}

/* False for what no server would hand on. */
static bool
take_head(struct request *req, char *head)
{
	char *save = NULL, *line = strtok_r(head, "\n", &save), *space;

	if (line == NULL || (space = strchr(line, ' ')) == NULL)
		return false;
	*space = '\0';
	req->method = line;
	req->target = space + 1;
	while ((line = strtok_r(NULL, "\n", &save)) != NULL)
		take_field(req, line);
	return req->target[0] == '/';
}

/* The body ends where its memory does, so that a step too far is seen. */
static bool
message_read(struct message *m, const struct scene *scene, struct bytes input)
{
	const unsigned char *end = memmem(input.data, input.len, "\n\n", 2);
	size_t head_len = end != NULL ? (size_t)(end - input.data) : input.len;
	struct bytes body = { 0 };

	if (memchr(input.data, '\0', head_len) != NULL)
		return false;
	if (end != NULL)
		body = (struct bytes){ end + 2, input.len - head_len - 2 };
	scene_expand(scene, (struct bytes){ input.data, head_len }, false, &m->head);
	scene_expand(scene, body, body.len > 0 && body.data[0] == '{', &m->body);
	m->req.caller = scene_caller("admin");
	return m->head.len > 0 && take_head(&m->req, (char *)m->head.data);
}

static void
check_field(const char *value)
{
	must(value == NULL || !text_has_control(value));
}

static void
check_answer(const struct response *res)
{
	json_t *json;

	must(res->status >= 200 && res->status < 600 && res->status != 500);
	must(!buf_failed(&res->body));
	check_field(res->location);
	check_field(res->link);
	check_field(res->allow);
	check_field(res->etag);
	check_field(res->cache_control);
	check_field(res->content_type);
	if (res->status >= 400)
		must(res->content_type != NULL && res->location[0] == '\0');
	if (res->content_type == NULL || strstr(res->content_type, "json") == NULL)
		return;
	json = json_loadb(
	    (const char *)res->body.data, res->body.len, JSON_REJECT_DUPLICATES, NULL);
	must(json != NULL);
	json_decref(json);
}

static void
send_request(struct scene *scene, struct message *m)
{
	unsigned char *body = malloc(m->body.len);
	struct rulebook_hold hold = { 0 };
	struct response res;

	must(body != NULL || m->body.len == 0);
	if (m->body.len > 0)
		memcpy(body, m->body.data, m->body.len);
	m->req.id = "1";
	m->req.hold = &hold;
	m->req.body = (struct bytes){ body, m->body.len };
	response_init(&res);
	if (m->body.len <= api_body_max(m->req.target)) {
		(void)api_admits(&scene->f->api, &m->req);
		api_handle(&scene->f->api, &m->req, &res);
		check_answer(&res);
		if (res.status < 300 && strcmp(m->req.method, "GET") != 0)
			scene->changes++;
	}
	rulebook_let_go(&hold);
	response_free(&res);
	free(body);
}

static struct scene scene;

static void
close_scene(void)
{
	scene_close(&scene);
}

/* With the first input. */
static void
open_scene(void)
{
	static bool is_open;

	if (is_open)
		return;
	is_open = true;
	log_set_level(LOG_LEVEL_ERROR);
	scene_open(&scene);
	atexit(close_scene);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message m = { 0 };

	open_scene();
	buf_init(&m.head, 0);
	buf_init(&m.body, 0);
	if (message_read(&m, &scene, (struct bytes){ data, size }))
		send_request(&scene, &m);
	buf_free(&m.head);
	buf_free(&m.body);
	if (scene.changes > CHANGES_MAX) {
		scene_close(&scene);
		scene_open(&scene);
	}
	return 0;
}
