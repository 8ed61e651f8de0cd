/*
 * daemon.h - calls to keyholdd. An answer of 2xx is left in cli->rest.res until the next
 * call; any other is a failure whose err and advice come from the problem document.
 */
#ifndef CLI_DAEMON_H
#define CLI_DAEMON_H

#include <jansson.h>

#include "cli/cli.h"
#include "rest/rest.h"

int daemon_get(struct cli *cli, const char *path, const char *accept, struct error *err);

/*
 * After a page of a list: the path of the next, from the answer's Link header, or ""
 * after the last.
 */
void daemon_next_page(const struct cli *cli, struct buffer *path);

/* Frees body in every case. */
int daemon_send(struct cli *cli, const char *method, const char *path, json_t *body,
    const char *accept, struct error *err);

/* The like for what depends on a state, "If-Match: \"17\""; body and condition may be
 * NULL. */
int daemon_change(struct cli *cli, const char *method, const char *path, json_t *body,
    const char *condition, struct error *err);

/* A body that is no JSON; the answer is. */
int daemon_put(struct cli *cli, const char *path, const char *type, struct bytes body,
    struct error *err);

/* Reads the last answer as a JSON object; the caller frees with json_decref. */
int daemon_answer(struct cli *cli, json_t **answer, struct error *err);

/* daemon_get and daemon_answer, of a JSON resource. */
int
daemon_get_json(struct cli *cli, const char *path, json_t **answer, struct error *err);

/* The same where a 404 is no failure: *answer is NULL then. */
int
daemon_find_json(struct cli *cli, const char *path, json_t **answer, struct error *err);

/* daemon_send with POST, and daemon_answer. */
int daemon_post_json(
    struct cli *cli, const char *path, json_t *body, json_t **answer, struct error *err);

#endif
