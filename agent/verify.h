/* verify.h - whether a server shows the certificate that was installed, and has
 * its key. */
#ifndef AGENT_VERIFY_H
#define AGENT_VERIFY_H

#include "agent/entry.h"

/* Connects until it does, for ten seconds at most. 0 at once when nothing is to be
 * verified. */
int verify_served(const struct entry *entry, struct error *err);

#endif
