/*
 * rehearsal.c - goes on where the last rehearsal with this record ended.
 *
 * Else what was done then would lie in the future; and while the daemon is stopped nobody
 * rehearses.
 */
#include "service/rehearsal.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/audit.h"

int
rehearsal_begin(struct store *store, int64_t rate, struct error *err)
{
	int64_t start = clock_now_s();
	char text[CLOCK_TEXT_SIZE];
	struct audit_head end;

	if (rate == 0)
		return 0;
	if (store_audit_end(store, &end, err) != 0)
		return -1;
	if (end.time > start)
		start = end.time;
	clock_rehearse(rate, start);
	clock_format(text, start);
	log_info("clock.rehearses", "now=%s rate=%lld", text, (long long)rate);
	return 0;
}
