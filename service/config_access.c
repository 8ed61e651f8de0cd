/* config_access.c - a list of rules, and on which line each begins. */
#include "service/config_access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "service/rules.h"
#include "service/syntax.h"

static int
read_rule(const struct source *source, const struct access_settings *settings,
    unsigned index, struct access_rule *rule, struct error *err)
{
	char place[RULES_PLACE_SIZE], setting[RULES_PLACE_SIZE + 32];
	struct error reason;

	if (rules_read(settings, rule, place, &reason) != 0) {
		if (reason.code == ERROR_INTERNAL)
			return error_set(err, reason.code, "%s", reason.text);
		snprintf(setting, sizeof(setting), "access[%u].%s", index, place);
		return source_refuse(source, setting, reason.text, err);
	}
	snprintf(setting, sizeof(setting), "access[%u]", index);
	rule->line = syntax_line(source->text, setting);
	return 0;
}

int
config_read_access(const struct source *source, const struct settings *settings,
    struct config *config, struct error *err)
{
	struct access_rule *rules;

	if (settings->access_count == 0)
		return 0;
	if ((rules = calloc(settings->access_count, sizeof(*rules))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	config->access.rules = rules;
	for (unsigned i = 0; i < settings->access_count; i++) {
		if (read_rule(source, &settings->access[i], i, &rules[i], err) != 0)
			return -1;
		config->access.count++;
	}
	return 0;
}

struct ruleset
config_ruleset(const struct config *config)
{
	struct ruleset set = { .rules = config->access, .loaded = clock_now_s() };

	memcpy(set.sha256, config->sha256, sizeof(set.sha256));
	return set;
}
