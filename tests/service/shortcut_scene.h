/* shortcut_scene.h - a shortcut over a real token, and its clients. */
#ifndef TESTS_SERVICE_SHORTCUT_SCENE_H
#define TESTS_SERVICE_SHORTCUT_SCENE_H

#include <stdatomic.h>

#include "service/shortcut.h"
#include "tests/api/fixture.h"

#define REQUEST                                                                          \
	"POST /v1/keys/papers/sign?scheme=ecdsa_secp256r1_sha256 HTTP/1.1\r\n"           \
	"Host: localhost\r\n"                                                            \
	"Content-Type: application/octet-stream\r\n"                                     \
	"Content-Length: 5\r\n\r\nhello"
#define OTHER    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define WAIT_MS  20000
#define MANY     24
#define PIPELINE 20000 /* requests, whose answers no socket's buffer holds */

extern struct fixture *fixture;
extern struct shortcut *shortcut;
extern struct limits *limits;
extern int listener;
extern atomic_int handed_over; /* -1 before */

/* Small ones, and nobody waits long. */
extern const struct limits_options usual;

/* Of a group of tests. */
int scene_open(void **state);

void scene_start(const struct limits_options *wanted);
void scene_stop(void);
int scene_connect(void);
void say(int fd, const char *text);

/* The status of what comes, 0 for the end of the connection. */
int status_of_answer(int fd);
void wait_until(size_t (*count)(struct shortcut *), size_t wanted);
size_t connections(struct shortcut *s);

#endif
