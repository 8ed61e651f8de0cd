/* access.c - decides; the handlers act. */
#include "api/access.h"

#include <stdio.h>
#include <string.h>

#include "api/pattern.h"

static bool
is_about(const struct access_rule *rule, const struct caller *caller)
{
	if (caller->kind != CALLER_UNIX)
		return false;
	if (!rule->is_group)
		return rule->id == caller->uid;
	if (rule->id == caller->gid)
		return true;
	for (size_t i = 0; i < caller->group_count; i++)
		if (rule->id == caller->groups[i])
			return true;
	return false;
}

static bool
one_matches(char *const *patterns, size_t count, const char *name)
{
	if (name == NULL)
		return count > 0;
	for (size_t i = 0; i < count; i++)
		if (pattern_matches(patterns[i], name))
			return true;
	return false;
}

static bool
grants(const struct access_rule *rule, unsigned needed, const char *name)
{
	unsigned granted = rule->may & needed;

	if ((rule->may & ACCESS_ADMIN) != 0 || (granted & ACCESS_READ) != 0)
		return true;
	if ((granted & ACCESS_USE) != 0 && one_matches(rule->keys, rule->key_count, name))
		return true;
	return (granted & ACCESS_ISSUE) != 0 &&
	       one_matches(rule->issuers, rule->issuer_count, name);
}

struct access_decision
access_decide(const struct access_rules *rules, const struct caller *caller,
    unsigned needed, const char *name)
{
	if (needed == ACCESS_PUBLIC || caller->admin)
		return (struct access_decision){ .allowed = true };
	for (size_t i = 0; i < rules->count; i++) {
		const struct access_rule *rule = &rules->rules[i];

		if (is_about(rule, caller) && grants(rule, needed, name))
			return (struct access_decision){ true, rule };
	}
	return (struct access_decision){ .allowed = false };
}

/* Without asking the system: that may be a request to a server far away, for anybody who
 * is refused, from the process that has the PIN. */
static void
name_caller(
    const struct access_rules *rules, const struct caller *caller, char *out, size_t size)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct access_rule *rule = &rules->rules[i];

		if (!rule->is_group && rule->who != NULL && rule->id == caller->uid) {
			snprintf(out, size, "%s", rule->who);
			return;
		}
	}
	snprintf(out, size, "uid:%u", caller->uid);
}

int
access_refuse(const struct access_rules *rules, const struct caller *caller,
    unsigned needed, const char *name, struct error *err)
{
	char who[64];

	name_caller(rules, caller, who, sizeof(who));
	if ((needed & ACCESS_USE) != 0)
		return error_set(err, ERROR_FORBIDDEN, "%s may not use key %.80s%s", who,
		    name, strncmp(name, "spki:", 5) == 0 ? ", or there is none" : "");
	if ((needed & ACCESS_ISSUE) != 0 && name != NULL)
		return error_set(err, ERROR_FORBIDDEN,
		    "%s may not issue from %.80s, or there is none", who, name);
	return error_set(err, ERROR_FORBIDDEN, "%s lacks the right %s", who,
	    (needed & ACCESS_ISSUE) != 0  ? "issue"
	    : (needed & ACCESS_READ) != 0 ? "read"
					  : "admin");
}
