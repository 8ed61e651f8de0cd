/* group.c - a line of changes; whoever heads it commits for all. */
#include "store/group.h"

#include <stdlib.h>

#include "store/database.h"
#include "store/statement.h"

void
group_init(struct group *group)
{
	pthread_mutex_init(&group->lock, NULL);
	group->first = NULL;
	group->end = &group->first;
	group->busy = false;
}

void
group_clear(struct group *group)
{
	/* A thread that still waits would wait for ever. */
	if (group->first != NULL || group->busy)
		abort();
	pthread_mutex_destroy(&group->lock);
}

static int
run_statement(struct store *store, const char *sql, struct error *err)
{
	struct statement st;
	int rc = statement_use(store, sql, &st, err);

	if (rc == 0)
		rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

/* Changes nothing if it fails; -1 when the whole transaction is lost with it. */
static int
run_one(struct store *store, struct group_member *m, struct error *why)
{
	if (run_statement(store, "SAVEPOINT member", why) != 0)
		return -1;
	m->rc = m->change(store, m->ctx, m->err);
	/* Some failures, as of a full disk, make SQLite roll back everything. */
	if (sqlite3_get_autocommit(store->db) != 0)
		return error_set(why, ERROR_IO, "database: the transaction was lost");
	if (m->rc != 0 && run_statement(store, "ROLLBACK TO member", why) != 0)
		return -1;
	return run_statement(store, "RELEASE member", why);
}

static void
fail(struct group_member *m, const struct error *why)
{
	/* Who failed by itself has a reason of its own. */
	if (m->rc == 0)
		m->rc = error_set(m->err, why->code, "%s", why->text);
}

static void
run_all(struct store *store, struct group_member *first)
{
	struct error why = { 0 };
	int rc = transaction_begin(store, &why);
	bool begun = rc == 0;

	for (struct group_member *m = first; rc == 0 && m != NULL; m = m->next)
		rc = run_one(store, m, &why);
	if (begun)
		rc = transaction_end(store, rc, &why);
	for (struct group_member *m = first; rc != 0 && m != NULL; m = m->next)
		fail(m, &why);
}

/* The common case on a quiet day: its transaction is its own. */
static void
run_alone(struct store *store, struct group_member *m)
{
	m->rc = transaction_begin(store, m->err);
	if (m->rc == 0)
		m->rc = transaction_end(store, m->change(store, m->ctx, m->err), m->err);
}

/* The lock is held. Everybody in line at this moment; who comes now is for the next. */
static struct group_member *
take_line(struct group *group)
{
	struct group_member *first = group->first;

	group->first = NULL;
	group->end = &group->first;
	group->busy = true;
	return first;
}

/* The lock is held. A member is gone as soon as its thread sees done. */
static void
dismiss(struct group *group, struct group_member *first)
{
	struct group_member *next;

	for (; first != NULL; first = next) {
		next = first->next;
		first->done = true;
		pthread_cond_signal(&first->called);
	}
	group->busy = false;
	if (group->first != NULL) {
		group->busy = true;
		group->first->leads = true;
		pthread_cond_signal(&group->first->called);
	}
}

static void
lead(struct store *store)
{
	struct group *group = &store->group;
	struct group_member *first = take_line(group);

	pthread_mutex_unlock(&group->lock);
	if (first->next == NULL)
		run_alone(store, first);
	else
		run_all(store, first);
	pthread_mutex_lock(&group->lock);
	dismiss(group, first);
}

int
group_run(struct store *store, group_change *change, void *ctx, struct error *err)
{
	struct group *group = &store->group;
	struct group_member self = { .change = change, .ctx = ctx, .err = err };

	pthread_cond_init(&self.called, NULL);
	if (pthread_mutex_lock(&group->lock) != 0)
		abort();
	*group->end = &self;
	group->end = &self.next;
	self.leads = !group->busy;
	while (!self.done && !self.leads)
		pthread_cond_wait(&self.called, &group->lock);
	if (!self.done)
		lead(store);
	pthread_mutex_unlock(&group->lock);
	pthread_cond_destroy(&self.called);
	return self.rc;
}
