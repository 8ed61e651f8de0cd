/* rules.c - who, what and which keys, each checked. */
#include "service/rules.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "api/pattern.h"
#include "base/text.h"

#define ID_MAX 4294967294U /* the next one is (uid_t)-1, which is no id */

static const struct {
	const char *name;
	enum access right;
} rights[] = {
	{ "use", ACCESS_USE },
	{ "read", ACCESS_READ },
	{ "issue", ACCESS_ISSUE },
	{ "admin", ACCESS_ADMIN },
};
#define RIGHTS (sizeof(rights) / sizeof(rights[0]))

/* As chown(1) does: a number is one only where it is nobody's name. */
static int
read_number(const char *kind, const char *text, unsigned *id, struct error *err)
{
	uint64_t number;

	if (text_to_uint(text, 0, ID_MAX, &number, NULL) != 0)
		return error_set(err, ERROR_CONFIG, RULES_UNKNOWN, kind, text);
	*id = (unsigned)number;
	return 0;
}

static int
read_user(const char *name, unsigned *id, struct error *err)
{
	const struct passwd *user = getpwnam(name);

	if (user == NULL)
		return read_number("user", name, id, err);
	*id = user->pw_uid;
	return 0;
}

static int
read_group(const char *name, unsigned *id, struct error *err)
{
	const struct group *group = getgrnam(name);

	if (group == NULL)
		return read_number("group", name, id, err);
	*id = group->gr_gid;
	return 0;
}

static int
read_who(const char *who, struct access_rule *rule, struct error *err)
{
	static const char user[] = "unix:", group[] = "unix:group:";

	rule->who = who;
	rule->is_group = strncmp(who, group, strlen(group)) == 0;
	if (rule->is_group && who[strlen(group)] != '\0')
		return read_group(who + strlen(group), &rule->id, err);
	if (!rule->is_group && strncmp(who, user, strlen(user)) == 0 &&
	    who[strlen(user)] != '\0')
		return read_user(who + strlen(user), &rule->id, err);
	return error_set(err, ERROR_CONFIG, "is neither unix:USER nor unix:group:GROUP");
}

static int
read_may(const char *word, struct access_rule *rule, struct error *err)
{
	for (size_t i = 0; i < RIGHTS; i++) {
		if (strcmp(word, rights[i].name) == 0) {
			rule->may |= rights[i].right;
			return 0;
		}
	}
	return error_set(
	    err, ERROR_CONFIG, "\"%.64s\" is not use, read, issue or admin", word);
}

/* What is written and has no effect is mistaken for a limit. */
static int
check_needed(bool granted, size_t patterns, const char *missing, const char *idle,
    struct error *err)
{
	if (granted && patterns == 0)
		return error_set(err, ERROR_CONFIG, "is required: %s", missing);
	if (!granted && patterns > 0)
		return error_set(
		    err, ERROR_CONFIG, "limits nothing without may: [%s]", idle);
	return 0;
}

static int
read_rights(const struct access_settings *settings, struct access_rule *rule,
    char place[static RULES_PLACE_SIZE], struct error *err)
{
	for (unsigned i = 0; i < settings->may_count; i++) {
		snprintf(place, RULES_PLACE_SIZE, "may[%u]", i);
		if (read_may(settings->may[i], rule, err) != 0)
			return -1;
	}
	snprintf(place, RULES_PLACE_SIZE, "may");
	if ((rule->may & ACCESS_ADMIN) != 0 && rule->may != ACCESS_ADMIN)
		return error_set(
		    err, ERROR_CONFIG, "admin includes the others; it stands alone");
	return 0;
}

static int
check_patterns(const char *setting, char *const *patterns, size_t count,
    char place[static RULES_PLACE_SIZE], struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		snprintf(place, RULES_PLACE_SIZE, "%s[%zu]", setting, i);
		if (!pattern_is_valid(patterns[i]))
			return error_set(err, ERROR_CONFIG,
			    "\"%.64s\" matches no name: [a-z0-9._-] and *", patterns[i]);
	}
	return 0;
}

static int
check_limits(const struct access_rule *rule, char place[static RULES_PLACE_SIZE],
    struct error *err)
{
	snprintf(place, RULES_PLACE_SIZE, "keys");
	if (check_needed((rule->may & ACCESS_USE) != 0, rule->key_count,
		"which keys may be used?", "use", err) != 0)
		return -1;
	snprintf(place, RULES_PLACE_SIZE, "issuers");
	if (check_needed((rule->may & ACCESS_ISSUE) != 0, rule->issuer_count,
		"from which issuers?", "issue", err) != 0)
		return -1;
	if (check_patterns("keys", rule->keys, rule->key_count, place, err) != 0)
		return -1;
	return check_patterns("issuers", rule->issuers, rule->issuer_count, place, err);
}

int
rules_read(const struct access_settings *settings, struct access_rule *rule,
    char place[static RULES_PLACE_SIZE], struct error *err)
{
	*rule = (struct access_rule){
		.keys = settings->keys,
		.key_count = settings->keys_count,
		.issuers = settings->issuers,
		.issuer_count = settings->issuers_count,
	};
	snprintf(place, RULES_PLACE_SIZE, "who");
	if (read_who(settings->who, rule, err) != 0 ||
	    read_rights(settings, rule, place, err) != 0)
		return -1;
	return check_limits(rule, place, err);
}
