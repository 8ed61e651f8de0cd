/* certificate_columns.h - how a row of certificates is selected and read. */
#ifndef STORE_CERTIFICATE_COLUMNS_H
#define STORE_CERTIFICATE_COLUMNS_H

#include "base/error.h"

struct certificate_row;
struct statement;

#define CERTIFICATE_COLUMNS                                                              \
	"id, serial, issuer, profile, requester, not_before, not_after, created, "       \
	"revoked_at, revocation_reason, subject, names, certificate"

/* The first name of a row called t: what is before its colon says of what kind it is. */
#define CERTIFICATE_FIRST_NAME(t)                                                        \
	"substr(" t ".names, instr(" t ".names, ':') + 1, "                              \
	"       instr(" t ".names || ' ', ' ') - instr(" t ".names, ':') - 1)"

/* The row's text and certificate are the statement's: valid until the next step. */
int certificate_read(
    const struct statement *st, struct certificate_row *row, struct error *err);

/* Inside a transaction: the certificate in place of its serial's reservation. */
int certificate_complete(
    struct store *store, const struct certificate_row *row, struct error *err);

#endif
