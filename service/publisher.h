/* publisher.h - the thread that makes CRLs when they are due. */
#ifndef SERVICE_PUBLISHER_H
#define SERVICE_PUBLISHER_H

#include "base/error.h"
#include "ca/authority_crl.h"

struct publisher;

/* The authority outlives it. */
int publisher_start(
    struct authority *authority, struct publisher **publisher, struct error *err);

/* After what it is making is made. NULL is fine. */
void publisher_stop(struct publisher *publisher);

#endif
