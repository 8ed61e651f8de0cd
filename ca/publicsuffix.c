/* publicsuffix.c - libpsl: its one home. */
#include "ca/publicsuffix.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static psl_ctx_t *list; /* constant from then on; never freed */

static void
find_list(void)
{
	list = psl_latest(NULL);
}

static const psl_ctx_t *
newest(void)
{
	if (pthread_once(&once, find_list) != 0)
		abort();
	return list;
}

bool
publicsuffix_is(const char *name)
{
	return psl_is_public_suffix2(newest(), name, PSL_TYPE_ICANN) == 1;
}

bool
publicsuffix_knows_top(const char *name)
{
	const char *dot = strrchr(name, '.');

	return newest() != NULL &&
	       psl_is_public_suffix2(newest(), dot != NULL ? dot + 1 : name,
		   PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}
