/* signature_metrics.c - sorted, so that what differs in the actor only stands together.
 */
#include "api/signature_metrics.h"

#include <stdlib.h>
#include <string.h>

#include "api/exposition.h"
#include "api/tally.h"

#define NAME "keyhold_signatures_total"

/* The same key, scheme and outcome give 0. */
static int
compare(const void *left, const void *right)
{
	const struct tally_entry *const *a = left, *const *b = right;
	int order = strcmp((*a)->key, (*b)->key);

	if (order == 0)
		order = strcmp((*a)->scheme, (*b)->scheme);
	return order != 0 ? order : (int)(*a)->outcome - (int)(*b)->outcome;
}

static int
collect(void *ctx, struct tally_entry *entry)
{
	buf_append(ctx, &entry, sizeof(struct tally_entry *));
	return 0;
}

static void
write_sum(struct buffer *out, const struct tally_entry *entry, unsigned long long sum)
{
	const struct label labels[] = { { "key", entry->key },
		{ "scheme", entry->scheme }, { "outcome", outcome_name(entry->outcome) },
		{ NULL, NULL } };

	exposition_integer(out, NAME, labels, (long long)sum);
}

void
signature_metrics_write(struct tally *tally, struct buffer *out)
{
	const struct tally_entry **entries;
	struct buffer list;
	size_t count;

	exposition_family(out, NAME, "counter",
	    "Signatures and decryptions for clients, by key, scheme and outcome.");
	buf_init(&list, 0);
	tally_each(tally, collect, &list);
	entries = (const struct tally_entry **)(void *)list.data;
	count = list.len / sizeof(struct tally_entry *);
	if (count > 1)
		qsort(entries, count, sizeof(*entries), compare);
	for (size_t i = 0; i < count;) {
		size_t first = i;
		unsigned long long sum = 0;

		for (; i < count && compare(&entries[first], &entries[i]) == 0; i++)
			sum += atomic_load(&entries[i]->count);
		write_sum(out, entries[first], sum);
	}
	buf_free(&list);
}
