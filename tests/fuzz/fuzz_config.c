/* fuzz_config.c - any bytes as the configuration file. */
#include "tests/fuzz/target.h"

#include "api/cap.h"
#include "service/listen.h"
#include "service/rules.h"
#include "service/settings.h"

static int
has_whole_rules(const struct settings *settings)
{
	for (unsigned i = 0; i < settings->access_count; i++)
		if (settings->access[i].who == NULL || settings->access[i].may_count < 1)
			return 0;
	return settings->access_count <= ACCESS_RULES_MAX;
}

/* Each as a rule; the names of users and groups are this machine's. */
static void
read_rules(const struct settings *settings)
{
	char place[RULES_PLACE_SIZE];
	struct access_rule rule;
	struct error err = { 0 };

	for (unsigned i = 0; i < settings->access_count; i++) {
		if (rules_read(&settings->access[i], &rule, place, &err) == 0)
			must(rule.may != 0);
		else
			must(err.code == ERROR_CONFIG && place[0] != '\0');
		cap_free(rule.cap);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes text = { data, size };
	struct settings *settings = NULL;
	struct error err = { 0 };

	if (settings_parse(text, "keyhold.yaml", &settings, &err) == 0) {
		must(settings != NULL &&
		     (settings->token == NULL || settings->token->module != NULL) &&
		     settings->tokens_count <= TOKENS_MAX && settings->state != NULL &&
		     settings->listen_count >= 1 &&
		     settings->listen_count <= LISTENERS_MAX &&
		     has_whole_rules(settings));
		read_rules(settings);
	} else {
		must(err.code != ERROR_NONE && settings == NULL);
	}
	settings_free(settings);
	return 0;
}
