/* handlers.h - one function for each row of the router's table. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/api.h"
#include "api/cap.h"
#include "ca/violation.h"

/* What a handler is given and what it leaves behind. */
struct exchange {
	struct api *api;
	const struct ruleset *rules; /* that decide this request */
	const struct request *req;
	struct response *res;
	struct keystore_key key; /* of a route with ACCESS_USE: the one in the path */
	struct violations violations; /* goes into the problem document */
	bool is_discreet;             /* why it failed is for the log alone */
	struct cap *cap;              /* of the rule that granted it; NULL: it has none */
	struct cap_claim claim;
	int retry_after_s; /* of a failure; 0: as is usual for its kind */
};

typedef int handler(struct exchange *x, struct error *err);

/*
 * Where only the handler learns what it is about: ERROR_FORBIDDEN unless the caller has
 * one of needed, for this.
 */
int require_access(
    struct exchange *x, const struct access_question *question, struct error *err);
/* The same of what is not all known yet: the question that follows it is counted among
 * the requests of a rule, this one is not. */
int foresee_access(
    struct exchange *x, const struct access_question *question, struct error *err);
int require_issuer(
    struct exchange *x, unsigned needed, const char *issuer, struct error *err);

handler get_health, get_ready, get_metrics, get_clock;
handler get_keys, post_keys, get_key, delete_key, post_adopt, post_rotate, get_public,
    get_reference, post_csr, post_sign, post_decrypt;
handler get_left_keys, delete_left_key;
handler get_issuers, post_issuers, get_issuer, patch_issuer, get_issuer_certificate,
    put_issuer_certificate, get_issuer_chain, get_issuer_csr, post_issuer_rotate;
handler post_certificates, get_certificates, get_certificate, get_certificate_chain;
handler get_managed_all, post_managed, get_managed, put_managed, delete_managed,
    put_managed_state, post_managed_renew;
handler get_profiles, get_profile, put_profile, delete_profile;
handler post_renewals, get_renewal_info;
handler get_est_cacerts, get_est_csrattrs, post_est_enroll, post_est_reenroll;
handler get_rules;
handler get_access, get_access_decision;
handler get_blocked_keys, get_blocked_key, put_blocked_key, delete_blocked_key;
handler get_crl, get_delta_crl, get_crl_shard;
handler post_revocations, post_certificate_revocation, get_certificate_revocation;
handler post_ocsp, get_ocsp;
handler get_token_info, post_token_check;
handler get_tokens, post_tokens, get_token, delete_token;
handler get_backup;
handler get_expiry, get_trust_bundle;
handler get_audit, get_audit_head, get_audit_heads;

#endif
