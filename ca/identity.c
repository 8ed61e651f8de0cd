/* identity.c - subject and names of a certificate, from a request and a profile. */
#include "ca/identity.h"

#include "ca/extension.h"
#include "ca/keyusage.h"
#include "ca/san.h"
#include "ca/subject.h"

static int
read_names(const struct csr *csr, GENERAL_NAMES **names, struct error *err)
{
	/* NULL also stands for a duplicate or unreadable extension: csr_read has refused
	 * both. */
	*names = X509V3_get_d2i(csr->extensions, NID_subject_alt_name, NULL, NULL);
	if (*names == NULL && (*names = sk_GENERAL_NAME_new_null()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	san_normalise(*names);
	return 0;
}

/* A CommonName is either the only name there is, or one of the names. */
static int
reconcile(const struct common_name *cn, const struct profile *profile,
    GENERAL_NAMES *names, struct violations *v, struct error *err)
{
	const struct bytes text = { (const unsigned char *)cn->text, cn->len };

	if (cn->len == 0)
		return 0;
	if (sk_GENERAL_NAME_num(names) == 0 && profile->san_from_common_name)
		return san_add_dns(names, text, err);
	if (subject_admits(profile, "CN") && !san_has_dns(names, text))
		violations_add(v, RULE_CN_IN_SAN, "subject CN",
		    "\"%s\" is not among the names asked for", cn->text);
	return 0;
}

int
identity_read(const struct csr *csr, const struct profile *profile,
    struct identity *identity, struct warnings *w, struct violations *v,
    struct error *err)
{
	const X509_NAME *asked = X509_REQ_get_subject_name(csr->req);
	struct common_name cn;

	*identity = (struct identity){ 0 };
	subject_common_name(asked, &cn, v);
	if (read_names(csr, &identity->names, err) != 0 ||
	    reconcile(&cn, profile, identity->names, v, err) != 0)
		return -1;
	san_check(identity->names, profile, v);
	subject_check(asked, profile, v);
	if (subject_build(asked, &cn, profile, &identity->subject, w, err) != 0)
		return -1;
	extension_warn(csr->extensions, w);
	keyusage_warn(csr, profile, w);
	return 0;
}

void
identity_clear(struct identity *identity)
{
	X509_NAME_free(identity->subject);
	GENERAL_NAMES_free(identity->names);
	*identity = (struct identity){ 0 };
}
