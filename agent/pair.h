/*
 * pair.h - a directory with a certificate and the key that belongs to it: chain.pem,
 * key.pem (a reference), and both.pem for servers that want them in one file.
 *
 * parent is a descriptor of the directory that it lies in. Links are never followed.
 */
#ifndef AGENT_PAIR_H
#define AGENT_PAIR_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

#define PAIR_CHAIN "chain.pem"
#define PAIR_KEY   "key.pem"
#define PAIR_BOTH  "both.pem"
#define PAIR_DRAFT "new" /* what a directory is called, after its name, while written */

struct pair {
	struct bytes chain, reference;
	uid_t owner; /* -1: this process's, as the group */
	gid_t group;
	mode_t mode; /* of the files */
};

/* Writes and syncs a directory with its files; one that is there was left unfinished,
 * and goes; aside, if it has files of others. */
int pair_write(int parent, const char *entry, const struct pair *pair, struct error *err);

/* Whether the directory is there with this content, owner, group and mode. */
bool pair_is_there(int parent, const char *entry, const struct pair *pair);

/* Appends; -1 with errno. */
int pair_read_chain(int parent, const char *entry, struct buffer *chain);

/* Only the files above, and the directory when it is empty then. */
void pair_remove(int parent, const char *entry);

/* One file of its own: made, and synced; -1 with errno. */
int pair_write_file(int parent, const char *file, struct bytes content, uid_t owner,
    gid_t group, mode_t mode);

/* Appends a regular file that belongs to this process's user; -1 with errno. */
int pair_read_own_file(int parent, const char *file, struct buffer *content);

#endif
