/* verify.c - looks at a server until it shows a certificate. */
#include "agent/verify.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/probe.h"
#include "probe/target.h"

/* Of the world's clock: no server is quicker in a rehearsal. */
#define PATIENCE_MS 10000
#define LOOK_MS     2000
#define FIRST_MS    100
#define LAST_MS     1000

static int
look(const struct probe_options *options, const struct entry *entry, struct error *err)
{
	struct probe_result result;
	struct error why;
	int rc = probe_tls(options, &result, &why);

	if (rc != 0)
		error_set(err, why.code, "%s: %s", entry->verify, why.text);
	if (rc == 0 && strcmp(result.serial, entry->state.serial) != 0)
		rc = error_set(err, ERROR_CONFLICT, "%s shows the certificate %s, not %s",
		    entry->verify, result.serial, entry->state.serial);
	if (rc == 0 && result.unfinished[0] != '\0')
		rc = error_set(err, ERROR_CONFLICT, "%s shows the certificate, but %s",
		    entry->verify, result.unfinished);
	probe_result_clear(&result);
	return rc;
}

int
verify_served(const struct entry *entry, struct error *err)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	struct probe_options options = { .timeout_ms = LOOK_MS };
	unsigned pause_ms = FIRST_MS;
	struct probe_target target;

	if (entry->verify == NULL)
		return 0;
	if (probe_target_read(entry->verify, &target, err) != 0)
		return -1;
	options.host = target.host;
	options.port = target.port;
	options.starttls = target.starttls;
	/* Mail servers let clients wait on purpose. */
	if (target.starttls != STARTTLS_NONE)
		options.timeout_ms = PATIENCE_MS;
	options.name = entry->verify_name != NULL ? entry->verify_name : target.name;
	options.at = clock_now_s();
	/* Some servers count connections that end after the handshake. */
	while (look(&options, entry, err) != 0) {
		if (clock_mono_ms() >= deadline_ms)
			return -1;
		usleep(pause_ms * 1000);
		pause_ms = 2 * pause_ms < LAST_MS ? 2 * pause_ms : LAST_MS;
	}
	return 0;
}
