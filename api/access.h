/* access.h - who may do what. */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include "api/request.h"
#include "base/error.h"

enum access {
	ACCESS_PUBLIC, /* anybody who can connect: is the daemon alive? */
	ACCESS_ADMIN,  /* root, the daemon's own user, or whoever --dev lets in */
};

/* ERROR_FORBIDDEN when the caller may not. */
int access_check(const struct caller *caller, enum access needed, struct error *err);

#endif
