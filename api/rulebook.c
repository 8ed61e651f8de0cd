/* rulebook.c - counted sets of rules, one of them in force. */
#include "api/rulebook.h"

#include <stdlib.h>

struct rulebook_entry {
	struct ruleset set;
	struct rulebook *book;
	size_t holders; /* the book itself is one, of the current */
};

static void
entry_free(struct rulebook_entry *entry)
{
	if (entry->set.release != NULL)
		entry->set.release(entry->set.owner);
	free(entry);
}

/* The lock is held; the entry that nobody holds any more is the caller's to free. */
static struct rulebook_entry *
drop(struct rulebook_entry *entry)
{
	return entry != NULL && --entry->holders == 0 ? entry : NULL;
}

int
rulebook_prepare(struct rulebook *book, const struct ruleset *set,
    struct rulebook_entry **entry, struct error *err)
{
	if ((*entry = malloc(sizeof(**entry))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	**entry = (struct rulebook_entry){ .set = *set, .book = book, .holders = 1 };
	return 0;
}

void
rulebook_forget(struct rulebook_entry *entry)
{
	free(entry);
}

void
rulebook_publish(struct rulebook *book, struct rulebook_entry *entry)
{
	struct rulebook_entry *unheld;

	pthread_mutex_lock(&book->lock);
	unheld = drop(atomic_exchange(&book->current, entry));
	pthread_mutex_unlock(&book->lock);
	if (unheld != NULL)
		entry_free(unheld);
}

int
rulebook_init(struct rulebook *book, struct error *err)
{
	const struct ruleset none = { .loaded = 0 };
	struct rulebook_entry *entry;

	if (rulebook_prepare(book, &none, &entry, err) != 0)
		return -1;
	pthread_mutex_init(&book->lock, NULL);
	atomic_init(&book->current, entry);
	return 0;
}

void
rulebook_clear(struct rulebook *book)
{
	entry_free(atomic_load(&book->current));
	pthread_mutex_destroy(&book->lock);
}

/* What is held cannot be freed, so no other set can have its address. */
const struct ruleset *
rulebook_read(struct rulebook *book, struct rulebook_hold *hold)
{
	struct rulebook_entry *unheld;

	if (hold->entry != NULL &&
	    hold->entry == atomic_load_explicit(&book->current, memory_order_acquire))
		return &hold->entry->set;
	pthread_mutex_lock(&book->lock);
	unheld = drop(hold->entry);
	hold->entry = atomic_load(&book->current);
	hold->entry->holders++;
	pthread_mutex_unlock(&book->lock);
	if (unheld != NULL)
		entry_free(unheld);
	return &hold->entry->set;
}

void
rulebook_let_go(struct rulebook_hold *hold)
{
	struct rulebook_entry *entry = hold->entry, *unheld;
	struct rulebook *book;

	if (entry == NULL)
		return;
	book = entry->book;
	pthread_mutex_lock(&book->lock);
	unheld = drop(entry);
	pthread_mutex_unlock(&book->lock);
	if (unheld != NULL)
		entry_free(unheld);
	hold->entry = NULL;
}
