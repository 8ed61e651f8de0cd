/* hook.h - tells a server that it has a new certificate. */
#ifndef AGENT_HOOK_H
#define AGENT_HOOK_H

#include "agent/entry.h"
#include "base/buffer.h"
#include "base/error.h"

/*
 * Runs the entry's hook, if it has one, as its user and within its time; what it wrote is
 * logged, and left in output if it failed. Never through a shell unless it is one.
 */
int hook_run(const struct entry *entry, struct buffer *output, struct error *err);

#endif
