/* target.h - a server as people write it: api.example:443, [::1]:8443,
 * api.example@10.0.0.1, postgres://db.example. */
#ifndef PROBE_TARGET_H
#define PROBE_TARGET_H

#include "base/error.h"
#include "probe/starttls.h"

#define PROBE_HOST_SIZE 256
#define PROBE_PORT_SIZE sizeof("65535")

struct probe_target {
	char host[PROBE_HOST_SIZE]; /* without brackets */
	char port[PROBE_PORT_SIZE]; /* the protocol's when none was named */
	char name[PROBE_HOST_SIZE]; /* what it is asked for and must show: host, if no
				       other */
	enum starttls starttls;
};

/* [NAME@]HOST[:PORT] or PROTOCOL://[NAME@]HOST[:PORT][/]; ERROR_CONFIG for anything else.
 */
int probe_target_read(const char *text, struct probe_target *target, struct error *err);

#endif
