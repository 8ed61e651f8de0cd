/* certificate_extension.h - the extensions of a certificate in the making (inside ca/
 * only). */
#ifndef CA_CERTIFICATE_EXTENSION_H
#define CA_CERTIFICATE_EXTENSION_H

#include "ca/certificate.h"

/* The key is in the certificate already. */
int certificate_add_extensions(OSSL_LIB_CTX *libctx, X509 *cert,
    const struct certificate_spec *spec, struct error *err);

#endif
