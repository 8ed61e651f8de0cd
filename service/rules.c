/* rules.c - who, what and with which limits, each checked. */
#include "service/rules.h"

#include <stdio.h>

#include "api/pattern.h"
#include "ca/namepattern.h"
#include "service/caps.h"

static int
read_rights(const struct access_list *may, struct access_rule *rule,
    char place[static RULES_PLACE_SIZE], struct error *err)
{
	for (size_t i = 0; i < may->count; i++) {
		unsigned right = access_right(may->items[i]);

		snprintf(place, RULES_PLACE_SIZE, "may[%zu]", i);
		if (right == 0)
			return error_set(err, ERROR_CONFIG,
			    "\"%.64s\" is not " ACCESS_RIGHTS, may->items[i]);
		rule->may |= right;
	}
	snprintf(place, RULES_PLACE_SIZE, "may");
	if ((rule->may & ACCESS_ADMIN) != 0 && rule->may != ACCESS_ADMIN)
		return error_set(
		    err, ERROR_CONFIG, "admin includes the others; it stands alone");
	return 0;
}

/* A list of a rule: what it limits, and whether it has to be there. */
struct limit {
	const char *setting;
	const struct access_list *list;
	unsigned limits, requires;
	const char *missing, *idle;
	bool (*is_valid)(const char *pattern);
	const char *form;
};

static int
check_limit(const struct limit *limit, unsigned may, char place[static RULES_PLACE_SIZE],
    struct error *err)
{
	const struct access_list *list = limit->list;

	snprintf(place, RULES_PLACE_SIZE, "%s", limit->setting);
	if ((may & limit->requires) != 0 && list->count == 0)
		return error_set(err, ERROR_CONFIG, "is required: %s", limit->missing);
	/* What is written and has no effect is mistaken for a limit. */
	if ((may & limit->limits) == 0 && list->count > 0)
		return error_set(
		    err, ERROR_CONFIG, "limits nothing without may: [%s]", limit->idle);
	for (size_t i = 0; i < list->count; i++) {
		snprintf(place, RULES_PLACE_SIZE, "%s[%zu]", limit->setting, i);
		if (!limit->is_valid(list->items[i]))
			return error_set(err, ERROR_CONFIG, "\"%.64s\" matches no %s",
			    list->items[i], limit->form);
	}
	return 0;
}

#define NAMES_OF_OURS "name: [a-z0-9._-] and *"

static int
check_limits(const struct access_rule *rule, char place[static RULES_PLACE_SIZE],
    struct error *err)
{
	const struct limit limits[] = {
		{ "keys", &rule->keys, ACCESS_USE | ACCESS_MANAGE_KEY, ACCESS_USE,
		    "which keys may be used?", "use] or [manage", pattern_is_valid,
		    NAMES_OF_OURS },
		{ "issuers", &rule->issuers, ACCESS_ISSUE | ACCESS_REVOKE, ACCESS_ISSUE,
		    "from which issuers?", "issue] or [revoke", pattern_is_valid,
		    NAMES_OF_OURS },
		{ "profiles", &rule->profiles, ACCESS_ISSUE, 0, NULL, "issue",
		    pattern_is_valid, NAMES_OF_OURS },
		{ "names", &rule->names, ACCESS_ISSUE, 0, NULL, "issue",
		    namepattern_is_valid,
		    "name: *.svc.example, 10.0.0.0/8, spiffe://example/web or "
		    "*@example, in lower case" },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (check_limit(&limits[i], rule->may, place, err) != 0)
			return -1;
	return 0;
}

static int
read_caps(const struct access_settings *settings, struct access_rule *rule,
    char place[static RULES_PLACE_SIZE], struct error *err)
{
	struct cap_terms terms;

	if (caps_read(settings, &terms, place, err) != 0)
		return -1;
	if (terms.rate == 0 && terms.concurrent == 0)
		return 0;
	return cap_new(&terms, &rule->cap, err);
}

int
rules_read(const struct access_settings *settings, struct access_rule *rule,
    char place[static RULES_PLACE_SIZE], struct error *err)
{
	*rule = (struct access_rule){
		.keys = { settings->keys, settings->keys_count },
		.issuers = { settings->issuers, settings->issuers_count },
		.profiles = { settings->profiles, settings->profiles_count },
		.names = { settings->names, settings->names_count },
		.who_text = settings->who,
		.may_words = { settings->may, settings->may_count },
	};
	snprintf(place, RULES_PLACE_SIZE, "who");
	if (who_read(settings->who, &rule->who, err) != 0 ||
	    read_rights(&rule->may_words, rule, place, err) != 0)
		return -1;
	if (check_limits(rule, place, err) != 0)
		return -1;
	return read_caps(settings, rule, place, err);
}
