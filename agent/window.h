/*
 * window.h - when an ACME server wants a certificate renewed (RFC 9773).
 *
 * What it says takes the place of "so long before the end", and is asked for as often as
 * it says: a server that has to revoke many certificates moves their windows to the past.
 */
#ifndef AGENT_WINDOW_H
#define AGENT_WINDOW_H

#include "acme/acme.h"
#include "agent/work.h"

/* Whether it is time to ask, about what is installed and not due; what is due stays so,
 * also while a pause after a failure goes on. */
bool window_is_wanted(const struct entry *entry, int64_t now);

/*
 * When what the state has installed is to be renewed by this window: when it is due
 * already, if that lies in the window. No server, whatever is wrong with it, is to have
 * one certificate after another made, or none before the end: not within a day of the
 * last renewal, nor in the last tenth of the life. -1 when the window begins there.
 */
int window_choose(const struct state *state, const struct acme_window *window,
    int64_t *due, struct error *err);

/*
 * Asks, and puts on record when the certificate is due and when to ask again. A server
 * that does not say changes nothing else and is no failure, nor is what is not installed
 * here; -1 when the record could not be changed.
 */
int window_ask(struct work *work, struct error *err);

#endif
