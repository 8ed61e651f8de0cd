/* der_write.h - DER (ITU-T X.690) written by hand, where a list is too long for trees. */
#ifndef CA_DER_WRITE_H
#define CA_DER_WRITE_H

#include <stdint.h>

#include "base/buffer.h"

#define DER_INTEGER          0x02
#define DER_BIT_STRING       0x03
#define DER_OCTET_STRING     0x04
#define DER_UTC_TIME         0x17
#define DER_GENERALIZED_TIME 0x18
#define DER_SEQUENCE         0x30
#define DER_CONTEXT(n)       (0x80 | (n))
#define DER_CONSTRUCTED(tag) (0x20 | (tag))

/* Each appends. A failed buffer shows by buf_failed. */
void der_header(struct buffer *out, unsigned char tag, size_t len);
void der_value(struct buffer *out, unsigned char tag, struct bytes content);

/* A positive INTEGER of big-endian octets, of which there is at least one. */
void der_integer(struct buffer *out, struct bytes octets);
void der_number(struct buffer *out, uint64_t number);

/* UTCTime until 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5). */
void der_time(struct buffer *out, int64_t seconds);
void der_generalized_time(struct buffer *out, int64_t seconds);

#endif
