/* renew.h - keyhold cert renew, and cert renewal-info. */
#ifndef CLI_RENEW_H
#define CLI_RENEW_H

#include "cli/cli.h"

int renew_certificate(struct cli *cli, struct error *err);
int renew_show_window(struct cli *cli, struct error *err);

#endif
