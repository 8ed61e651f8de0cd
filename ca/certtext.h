/* certtext.h - what a certificate says, in the forms that records and answers use. */
#ifndef CA_CERTTEXT_H
#define CA_CERTTEXT_H

#include <stdint.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ca/validity.h"
#include "store/store.h"

int certtext_validity(const X509 *cert, struct validity *validity, struct error *err);

/* Lower-case hex of the serial's octets. */
int
certtext_serial(const X509 *cert, char text[static STORE_SERIAL_SIZE], struct error *err);

/* Appends "dns:a.example ip:10.0.0.1"; nothing when there are no names. */
void certtext_names(const X509 *cert, struct buffer *out);

/* Appends the subject as RFC 2253 text. */
int certtext_subject(const X509 *cert, struct buffer *out, struct error *err);

int certtext_der(const X509 *cert, struct buffer *out, struct error *err);
void certtext_pem(struct bytes der, struct buffer *out);

#endif
