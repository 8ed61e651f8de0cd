/* managed_install.h - what becomes of a managed certificate on its agent's machine. */
#ifndef API_MANAGED_INSTALL_H
#define API_MANAGED_INSTALL_H

#include "base/error.h"

struct json_t;

/* What is NULL was not asked for. */
struct managed_install {
	const char *directory, *owner, *group, *mode;
	struct json_t *hook; /* run when the files are there; the caller frees */
	const char *verify, *verify_name;
};

/* The texts belong to definition. */
int managed_install_read(
    const struct json_t *definition, struct managed_install *install, struct error *err);

#endif
