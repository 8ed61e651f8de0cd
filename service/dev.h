/*
 * dev.h - a directory to try keyhold out in.
 *
 * DIR/keyhold.yaml is an ordinary configuration file, written here; DIR/token is
 * SoftHSM's store and configuration, DIR/pin and DIR/so-pin its PINs, DIR/state the
 * database. All of it is private to this user but the socket.
 */
#ifndef SERVICE_DEV_H
#define SERVICE_DEV_H

#include <limits.h>

#include "base/error.h"
#include "service/exit.h"

#define DEV_SOFTHSM_MODULE "/usr/lib/softhsm/libsofthsm2.so"

/*
 * Makes what is missing and leaves what is there; refuses directories that are another
 * user's or that others can write to. config gets the path of the
 * configuration file. Sets SOFTHSM2_CONF for this process, so no thread may run yet. On
 * failure *code is how to exit.
 */
int dev_prepare(const char *dir, const char *group, char config[static PATH_MAX],
    enum exit_code *code, struct error *err);

/* softhsm-conf/softhsm2.conf.in, whose @TOKENDIR@ is replaced by the token directory. */
extern const char dev_softhsm_conf[];

#endif
