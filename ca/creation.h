/* creation.h - an issuer in the making (inside ca/ only). */
#ifndef CA_CREATION_H
#define CA_CREATION_H

#include "ca/authority_certify.h"

/* Starts with the first two members; the caller holds authority->creating. */
struct creation {
	struct authority *authority;
	const struct issuer_spec *spec;
	struct issuer *parent; /* NULL for a root, and for one signed outside */
	struct issuer_row row;
	struct certificate_spec certificate;
	STACK_OF(X509) * above;
	NAME_CONSTRAINTS *constraints;
	struct authority_certificate made;
};

/* The name, which must be free, as must be the key; the URLs; when. */
int creation_begin(struct creation *c, struct violations *v, struct error *err);

/* Under spec->parent, or as a root: decides, judges and signs. */
int creation_sign(struct creation *c, struct violations *v, struct error *err);

/* Records, together with what else addition says, and adds the issuer. */
int
creation_finish(struct creation *c, struct issuer_addition *addition, struct error *err);
void creation_clear(struct creation *c);

/* In the lock under which issuers are made and changed. */
void authority_lock(struct authority *authority);
void authority_unlock(struct authority *authority);

#endif
