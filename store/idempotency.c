/* idempotency.c - one row for each key in use, and the old ones swept along the way. */
#include "store/idempotency.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/database.h"
#include "store/idempotency_state.h"
#include "store/statement.h"

static bool
is_of(const struct idempotency_left *left, const struct idempotency *entry)
{
	return strcmp(left->text, entry->requester) == 0 &&
	       strcmp(left->text + strlen(left->text) + 1, entry->key) == 0;
}

/* Where it is, or the end. The lock is held. */
static struct idempotency_left **
find_left(struct store *store, const struct idempotency *entry)
{
	struct idempotency_left **at = &store->left;

	while (*at != NULL && !is_of(*at, entry))
		at = &(*at)->next;
	return at;
}

static void
put_left(struct store *store, struct idempotency_left *left)
{
	store_lock(store);
	left->next = store->left;
	store->left = left;
	store_unlock(store);
}

/* NULL when it is not among them. The lock is held. */
static struct idempotency_left *
take_left(struct store *store, const struct idempotency *entry)
{
	struct idempotency_left **at = find_left(store, entry), *left = *at;

	if (left != NULL)
		*at = left->next;
	return left;
}

/* Out of memory: the key stays taken until the next start. */
static void
keep_left(struct store *store, const struct idempotency *entry)
{
	size_t requester = strlen(entry->requester) + 1, key = strlen(entry->key) + 1;
	struct idempotency_left *left = malloc(sizeof(*left) + requester + key);

	if (left == NULL)
		return;
	memcpy(left->text, entry->requester, requester);
	memcpy(left->text + requester, entry->key, key);
	put_left(store, left);
}

void
idempotency_free_left(struct store *store)
{
	struct idempotency_left *left, *next;

	for (left = store->left; left != NULL; left = next) {
		next = left->next;
		free(left);
	}
}

/* More than one for each new entry, and few enough for its transaction. */
static int
sweep(struct store *store, int64_t before, struct error *err)
{
	static const char sql[] =
	    "DELETE FROM idempotency WHERE rowid IN "
	    "(SELECT rowid FROM idempotency WHERE created < ? LIMIT 16)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_int(&st, before);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

/* An entry that was not swept yet makes way. */
static int
insert(
    struct store *store, const struct idempotency *entry, int64_t now, struct error *err)
{
	static const char sql[] =
	    "INSERT OR REPLACE INTO idempotency (requester, key, request_sha256, "
	    "created) VALUES (?, ?, ?, ?)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, entry->requester);
	bind_text(&st, entry->key);
	bind_blob(&st, entry->request_sha256, sizeof(entry->request_sha256));
	bind_int(&st, now);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

static int
read_entry(const struct statement *st, const struct idempotency *entry,
    enum idempotency_state *state, char serial[static STORE_SERIAL_SIZE],
    struct error *err)
{
	unsigned char hash[32];

	if (column_copy_hash(st, 0, hash, err) != 0 ||
	    column_copy_text(st, 1, serial, STORE_SERIAL_SIZE, err) != 0)
		return -1;
	if (memcmp(hash, entry->request_sha256, sizeof(hash)) != 0)
		*state = IDEMPOTENCY_OTHER;
	else
		*state = serial[0] == '\0' ? IDEMPOTENCY_IN_FLIGHT : IDEMPOTENCY_DONE;
	return 0;
}

static int
find(struct store *store, const struct idempotency *entry, int64_t since,
    enum idempotency_state *state, char serial[static STORE_SERIAL_SIZE],
    struct error *err)
{
	static const char sql[] = "SELECT request_sha256, serial FROM idempotency "
				  "WHERE requester = ? AND key = ? AND created >= ?";
	struct statement st;
	bool row = false;
	int rc;

	*state = IDEMPOTENCY_NEW;
	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, entry->requester);
	bind_text(&st, entry->key);
	bind_int(&st, since);
	if ((rc = statement_step(&st, &row, err)) == 0 && row)
		rc = read_entry(&st, entry, state, serial, err);
	statement_done(&st);
	return rc;
}

/* One call of the next two. */
struct turn {
	const struct idempotency *entry;
	enum idempotency_state *state;
	char *serial; /* STORE_SERIAL_SIZE */
	struct idempotency_left *left;
};

static int
begin(struct store *store, void *ctx, struct error *err)
{
	struct turn *turn = ctx;
	int64_t now = clock_now_s(), since = now - IDEMPOTENCY_LIFETIME_S;

	if (find(store, turn->entry, since, turn->state, turn->serial, err) != 0)
		return -1;
	if (turn->left == NULL)
		turn->left = take_left(store, turn->entry);
	/* Nobody is at it, and it had no effect. */
	if (turn->left != NULL && turn->serial[0] == '\0')
		*turn->state = IDEMPOTENCY_NEW;
	if (*turn->state != IDEMPOTENCY_NEW)
		return 0;
	if (sweep(store, since, err) != 0)
		return -1;
	return insert(store, turn->entry, now, err);
}

int
store_idempotency_begin(struct store *store, const struct idempotency *entry,
    enum idempotency_state *state, char serial[static STORE_SERIAL_SIZE],
    struct error *err)
{
	struct turn turn = { entry, state, serial, NULL };
	int rc;

	serial[0] = '\0';
	rc = group_run(store, begin, &turn, err);
	if (rc == 0)
		free(turn.left);
	else if (turn.left != NULL)
		put_left(store, turn.left);
	return rc;
}

static int
abandon(struct store *store, void *ctx, struct error *err)
{
	static const char sql[] = "DELETE FROM idempotency WHERE requester = ? AND "
				  "key = ? AND serial IS NULL";
	const struct turn *turn = ctx;
	struct statement st;
	int rc;

	if ((rc = statement_use(store, sql, &st, err)) == 0) {
		bind_text(&st, turn->entry->requester);
		bind_text(&st, turn->entry->key);
		rc = statement_run(&st, err);
		statement_done(&st);
	}
	return rc;
}

int
store_idempotency_abandon(
    struct store *store, const struct idempotency *entry, struct error *err)
{
	struct turn turn = { .entry = entry };

	if (group_run(store, abandon, &turn, err) == 0)
		return 0;
	keep_left(store, entry);
	return -1;
}

int
idempotency_complete(
    struct store *store, const struct certificate_row *row, struct error *err)
{
	static const char sql[] =
	    "UPDATE idempotency SET serial = ? WHERE requester = ? AND "
	    "key = ? AND serial IS NULL";
	struct statement st;
	int rc;

	if (row->idempotency_key == NULL)
		return 0;
	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, row->serial);
	bind_text(&st, row->requester);
	bind_text(&st, row->idempotency_key);
	rc = statement_run(&st, err);
	if (rc == 0 && sqlite3_changes(store->db) == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "no open request of this key");
	statement_done(&st);
	return rc;
}

int
idempotency_forget_open(struct store *store, struct error *err)
{
	return database_exec(store, "DELETE FROM idempotency WHERE serial IS NULL", err);
}
