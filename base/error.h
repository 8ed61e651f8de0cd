/*
 * error.h - why a call failed.
 *
 * A function that can fail returns 0 or -1 and takes a struct error * last.
 * The code picks the HTTP status in one table (api/problem.c) and the exit code
 * of the programs; the text names what was wrong and where.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#define ERROR_TEXT_MAX 256

#if defined(__GNUC__)
#define PRINTF(fmt_index, first) __attribute__((format(printf, fmt_index, first)))
#else
#define PRINTF(fmt_index, first)
#endif

enum error_code {
	ERROR_NONE = 0,
	ERROR_BAD_REQUEST,     /* malformed: the caller must change what it sends */
	ERROR_UNAUTHENTICATED, /* nobody that is known, where it takes somebody */
	ERROR_CREDENTIAL,      /* a bearer token that is not good, or not any more */
	ERROR_FORBIDDEN,       /* well-formed, but this peer or this key may not */
	ERROR_NOT_FOUND,
	ERROR_CONFLICT,     /* the name is taken, or the thing is in use */
	ERROR_PRECONDITION, /* it has changed since the caller looked */
	ERROR_IN_FLIGHT,    /* the same request is being answered: ask again */
	ERROR_KEY_REUSED,   /* an idempotency key that stands for another request */
	ERROR_TOO_LARGE,    /* over a stated limit */
	ERROR_UNSUPPORTED,  /* a media type, method or mechanism nobody here speaks */
	ERROR_UNACCEPTABLE, /* no form that the caller accepts */
	ERROR_REFUSED,      /* policy: a CSR that breaks the CA's rules */
	ERROR_LIMITED,      /* try again: more than the peer's rule allows at a time */
	ERROR_LOCKED_OUT,   /* try again: the peer presented too many bad tokens */
	ERROR_BUSY,         /* try again: every token session is in use */
	ERROR_TIMEOUT,      /* the other side did not answer before the deadline */
	ERROR_TOKEN,        /* the token refused this, or has not what it should */
	ERROR_LOGGED_OUT,   /* the token ended its sessions, or the login */
	ERROR_AWAY,         /* the token does not work, or is gone */
	ERROR_PIN,          /* the token did not accept the PIN: never retried */
	ERROR_STORAGE,      /* no room for the record, or a disk that is read-only */
	ERROR_UNRECORDED, /* the audit record could not be written: so nothing is done */
	ERROR_TAMPERED,   /* an audit record that is not as it was written */
	ERROR_CONFIG,     /* a setting or an argument of the command line */
	ERROR_IO,         /* a file, a socket or the database */
	ERROR_INTERNAL,   /* out of memory, or a library failed for no stated reason */
};

struct error {
	enum error_code code;
	char text[ERROR_TEXT_MAX];
};

/* Records the reason and returns -1, so that a failure is one line to write. err may be
 * NULL. */
int error_set(struct error *err, enum error_code code, const char *fmt, ...) PRINTF(3, 4);

/* The same, followed by ": " and strerror(errno). */
int error_set_errno(struct error *err, enum error_code code, const char *fmt, ...)
    PRINTF(3, 4);

/*
 * The same, followed by the newest reason on OpenSSL's queue. Drains the queue, so
 * that a stale error never explains the next request.
 */
int error_set_openssl(struct error *err, enum error_code code, const char *what);

#endif
