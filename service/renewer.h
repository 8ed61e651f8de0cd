/*
 * renewer.h - the thread that renews the certificates of HTTPS listeners, as their
 * renewal window says, the way everybody's are renewed.
 */
#ifndef SERVICE_RENEWER_H
#define SERVICE_RENEWER_H

#include "api/api.h"
#include "base/error.h"
#include "service/config.h"

struct renewer;

/* *renewer stays NULL when no listener speaks HTTPS. api and config outlive it. */
int renewer_start(struct api *api, const struct config *config, struct renewer **renewer,
    struct error *err);

/* After what it is renewing is renewed. NULL is fine. */
void renewer_stop(struct renewer *renewer);

#endif
