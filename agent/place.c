/* place.c - the link, what it leads to, and how one takes the place of another. */
#include "agent/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/pair.h"
#include "base/file.h"
#include "base/text.h"

#define ENTRY_SIZE  (NAME_MAX + 1)
#define HEX         "0123456789abcdef"
#define REQUEST_MAX 65536

#define NEXT    "next"
#define BEFORE  "before"
#define LINK    "link" /* a link that is being made */
#define REQUEST "request"
#define DRAFT   "draft" /* a request that is being written */

#define LOCK ".keyhold.lock" /* of the directory, whatever places it has */

/* ".NAME.ENDING" */
static void
entry_name(const struct place *place, const char *ending, char entry[static ENTRY_SIZE])
{
	snprintf(entry, ENTRY_SIZE, ".%s.%s", place->name, ending);
}

/* Whether it is the name of one of our directories: of no other place's, either. */
static bool
is_ours(const struct place *place, const char *entry)
{
	size_t len = strlen(place->name);

	return entry[0] == '.' && strncmp(entry + 1, place->name, len) == 0 &&
	       entry[1 + len] == '.' && entry[2 + len] != '\0' &&
	       strspn(entry + 2 + len, HEX) == strlen(entry + 2 + len);
}

static int
refuse(const struct place *place, const char *entry, struct error *err)
{
	return error_set(err, ERROR_CONFLICT,
	    "%s/%s is there, and is not the agent's: move it away", place->path, entry);
}

/* What a link leads to, "" when there is none. */
static int
read_link(const struct place *place, const char *link, char target[static ENTRY_SIZE],
    struct error *err)
{
	ssize_t len = readlinkat(place->fd, link, target, ENTRY_SIZE - 1);

	target[len < 0 ? 0 : len] = '\0';
	if (len < 0 && errno == ENOENT)
		return 0;
	if (len < 0 && errno != EINVAL)
		return error_set_errno(err, ERROR_IO, "%s/%s", place->path, link);
	return len >= 0 && is_ours(place, target) ? 0 : refuse(place, link, err);
}

static bool
has_link(const struct place *place, const char *ending)
{
	char entry[ENTRY_SIZE], target[ENTRY_SIZE];
	struct error none;
	struct stat st;

	entry_name(place, ending, entry);
	return read_link(place, entry, target, &none) == 0 && target[0] != '\0' &&
	       fstatat(place->fd, target, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

bool
place_has_next(const struct place *place)
{
	return has_link(place, NEXT);
}

bool
place_has_before(const struct place *place)
{
	return has_link(place, BEFORE);
}

static int
sync_directory(const struct place *place, struct error *err)
{
	if (fsync(place->fd) != 0)
		return error_set_errno(err, ERROR_IO, "%s", place->path);
	return 0;
}

/* Makes link lead to target, whatever it led to. */
static int
set_link(struct place *place, const char *target, const char *link, struct error *err)
{
	char draft[ENTRY_SIZE];

	entry_name(place, LINK, draft);
	if (unlinkat(place->fd, draft, 0) != 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_IO, "%s/%s", place->path, draft);
	if (symlinkat(target, place->fd, draft) != 0 ||
	    renameat(place->fd, draft, place->fd, link) != 0)
		return error_set_errno(err, ERROR_IO, "%s/%s", place->path, link);
	return sync_directory(place, err);
}

static int
find_owner(const char *text, uid_t *owner, struct error *err)
{
	uint64_t number;
	const struct passwd *user;

	*owner = (uid_t)-1;
	if (text == NULL)
		return 0;
	if ((user = getpwnam(text)) != NULL)
		*owner = user->pw_uid;
	else if (text_to_uint(text, 0, UINT32_MAX - 1, &number, NULL) == 0)
		*owner = (uid_t)number;
	else
		return error_set(err, ERROR_CONFIG, "there is no user %.64s", text);
	return 0;
}

static int
find_group(const char *text, gid_t *group, struct error *err)
{
	uint64_t number;
	const struct group *found;

	*group = (gid_t)-1;
	if (text == NULL)
		return 0;
	if ((found = getgrnam(text)) != NULL)
		*group = found->gr_gid;
	else if (text_to_uint(text, 0, UINT32_MAX - 1, &number, NULL) == 0)
		*group = (gid_t)number;
	else
		return error_set(err, ERROR_CONFIG, "there is no group %.64s", text);
	return 0;
}

/* Whoever may write to it, or let others do so, may put anything in the place of what is
 * written here. */
static int
check_directory(const struct place *place, struct error *err)
{
	struct stat st;

	if (fstat(place->fd, &st) != 0)
		return error_set_errno(err, ERROR_IO, "%s", place->path);
	if ((st.st_mode & S_IWOTH) != 0)
		return error_set(err, ERROR_CONFIG,
		    "%s: everybody can write to it; run: chmod o-w %s", place->path,
		    place->path);
	if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != place->owner)
		return error_set(err, ERROR_CONFIG,
		    "%s is neither root's, nor this agent's, nor its files' owner's: it "
		    "belongs to user %lu",
		    place->path, (unsigned long)st.st_uid);
	return 0;
}

/* A file of ours, which nobody else can open: whoever may read a directory may lock it.
 */
static int
lock_directory(struct place *place, struct error *err)
{
	struct stat st;

	place->lock = openat(place->fd, LOCK,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (place->lock < 0 || fstat(place->lock, &st) != 0)
		return error_set_errno(err, ERROR_IO, "%s/" LOCK, place->path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 0077) != 0)
		return refuse(place, LOCK, err);
	if (flock(place->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return error_set(
		    err, ERROR_BUSY, "%s: another agent works there", place->path);
	return error_set_errno(err, ERROR_IO, "%s/" LOCK, place->path);
}

/* Not where a link leads: who may write beside it would say where that is. A slash at the
 * end would follow it. */
static int
open_directory(const char *path)
{
	char text[PATH_MAX];
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len >= sizeof(text)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(text, path, len);
	text[len] = '\0';
	return open(text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
place_open(struct place *place, const struct place_options *options, struct error *err)
{
	char target[ENTRY_SIZE];

	*place = (struct place){ .fd = -1,
		.lock = -1,
		.path = options->directory,
		.name = options->name,
		.mode = options->mode };
	if (!name_is_valid(options->name))
		return error_set(
		    err, ERROR_CONFIG, "%.64s is no name for files", options->name);
	if (find_owner(options->owner, &place->owner, err) != 0 ||
	    find_group(options->group, &place->group, err) != 0)
		return -1;
	if (mkdir(place->path, 0755) != 0 && errno != EEXIST)
		return error_set_errno(err, ERROR_IO, "cannot make %s", place->path);
	place->fd = open_directory(place->path);
	if (place->fd < 0)
		return error_set_errno(err, ERROR_IO, "%s", place->path);
	if (check_directory(place, err) == 0 && lock_directory(place, err) == 0 &&
	    read_link(place, place->name, target, err) == 0)
		return 0;
	place_close(place);
	return -1;
}

void
place_close(struct place *place)
{
	if (place->fd < 0)
		return;
	if (place->lock >= 0)
		close(place->lock);
	close(place->fd);
	place->fd = -1;
}

/*
 * One that is there already is of the same certificate, hence of the same key, but not as
 * it is to be: exchanged at once, nobody can find half of it.
 */
static int
put_in_place(struct place *place, const char *draft, const char *entry, struct error *err)
{
	struct stat st;

	if (fstatat(place->fd, entry, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (renameat(place->fd, draft, place->fd, entry) == 0)
			return 0;
	} else if (!S_ISDIR(st.st_mode)) {
		return refuse(place, entry, err);
	} else if (renameat2(place->fd, draft, place->fd, entry, RENAME_EXCHANGE) == 0) {
		pair_remove(place->fd, draft);
		return 0;
	}
	return error_set_errno(err, ERROR_IO, "%s/%s", place->path, entry);
}

int
place_prepare(struct place *place, const char *serial, struct bytes chain,
    struct bytes reference, struct error *err)
{
	char entry[ENTRY_SIZE], next[ENTRY_SIZE], draft[ENTRY_SIZE];
	const struct pair pair = { chain, reference, place->owner, place->group,
		place->mode };

	entry_name(place, serial, entry);
	entry_name(place, NEXT, next);
	entry_name(place, PAIR_DRAFT, draft);
	if (!is_ours(place, entry))
		return error_set(
		    err, ERROR_BAD_REQUEST, "%.64s is no serial number", serial);
	if (!pair_is_there(place->fd, entry, &pair) &&
	    (pair_write(place->fd, draft, &pair, err) != 0 ||
		put_in_place(place, draft, entry, err) != 0))
		return -1;
	return set_link(place, entry, next, err);
}

static int
forget(struct place *place, const char *ending, struct error *err)
{
	char entry[ENTRY_SIZE];

	entry_name(place, ending, entry);
	if (unlinkat(place->fd, entry, 0) == 0 || errno == ENOENT)
		return 0;
	return error_set_errno(err, ERROR_IO, "%s/%s", place->path, entry);
}

int
place_switch(struct place *place, struct error *err)
{
	char now[ENTRY_SIZE], target[ENTRY_SIZE], next[ENTRY_SIZE], before[ENTRY_SIZE];

	entry_name(place, NEXT, next);
	entry_name(place, BEFORE, before);
	if (read_link(place, place->name, now, err) != 0 ||
	    read_link(place, next, target, err) != 0)
		return -1;
	if (target[0] == '\0')
		return error_set(err, ERROR_NOT_FOUND, "%s/%s is not there any more",
		    place->path, next);
	/* In place already: what came before it need not be what served until now. */
	if (strcmp(now, target) == 0) {
		if (forget(place, BEFORE, err) != 0)
			return -1;
	} else if (now[0] != '\0' && set_link(place, now, before, err) != 0) {
		return -1;
	}
	if (renameat(place->fd, next, place->fd, place->name) != 0)
		return error_set_errno(err, ERROR_IO, "%s/%s", place->path, place->name);
	return sync_directory(place, err);
}

int
place_back(struct place *place, struct error *err)
{
	char before[ENTRY_SIZE];

	entry_name(place, BEFORE, before);
	if (renameat(place->fd, before, place->fd, place->name) != 0)
		return error_set_errno(err, ERROR_IO, "%s/%s", place->path, before);
	return sync_directory(place, err);
}

/* One that cannot be read is as good as none. */
static int
read_chain(
    const struct place *place, const char *link, struct buffer *chain, struct error *err)
{
	char target[ENTRY_SIZE];

	if (read_link(place, link, target, err) != 0)
		return -1;
	if (target[0] != '\0' && pair_read_chain(place->fd, target, chain) != 0)
		buf_reset(chain);
	return 0;
}

int
place_read(const struct place *place, struct buffer *chain, struct error *err)
{
	return read_chain(place, place->name, chain, err);
}

int
place_read_before(const struct place *place, struct buffer *chain, struct error *err)
{
	char before[ENTRY_SIZE];

	entry_name(place, BEFORE, before);
	return read_chain(place, before, chain, err);
}

int
place_read_request(const struct place *place, struct buffer *csr, struct error *err)
{
	char entry[ENTRY_SIZE];

	entry_name(place, REQUEST, entry);
	if (pair_read_own_file(place->fd, entry, csr) == 0 || errno == ENOENT)
		return 0;
	return error_set_errno(err, ERROR_IO, "%s/%s", place->path, entry);
}

int
place_keep_request(struct place *place, struct bytes csr, struct error *err)
{
	char entry[ENTRY_SIZE], draft[ENTRY_SIZE];

	entry_name(place, REQUEST, entry);
	entry_name(place, DRAFT, draft);
	if ((unlinkat(place->fd, draft, 0) != 0 && errno != ENOENT) ||
	    pair_write_file(place->fd, draft, csr, (uid_t)-1, (gid_t)-1, 0600) != 0 ||
	    renameat(place->fd, draft, place->fd, entry) != 0)
		return error_set_errno(err, ERROR_IO, "%s/%s", place->path, entry);
	return sync_directory(place, err);
}

int
place_forget_request(struct place *place, struct error *err)
{
	return forget(place, REQUEST, err);
}

int
place_drop_before(struct place *place, struct error *err)
{
	if (forget(place, BEFORE, err) != 0)
		return -1;
	place_tidy(place);
	return 0;
}

/* Those that links lead to. */
struct kept {
	char now[ENTRY_SIZE], next[ENTRY_SIZE], before[ENTRY_SIZE];
};

static bool
is_stale(const struct place *place, const struct kept *kept, const char *entry)
{
	char draft[ENTRY_SIZE];

	entry_name(place, PAIR_DRAFT, draft);
	if (strcmp(entry, draft) == 0)
		return true;
	return is_ours(place, entry) && strcmp(entry, kept->now) != 0 &&
	       strcmp(entry, kept->next) != 0 && strcmp(entry, kept->before) != 0;
}

void
place_tidy(struct place *place)
{
	char next[ENTRY_SIZE], before[ENTRY_SIZE], link[ENTRY_SIZE], draft[ENTRY_SIZE];
	const struct dirent *entry;
	struct kept kept;
	struct error none;
	int fd;
	DIR *directory;

	entry_name(place, NEXT, next);
	entry_name(place, BEFORE, before);
	entry_name(place, LINK, link);
	entry_name(place, DRAFT, draft);
	if (read_link(place, place->name, kept.now, &none) != 0 ||
	    read_link(place, next, kept.next, &none) != 0 ||
	    read_link(place, before, kept.before, &none) != 0 ||
	    (fd = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return;
	if ((directory = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	unlinkat(place->fd, link, 0);
	unlinkat(place->fd, draft, 0);
	while ((entry = readdir(directory)) != NULL)
		if (is_stale(place, &kept, entry->d_name))
			pair_remove(place->fd, entry->d_name);
	closedir(directory);
}
