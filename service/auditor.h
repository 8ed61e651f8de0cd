/*
 * auditor.h - the threads that enter counts into the audit record each minute, and sign
 * its head; and what the record has of the daemon itself.
 */
#ifndef SERVICE_AUDITOR_H
#define SERVICE_AUDITOR_H

#include <stdbool.h>

#include "api/api.h"
#include "service/config.h"

struct auditor;

/* How the login to this token ended: rc and err of it. Returns rc, or -1 when a success
 * could not be recorded. */
int auditor_note_login(struct store *store, const char *token, int rc, struct error *err);

/* Enters the start, and signs a head if it can. api and config outlive it. */
int auditor_start(struct api *api, const struct config *config, struct auditor **auditor,
    struct error *err);

/* After the last request: enters what is left and the stop, and signs. NULL is fine. */
void auditor_stop(struct auditor *auditor, bool drained);

#endif
