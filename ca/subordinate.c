/* subordinate.c - what is taken from a request for an authority's certificate. */
#include "ca/subordinate.h"

#include <stdint.h>

#include <openssl/x509v3.h>

#include "ca/certificate.h"
#include "ca/extension.h"

static void
check_subject(const X509_NAME *subject, const X509 *issuer, struct violations *v)
{
	if (X509_NAME_entry_count(subject) == 0)
		violations_add(
		    v, RULE_ISSUER_SUBJECT, "subject", "an issuer needs a subject");
	else if (X509_NAME_cmp(subject, X509_get_subject_name(issuer)) == 0)
		violations_add(v, RULE_ISSUER_SUBJECT, "subject",
		    "the same as its issuer's, which would make it look self-signed");
}

int
subordinate_read(const struct csr *csr, const X509 *issuer, struct identity *identity,
    struct warnings *w, struct violations *v, struct error *err)
{
	const X509_NAME *subject = X509_REQ_get_subject_name(csr->req);
	long above = X509_get_pathlen((X509 *)(uintptr_t)issuer);

	*identity = (struct identity){ 0 };
	/* To ask for an authority's certificate is what such a request is for. */
	violations_forgive(v, RULE_CSR_CA_REQUESTED);
	check_subject(subject, issuer, v);
	if (above != PATH_LEN_NONE && SUBORDINATE_PATH_LEN >= above)
		violations_add(v, RULE_ISSUER_PATH_LENGTH, "path_len",
		    "%d; the issuer has a path length of %ld", SUBORDINATE_PATH_LEN,
		    above);
	if (X509v3_get_ext_by_NID(csr->extensions, NID_subject_alt_name, -1) >= 0)
		warnings_add(w, "names were not copied: an authority has none");
	extension_warn(csr->extensions, w);
	if ((identity->subject = X509_NAME_dup(subject)) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}
