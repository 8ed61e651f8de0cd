/* cut_vfs.c - what each file had when it was last synced, and the writes since then. */
#include "tests/support/cut_vfs.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#define FILES_MAX 16
#define PATH_SIZE 256
#define DISK_SIZE (1 << 20)

/* A write; without data a truncation to offset. */
struct change {
	struct change *next;
	unsigned char *data;
	size_t len, offset;
};

struct disk {
	char path[PATH_SIZE];
	bool exists, was_deleted; /* once the writes below are lost */
	unsigned char data[DISK_SIZE];
	size_t len;
	struct change *first, **end;
};

struct cut_file {
	sqlite3_file base;
	struct disk *disk; /* NULL for a temporary file */
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct disk disks[FILES_MAX];
static enum cut cut;
static unsigned operations, cut_at;
static bool fell;

static void *
must(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static void
apply(struct disk *disk, const struct change *c, size_t len)
{
	size_t end = c->offset + len;

	if (end > DISK_SIZE)
		abort();
	if (end > disk->len)
		memset(disk->data + disk->len, 0, end - disk->len);
	if (c->data == NULL || end > disk->len)
		disk->len = end;
	if (len > 0)
		memcpy(disk->data + c->offset, c->data, len);
	disk->exists = true;
}

static void
forget_changes(struct disk *disk)
{
	while (disk->first != NULL) {
		struct change *next = disk->first->next;

		free(disk->first->data);
		free(disk->first);
		disk->first = next;
	}
	disk->end = &disk->first;
}

static void
note(struct disk *disk, const void *data, size_t len, size_t offset)
{
	struct change *c = must(calloc(1, sizeof(*c)));

	if (disk->was_deleted) {
		disk->was_deleted = disk->exists = false;
		disk->len = 0;
	}
	c->offset = offset;
	if (data != NULL) {
		c->data = memcpy(must(malloc(len + 1)), data, len);
		c->len = len;
	}
	*disk->end = c;
	disk->end = &c->next;
}

/* All files of a test are in one directory. */
static void
sync_directory(void)
{
	for (size_t i = 0; i < FILES_MAX; i++) {
		if (!disks[i].was_deleted)
			continue;
		disks[i].was_deleted = disks[i].exists = false;
		disks[i].len = 0;
	}
}

static void
sync_disk(struct disk *disk)
{
	/* SQLite syncs the directory with a file that it created, once. */
	if (!disk->exists)
		sync_directory();
	for (const struct change *c = disk->first; c != NULL; c = c->next)
		apply(disk, c, c->len);
	disk->exists = true;
	forget_changes(disk);
}

static void
read_whole(struct disk *disk)
{
	FILE *file = fopen(disk->path, "rb");

	disk->exists = file != NULL;
	disk->len = disk->exists ? fread(disk->data, 1, DISK_SIZE, file) : 0;
	if (file != NULL)
		fclose(file);
}

static struct disk *
find_disk(const char *path)
{
	size_t i = 0;

	while (
	    i < FILES_MAX && disks[i].path[0] != '\0' && strcmp(disks[i].path, path) != 0)
		i++;
	if (i == FILES_MAX || strlen(path) >= PATH_SIZE)
		abort();
	if (disks[i].path[0] == '\0') {
		snprintf(disks[i].path, PATH_SIZE, "%s", path);
		disks[i].end = &disks[i].first;
		disks[i].was_deleted = false;
		read_whole(&disks[i]);
	}
	return &disks[i];
}

/* One operation on the disk begins; whether it fails. The lock is held. */
static bool
fails(void)
{
	operations++;
	if (cut != CUT_NEVER && operations >= cut_at)
		fell = true;
	if (fell)
		errno = cut == CUT_READ_ONLY ? EROFS : EIO;
	return fell;
}

static int
failed_write(void)
{
	/* What the default VFS makes of ENOSPC, and of the others. */
	return cut == CUT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static struct cut_file *
cut_file(sqlite3_file *file)
{
	return (struct cut_file *)file;
}

#define REAL(file) (cut_file(file)->real)

static int
file_close(sqlite3_file *file)
{
	int rc = REAL(file)->pMethods->xClose(REAL(file));

	sqlite3_free(REAL(file));
	return rc;
}

static int
file_read(sqlite3_file *file, void *data, int len, sqlite3_int64 offset)
{
	return REAL(file)->pMethods->xRead(REAL(file), data, len, offset);
}

static int
file_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
	struct disk *disk = cut_file(file)->disk;
	int rc;

	pthread_mutex_lock(&lock);
	if (disk != NULL && fails()) {
		rc = failed_write();
	} else {
		rc = REAL(file)->pMethods->xWrite(REAL(file), data, len, offset);
		if (rc == SQLITE_OK && disk != NULL)
			note(disk, data, (size_t)len, (size_t)offset);
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct disk *disk = cut_file(file)->disk;
	int rc = SQLITE_IOERR_TRUNCATE;

	pthread_mutex_lock(&lock);
	if (disk == NULL || !fails()) {
		rc = REAL(file)->pMethods->xTruncate(REAL(file), size);
		if (rc == SQLITE_OK && disk != NULL)
			note(disk, NULL, 0, (size_t)size);
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

/* A full disk syncs what it has. */
static int
file_sync(sqlite3_file *file, int flags)
{
	struct disk *disk = cut_file(file)->disk;
	int rc = SQLITE_OK;

	(void)flags;
	pthread_mutex_lock(&lock);
	if (disk != NULL && fails() && cut != CUT_FULL)
		rc = SQLITE_IOERR_FSYNC;
	else if (disk != NULL)
		sync_disk(disk);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return REAL(file)->pMethods->xFileSize(REAL(file), size);
}

static int
file_lock(sqlite3_file *file, int level)
{
	return REAL(file)->pMethods->xLock(REAL(file), level);
}

static int
file_unlock(sqlite3_file *file, int level)
{
	return REAL(file)->pMethods->xUnlock(REAL(file), level);
}

static int
file_check_lock(sqlite3_file *file, int *reserved)
{
	return REAL(file)->pMethods->xCheckReservedLock(REAL(file), reserved);
}

static int
file_control(sqlite3_file *file, int op, void *arg)
{
	return REAL(file)->pMethods->xFileControl(REAL(file), op, arg);
}

static int
file_sector_size(sqlite3_file *file)
{
	return REAL(file)->pMethods->xSectorSize(REAL(file));
}

static int
file_characteristics(sqlite3_file *file)
{
	return REAL(file)->pMethods->xDeviceCharacteristics(REAL(file));
}

static int
shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **map)
{
	return REAL(file)->pMethods->xShmMap(REAL(file), region, size, extend, map);
}

static int
shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return REAL(file)->pMethods->xShmLock(REAL(file), offset, n, flags);
}

static void
shm_barrier(sqlite3_file *file)
{
	REAL(file)->pMethods->xShmBarrier(REAL(file));
}

static int
shm_unmap(sqlite3_file *file, int remove)
{
	return REAL(file)->pMethods->xShmUnmap(REAL(file), remove);
}

/* Version 2: no memory mapping, which would write behind our back. */
static const sqlite3_io_methods methods = { 2, file_close, file_read, file_write,
	file_truncate, file_sync, file_size, file_lock, file_unlock, file_check_lock,
	file_control, file_sector_size, file_characteristics, shm_map, shm_lock,
	shm_barrier, shm_unmap, NULL, NULL };

static int
vfs_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags, int *out)
{
	struct cut_file *f = cut_file(file);
	int rc;

	(void)vfs;
	*f = (struct cut_file){ .real = must(sqlite3_malloc(real_vfs->szOsFile)) };
	pthread_mutex_lock(&lock);
	if (path != NULL)
		f->disk = find_disk(path);
	pthread_mutex_unlock(&lock);
	rc = real_vfs->xOpen(real_vfs, path, f->real, flags, out);
	if (rc == SQLITE_OK)
		f->base.pMethods = &methods;
	else
		sqlite3_free(f->real);
	return rc;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	int rc = SQLITE_IOERR_DELETE;

	(void)vfs;
	pthread_mutex_lock(&lock);
	if (!fails() || cut == CUT_FULL) {
		struct disk *disk = find_disk(path);

		rc = real_vfs->xDelete(real_vfs, path, 0);
		disk->was_deleted = rc == SQLITE_OK;
		if (rc == SQLITE_OK)
			forget_changes(disk);
		if (rc == SQLITE_OK && sync != 0)
			disk->exists = false;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

void
cut_vfs_register(void)
{
	static sqlite3_vfs vfs;

	if (real_vfs != NULL)
		return;
	real_vfs = must(sqlite3_vfs_find(NULL));
	vfs = *real_vfs;
	vfs.zName = "cut";
	vfs.szOsFile = sizeof(struct cut_file);
	vfs.xOpen = vfs_open;
	vfs.xDelete = vfs_delete;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}

void
cut_vfs_arm(enum cut how, unsigned at)
{
	pthread_mutex_lock(&lock);
	cut = how;
	cut_at = at;
	operations = 0;
	fell = false;
	pthread_mutex_unlock(&lock);
}

bool
cut_vfs_fell(void)
{
	bool did;

	pthread_mutex_lock(&lock);
	did = fell;
	pthread_mutex_unlock(&lock);
	return did;
}

void
cut_vfs_settle(void)
{
	cut_vfs_arm(CUT_NEVER, 0);
	for (size_t i = 0; i < FILES_MAX && disks[i].path[0] != '\0'; i++)
		if (disks[i].first != NULL)
			sync_disk(&disks[i]);
	sync_directory();
}

static void
survive(struct disk *disk, enum survival survival)
{
	size_t count = 0, i = 0;

	for (const struct change *c = disk->first; c != NULL; c = c->next)
		count++;
	for (const struct change *c = disk->first; c != NULL; c = c->next, i++) {
		bool early = i < count / 2;

		if (survival == SURVIVES_ALL || (survival == SURVIVES_HALF && early) ||
		    (survival == SURVIVES_TORN && early) ||
		    (survival == SURVIVES_AT_RANDOM && random() % 2 == 0))
			apply(disk, c, c->len);
		else if (survival == SURVIVES_TORN && i == count / 2)
			apply(disk, c, c->len / 2);
	}
	if (disk->was_deleted && survival == SURVIVES_ALL)
		disk->exists = false;
}

static void
remove_file(const char *path)
{
	if (unlink(path) != 0 && errno != ENOENT)
		abort();
}

static void
write_whole(const struct disk *disk)
{
	char memory[PATH_SIZE + 4];
	FILE *file;

	/* What processes share of a database is gone with them. */
	snprintf(memory, sizeof(memory), "%s-shm", disk->path);
	remove_file(memory);
	remove_file(disk->path);
	if (!disk->exists)
		return;
	file = must(fopen(disk->path, "wb"));
	if (fwrite(disk->data, 1, disk->len, file) != disk->len || fclose(file) != 0)
		abort();
}

void
cut_vfs_power_on(enum survival survival)
{
	for (size_t i = 0; i < FILES_MAX && disks[i].path[0] != '\0'; i++) {
		survive(&disks[i], survival);
		write_whole(&disks[i]);
		forget_changes(&disks[i]);
		disks[i].path[0] = '\0';
	}
	cut_vfs_arm(CUT_NEVER, 0);
}
