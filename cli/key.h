/* key.h - what is shown of one key. */
#ifndef CLI_KEY_H
#define CLI_KEY_H

#include "cli/output.h"

extern const struct column key_fields[];

#endif
