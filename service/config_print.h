/* config_print.h - YAML that config_read accepts. Internal to the configuration. */
#ifndef SERVICE_CONFIG_PRINT_H
#define SERVICE_CONFIG_PRINT_H

#include <stdio.h>

/* Quoted; NULL prints nothing. */
void
config_print_text(FILE *out, const char *indent, const char *name, const char *value);

#endif
