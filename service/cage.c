/* cage.c - closes the doors in their order, and says what is closed. */
#include "service/cage.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/log.h"
#include "service/cage_files.h"
#include "service/cage_filter.h"
#include "service/config.h"

int
cage_begin(struct error *err)
{
	const struct rlimit none = { 0, 0 };

	umask(077);
	if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "no core dumps");
	return 0;
}

int
cage_confine(const struct config *config, struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "no new privileges");
	/* Sorts that are larger than memory: to where it may write. */
	if (setenv("SQLITE_TMPDIR", config->state, 1) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "SQLITE_TMPDIR");
	if (CAGE_INSTRUMENTED || !config->cage.landlock)
		return 0;
	return cage_files_close(config, err);
}

static const char *
landlock_of(const struct config *config, char text[static 16])
{
	int abi = cage_files_abi();

	if (CAGE_INSTRUMENTED)
		return "instrumented";
	if (!config->cage.landlock)
		return "off";
	if (abi == 0)
		return "absent";
	snprintf(text, 16, "abi-%d", abi);
	return text;
}

static const char *
seccomp_of(const struct config *config)
{
	return CAGE_INSTRUMENTED ? "instrumented"
				 : cage_seccomp_name(config->cage.seccomp);
}

int
cage_close(const struct config *config, struct error *err)
{
	char text[16];
	const char *landlock =
	    landlock_of(config, text); /* the filter bars the question */

	if (!CAGE_INSTRUMENTED && config->cage.seccomp != CAGE_SECCOMP_OFF &&
	    cage_filter_close(config, err) != 0)
		return -1;
	log_info("cage.closed", "seccomp=%s landlock=%s", seccomp_of(config), landlock);
	return 0;
}

void
cage_print(const struct config *config, FILE *out)
{
	char landlock[16];

	fprintf(out, "cage: seccomp=%s landlock=%s\n", seccomp_of(config),
	    landlock_of(config, landlock));
	if (config->cage.landlock)
		cage_files_print(config, out);
}
