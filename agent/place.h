/*
 * place.h - where a certificate and its key are put for a server: DIRECTORY/NAME, a
 * symbolic link to DIRECTORY/.NAME.SERIAL with chain.pem, key.pem (a reference) and
 * both.pem.
 *
 * The link is replaced by rename(2), so whoever opens files through it finds a
 * certificate and the key that belongs to it, also when this process or the power goes at
 * any step. Beside the link there are .NAME.next, a link to what was prepared,
 * .NAME.before, one to what was there before, and .NAME.request, the request that a
 * certificate is asked for with. All of that may be deleted at any time; nothing else
 * needs it. What has one of these names and is not ours is refused.
 *
 * .keyhold.lock in the directory is locked while a place is open: one agent works there
 * at a time.
 */
#ifndef AGENT_PLACE_H
#define AGENT_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct place {
	int fd;           /* of the directory */
	int lock;         /* of the file that is locked */
	const char *path; /* of it; borrowed */
	const char *name; /* of the link; borrowed */
	uid_t owner;
	gid_t group;
	mode_t mode; /* of files; directories may be searched by whom they may be read,
		      * and their owner may write to them */
};

struct place_options {
	const char *directory; /* made when it is not there; its parent has to be */
	const char *name;
	const char *owner, *group; /* names or numbers; NULL: this process's */
	mode_t mode;
};

/* ERROR_BUSY while another process has it open. */
int
place_open(struct place *place, const struct place_options *options, struct error *err);
void place_close(struct place *place);

/* Writes the directory of a certificate, which is to be switched to next. What is there
 * already with this content is left. */
int place_prepare(struct place *place, const char *serial, struct bytes chain,
    struct bytes reference, struct error *err);

/* Whether there is something to switch to. */
bool place_has_next(const struct place *place);

int place_switch(struct place *place, struct error *err);

/* Whether there is something to go back to. */
bool place_has_before(const struct place *place);

/* Back to what was there before the switch. */
int place_back(struct place *place, struct error *err);

/* The chain behind the link, and that of the pair before; nothing is appended when there
 * is no link, or it leads to nothing that can be read. */
int place_read(const struct place *place, struct buffer *chain, struct error *err);
int place_read_before(const struct place *place, struct buffer *chain, struct error *err);

/* The request under way; nothing is appended when there is none. One that somebody else
 * wrote is an error: who may write to the directory need not say what is certified. */
int place_read_request(const struct place *place, struct buffer *csr, struct error *err);
int place_keep_request(struct place *place, struct bytes csr, struct error *err);

int place_forget_request(struct place *place, struct error *err);

/* There is nothing to go back to any more. */
int place_drop_before(struct place *place, struct error *err);

/* Removes what no link leads to, and what was left unfinished. */
void place_tidy(struct place *place);

#endif
