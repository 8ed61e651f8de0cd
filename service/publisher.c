/* publisher.c - the authority says what is due, and when it may be due earlier. */
#include "service/publisher.h"

#include <stdlib.h>

#include "service/chore.h"

struct publisher {
	struct authority *authority;
	struct chore *chore;
};

static int64_t
publish(void *ctx, int64_t now)
{
	return authority_publish(ctx, now);
}

static void
wake(void *ctx)
{
	chore_wake(ctx);
}

int
publisher_start(
    struct authority *authority, struct publisher **publisher, struct error *err)
{
	struct publisher *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	p->authority = authority;
	if (chore_start(publish, authority, "publisher", &p->chore, err) != 0) {
		free(p);
		return -1;
	}
	authority_on_change(authority, wake, p->chore);
	*publisher = p;
	return 0;
}

void
publisher_stop(struct publisher *p)
{
	if (p == NULL)
		return;
	authority_on_change(p->authority, NULL, NULL);
	chore_stop(p->chore);
	free(p);
}
