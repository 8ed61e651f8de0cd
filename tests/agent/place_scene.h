/* place_scene.h - a place in a directory of its own, and what is to be found in it. */
#ifndef TESTS_AGENT_PLACE_SCENE_H
#define TESTS_AGENT_PLACE_SCENE_H

#include <limits.h>
#include <stddef.h>

#include "agent/place.h"

#define FIRST  "0a01"
#define SECOND "0b02"

struct fixture {
	char *directory;
	struct place_options options;
	struct place place;
	struct error err;
};

/* cmocka's setup and teardown. */
int scene_new(void **state);
int scene_free(void **state);

void scene_open(struct fixture *f);

/* "chain SERIAL" and "key SERIAL" stand for what belongs together. */
int scene_prepare(struct fixture *f, const char *serial);

/* The same, and switches to it. */
void scene_install(struct fixture *f, const char *serial);
void scene_assert_installed(const struct fixture *f, const char *serial);

struct bytes scene_bytes(const char *text);

/* In static buffers; the content of a file that is not there is "". */
const char *scene_path(const struct fixture *f, const char *name);
const char *scene_content(const struct fixture *f, const char *name);

/* How many names the directory has, but that of the lock. */
size_t scene_count(const struct fixture *f);

#endif
