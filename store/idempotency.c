/* idempotency.c - one row for each key in use, and the old ones swept along the way. */
#include "store/idempotency.h"

#include <string.h>

#include "base/clock.h"
#include "store/database.h"
#include "store/idempotency_state.h"
#include "store/statement.h"

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
};

static int
begin(struct store *store, void *ctx, struct error *err)
{
	struct turn *turn = ctx;
	int64_t now = clock_now_s(), since = now - IDEMPOTENCY_LIFETIME_S;

	if (find(store, turn->entry, since, turn->state, turn->serial, err) != 0)
		return -1;
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
	struct turn turn = { entry, state, serial };

	serial[0] = '\0';
	return group_run(store, begin, &turn, err);
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

	return group_run(store, abandon, &turn, err);
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
