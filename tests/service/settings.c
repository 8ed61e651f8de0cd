/* settings.c - settings from a file that is written for the purpose. */
#include "tests/service/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/base/directory.h"

int
read_text(void **state, const char *text, struct config **config, struct error *err)
{
	char path[256];

	*config = NULL;
	write_file(directory_path(state, "keyhold.yaml", path), text, 0600);
	return config_read(path, config, err);
}

char *
printed(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	config_print(config, out);
	fclose(out);
	return text;
}

void
check_refusals(void **state, const struct refusal *refusals, size_t count)
{
	struct config *config;
	const char *reason;
	struct error err;

	for (size_t i = 0; i < count; i++) {
		err = (struct error){ 0 };
		if (read_text(state, refusals[i].text, &config, &err) == 0)
			fail_msg("accepted: %s", refusals[i].text);
		assert_null(config);
		assert_int_equal(err.code, ERROR_CONFIG);
		reason = strstr(err.text, "keyhold.yaml:");
		assert_non_null(reason);
		assert_string_equal(reason + strlen("keyhold.yaml:"), refusals[i].reason);
	}
}
