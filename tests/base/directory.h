/* directory.h - a throw-away directory per test, removed with all that is in it. */
#ifndef TESTS_BASE_DIRECTORY_H
#define TESTS_BASE_DIRECTORY_H

#include <stddef.h>
#include <sys/types.h>

/* cmocka setup and teardown: *state is the directory's path. */
int directory_make(void **state);
int directory_remove(void **state);

/* state's directory and a name below it; aborts rather than truncate. */
char *directory_path(void **state, const char *name, char out[static 256]);

/* The permission bits of what is there; fails the test when nothing is. */
mode_t file_mode(const char *path);

void write_file(const char *path, const char *text, mode_t mode);

#endif
