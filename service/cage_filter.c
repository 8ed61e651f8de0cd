/*
 * cage_filter.c - makes seccomp's filter of the table of system calls.
 *
 * What is in no table fails with EPERM: libraries go on without what they tried, and an
 * update of one of them ends no signing. What only an attacker would call ends the
 * process.
 */
#include "service/cage_filter.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>

#include "service/config.h"
#include "service/system_calls.h"

/* Numbers that this architecture lacks are not an error: open(2) is one on arm64. */
static bool
is_known(const char *name, int *number)
{
	*number = seccomp_syscall_resolve_name(name);
	return *number >= 0;
}

const char *
cage_filter_judge(const char *name)
{
	static const char *const forkers[] = { "fork", "vfork", "clone", "clone3" };
	int number;

	for (size_t i = 0; i < system_calls_deadly_count; i++)
		if (strcmp(system_calls_deadly[i].name, name) == 0)
			return "is never allowed";
	for (size_t i = 0; i < sizeof(forkers) / sizeof(forkers[0]); i++)
		if (strcmp(forkers[i], name) == 0)
			return "is never allowed";
	return is_known(name, &number) ? NULL : "is no system call here";
}

/* libseccomp returns -errno. */
static int
check(int result, const char *what, struct error *err)
{
	if (result >= 0)
		return 0;
	errno = -result;
	return error_set_errno(err, ERROR_INTERNAL, "seccomp: %s", what);
}

static int
allow(scmp_filter_ctx filter, const struct system_call *call, struct error *err)
{
	const struct system_call_limit *limit = &call->limit;
	struct scmp_arg_cmp compare;
	int number;

	if (!is_known(call->name, &number))
		return 0;
	if (limit->count == 0)
		return check(
		    seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 0, NULL),
		    call->name, err);
	for (unsigned i = 0; i < limit->count; i++) {
		compare = (struct scmp_arg_cmp){ limit->argument, SCMP_CMP_MASKED_EQ,
			limit->mask, limit->values[i] };
		if (check(seccomp_rule_add_array(
			      filter, SCMP_ACT_ALLOW, number, 1, &compare),
			call->name, err) != 0)
			return -1;
	}
	return 0;
}

static int
allow_table(scmp_filter_ctx filter, const struct system_call *calls, size_t count,
    struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (allow(filter, &calls[i], err) != 0)
			return -1;
	return 0;
}

static int
allow_settings(scmp_filter_ctx filter, const struct config_cage *cage, struct error *err)
{
	if (cage->connect_count > 0 && allow_table(filter, system_calls_network,
					   system_calls_network_count, err) != 0)
		return -1;
	for (unsigned i = 0; i < cage->system_calls_count; i++) {
		struct system_call call = { .name = cage->system_calls[i] };

		if (allow(filter, &call, err) != 0)
			return -1;
	}
	return 0;
}

/* clone3 hides its flags from a filter; glibc takes clone when there is no clone3. */
static int
forbid(scmp_filter_ctx filter, struct error *err)
{
	int number;

	if (is_known("clone3", &number) &&
	    check(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0, NULL),
		"clone3", err) != 0)
		return -1;
	for (size_t i = 0; i < system_calls_deadly_count; i++) {
		const char *name = system_calls_deadly[i].name;

		if (is_known(name, &number) &&
		    check(seccomp_rule_add_array(
			      filter, SCMP_ACT_KILL_PROCESS, number, 0, NULL),
			name, err) != 0)
			return -1;
	}
	return 0;
}

static int
set_attributes(scmp_filter_ctx filter, struct error *err)
{
	static const struct {
		enum scmp_filter_attr attribute;
		uint32_t value;
		const char *name;
	} attributes[] = {
		{ SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS, "other architectures" },
		{ SCMP_FLTATR_CTL_TSYNC, 1, "threads" },
		{ SCMP_FLTATR_CTL_OPTIMIZE, 2, "a binary tree" },
	};

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (check(seccomp_attr_set(
			      filter, attributes[i].attribute, attributes[i].value),
			attributes[i].name, err) != 0)
			return -1;
	return 0;
}

int
cage_filter_close(const struct config *config, struct error *err)
{
	bool logs = config->cage.seccomp == CAGE_SECCOMP_LOG;
	scmp_filter_ctx filter =
	    seccomp_init(logs ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(EPERM));
	int rc = -1;

	if (filter == NULL)
		return error_set(err, ERROR_INTERNAL, "seccomp: no filter");
	if (set_attributes(filter, err) == 0 &&
	    allow_table(filter, system_calls_allowed, system_calls_allowed_count, err) ==
		0 &&
	    allow_settings(filter, &config->cage, err) == 0 &&
	    (logs || forbid(filter, err) == 0))
		rc = check(seccomp_load(filter), "load", err);
	seccomp_release(filter);
	return rc;
}
