/* settings.h - settings as the daemon reads them, for the tests of what they may be. */
#ifndef TESTS_SERVICE_SETTINGS_H
#define TESTS_SERVICE_SETTINGS_H

#include <stddef.h>

#include "service/config.h"

/* As short as a configuration may be: 7 lines. */
#define MINIMUM                                                                          \
	"token:\n"                                                                       \
	"  module: /usr/lib/softhsm/libsofthsm2.so\n"                                    \
	"  label: keyhold\n"                                                             \
	"listen:\n"                                                                      \
	"  - unix: /run/keyhold/keyhold.sock\n"                                          \
	"state: /var/lib/keyhold\n"

/* config_read of this text, in keyhold.yaml of the test's directory. */
int read_text(void **state, const char *text, struct config **config, struct error *err);

/* What config_print writes; the caller frees. */
char *printed(const struct config *config);

#define AWAY ", or its directory (such as LDAP) is away"

struct refusal {
	const char *text;
	const char *reason; /* what is said after "keyhold.yaml:" */
};

void check_refusals(void **state, const struct refusal *refusals, size_t count);

#define CHECK_REFUSALS(state, refusals)                                                  \
	check_refusals(state, refusals, sizeof(refusals) / sizeof(*(refusals)))

#endif
