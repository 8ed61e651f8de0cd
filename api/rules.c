/* rules.c - what this authority holds requests and certificates to. */
#include "api/handlers.h"
#include "api/json.h"
#include "ca/rule.h"

int
get_rules(struct exchange *x, struct error *err)
{
	struct json_t *list = json_make("[]");

	for (int i = 0; i < RULES; i++) {
		const struct rule_info *info = rule_info((enum rule)i);

		if (json_append(list,
			json_make("{s:s,s:s,s:s}", "rule", info->name, "refuses",
			    info->refuses, "source", info->source),
			err) != 0) {
			json_free(list);
			return -1;
		}
	}
	return json_respond(x->res, 200, json_make("{s:o}", "rules", list), err);
}
