/* pin.h - where the daemon gets the token's PIN. Never from argv or the environment. */
#ifndef SERVICE_PIN_H
#define SERVICE_PIN_H

#include "base/error.h"

struct config_token;
struct secret;

/*
 * From pin_file (which only its owner may read), or else from the systemd credential
 * of its name. The caller frees with secret_free.
 */
int pin_read(const struct config_token *token, struct secret **pin, struct error *err);

#endif
