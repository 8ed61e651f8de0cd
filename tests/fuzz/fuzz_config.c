/* fuzz_config.c - any bytes as the configuration file. */
#include "tests/fuzz/target.h"

#include "service/listen.h"
#include "service/settings.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes text = { data, size };
	struct settings *settings = NULL;
	struct error err = { 0 };

	if (settings_parse(text, "keyhold.yaml", &settings, &err) == 0)
		must(settings != NULL && settings->token.module != NULL &&
		     settings->state != NULL && settings->listen_count >= 1 &&
		     settings->listen_count <= LISTENERS_MAX);
	else
		must(err.code != ERROR_NONE && settings == NULL);
	settings_free(settings);
	return 0;
}
