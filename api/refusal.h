/* refusal.h - a request that was not done, for the audit record. */
#ifndef API_REFUSAL_H
#define API_REFUSAL_H

#include "api/router.h"

/* Of what err says, if it belongs there; route is NULL when it was not looked for. */
void refusal_record(
    const struct exchange *x, const struct route *route, const struct error *err);

#endif
