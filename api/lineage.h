/* lineage.h - rules for an issuer, which are rules for its successors, too. */
#ifndef API_LINEAGE_H
#define API_LINEAGE_H

#include "api/access.h"
#include "ca/authority.h"

/*
 * What the rules say of the issuer that is asked about, or else of one that it succeeds:
 * whose certificates come from the successor must be able to renew and revoke them.
 */
struct access_decision
lineage_decide(struct authority *authority, const struct access_rules *rules,
    const struct caller *caller, const struct access_question *question);

#endif
