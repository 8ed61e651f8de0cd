/* parking.c - a list, and how long it is. */
#include "service/parking.h"

void
parking_add(struct parking *parking, struct line *line)
{
	lines_append(&parking->lines, line);
	parking->count++;
}

void
parking_remove(struct parking *parking, struct line *line)
{
	lines_remove(&parking->lines, line);
	parking->count--;
}

struct line *
parking_take_late(struct parking *parking, int64_t now_ms)
{
	struct line *line = parking->lines.first;

	if (line == NULL || line->idle_until_ms > now_ms)
		return NULL;
	parking_remove(parking, line);
	return line;
}

int64_t
parking_next_ms(const struct parking *parking)
{
	return parking->lines.first != NULL ? parking->lines.first->idle_until_ms
					    : INT64_MAX;
}

struct line *
parking_choose(const struct parking *parking, struct limits_claim *claim)
{
	struct line *line, *chosen = NULL;

	for (line = parking->lines.first; line != NULL; line = line->next)
		if (!line->is_cut && limits_gives_way(line->quota, claim) &&
		    (chosen == NULL ||
			line->quota->connections > chosen->quota->connections))
			chosen = line;
	if (chosen != NULL)
		*claim = (struct limits_claim){ chosen->quota->peer,
			chosen->quota->connections };
	return chosen;
}
