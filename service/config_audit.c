/* config_audit.c - the settings below audit. */
#include "service/config_audit.h"

#include <string.h>

static int
read_tls(const struct source *source, const char *tls, bool *each, struct error *err)
{
	*each = tls != NULL && strcmp(tls, "each") == 0;
	if (tls == NULL || *each || strcmp(tls, "minute") == 0)
		return 0;
	return source_refuse(source, "audit.tls", "is not minute or each", err);
}

int
config_read_audit(const struct source *source, const struct audit_settings *settings,
    struct config *config, struct error *err)
{
	const struct number numbers[] = {
		{ "audit.head_interval_s", settings->head_interval_s, "300", 0, 86400,
		    &config->audit_head_interval_s },
	};

	if (read_tls(source, settings->tls, &config->audit_each, err) != 0)
		return -1;
	return source_read_numbers(source, numbers, 1, err);
}
