/* auditjson.h - entries and heads of the audit record, as the daemon and an export have
 * them in JSON. */
#ifndef CLI_AUDITJSON_H
#define CLI_AUDITJSON_H

#include <jansson.h>

#include "cli/auditcheck.h"

/*
 * What row points to belongs to entry. False when it lacks something; what is there but
 * wrong makes a row whose hash does not hold.
 */
bool auditjson_entry(const json_t *entry, struct audit_row *row);

/* False when it lacks something, or has too much of it. */
bool auditjson_head(const json_t *head, struct auditcheck_head *out);

/* The newest entry, as somebody noted it: {"seq", "time", "hash"}. */
bool auditjson_note(const json_t *note, struct auditcheck_head *out);

#endif
