/*
 * starttls.h - what some servers want to hear before they speak TLS.
 *
 * PostgreSQL (its documentation, "SSL Session Encryption"), MySQL and MariaDB
 * ("Connection Phase", SSLRequest), SMTP (RFC 3207), IMAP (RFC 9051 section 6.2.1), POP3
 * (RFC 2595).
 */
#ifndef PROBE_STARTTLS_H
#define PROBE_STARTTLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum starttls {
	STARTTLS_NONE, /* TLS from the first byte */
	STARTTLS_POSTGRES,
	STARTTLS_MYSQL,
	STARTTLS_SMTP,
	STARTTLS_IMAP,
	STARTTLS_POP3,
};

/* "postgres", and others as starttls_names has them; -1 for what is none. */
int starttls_read(const char *name, size_t len, enum starttls *how);

/* "postgres, mysql ..."; static. */
const char *starttls_names(void);

const char *starttls_port(enum starttls how); /* "5432"; static */

/*
 * On a connection that is open. -1: ERROR_UNSUPPORTED when the server does not offer TLS,
 * or speaks another protocol, else what probe_receive says. deadline is of clock_mono_ms.
 */
int starttls_begin(enum starttls how, int fd, int64_t deadline, struct error *err);

#endif
