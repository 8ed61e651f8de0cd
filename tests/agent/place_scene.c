/* place_scene.c - a directory, and pairs of one certificate and its key in it. */
#include "tests/agent/place_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/directory.h"

int
scene_new(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	void *directory;

	directory_make(&directory);
	f->directory = directory;
	f->options = (struct place_options){
		.directory = f->directory, .name = "web", .mode = 0640
	};
	f->place.fd = -1;
	*state = f;
	return 0;
}

int
scene_free(void **state)
{
	struct fixture *f = *state;
	void *directory = f->directory;

	place_close(&f->place);
	directory_remove(&directory);
	free(f);
	return 0;
}

struct bytes
scene_bytes(const char *text)
{
	return (struct bytes){ (const unsigned char *)text, strlen(text) };
}

/* "chain SERIAL" and "key SERIAL" stand for what belongs together. */
int
scene_prepare(struct fixture *f, const char *serial)
{
	char chain[64], key[64];

	snprintf(chain, sizeof(chain), "chain %s\n", serial);
	snprintf(key, sizeof(key), "key %s\n", serial);
	return place_prepare(
	    &f->place, serial, scene_bytes(chain), scene_bytes(key), &f->err);
}

void
scene_install(struct fixture *f, const char *serial)
{
	assert_int_equal(scene_prepare(f, serial), 0);
	assert_int_equal(place_switch(&f->place, &f->err), 0);
}

void
scene_open(struct fixture *f)
{
	assert_int_equal(place_open(&f->place, &f->options, &f->err), 0);
}

const char *
scene_path(const struct fixture *f, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", f->directory, name);
	return path;
}

const char *
scene_content(const struct fixture *f, const char *name)
{
	static char text[4][256];
	static int next;
	char *found = text[next = (next + 1) % 4];
	FILE *file = fopen(scene_path(f, name), "r");
	size_t len;

	if (file == NULL)
		return "";
	len = fread(found, 1, 255, file);
	found[len] = '\0';
	fclose(file);
	return found;
}

void
scene_assert_installed(const struct fixture *f, const char *serial)
{
	char chain[64], key[64], both[128];

	snprintf(chain, sizeof(chain), "chain %s\n", serial);
	snprintf(key, sizeof(key), "key %s\n", serial);
	snprintf(both, sizeof(both), "%s%s", chain, key);
	assert_string_equal(scene_content(f, "web/chain.pem"), chain);
	assert_string_equal(scene_content(f, "web/key.pem"), key);
	assert_string_equal(scene_content(f, "web/both.pem"), both);
}

size_t
scene_count(const struct fixture *f)
{
	DIR *directory = opendir(f->directory);
	const struct dirent *entry;
	size_t count = 0;

	while ((entry = readdir(directory)) != NULL)
		count += strcmp(entry->d_name, ".keyhold.lock") != 0;
	closedir(directory);
	return count - 2;
}
