/* fixture.h - a store in a throw-away directory, and rows to put into it. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "store/store.h"

struct fixture {
	void *directory;
	char path[256]; /* of the database */
	struct store *store;
};

/* cmocka setup and teardown: *state is the fixture, its store open. */
int fixture_open(void **state);
int fixture_close(void **state);

/* Closes the store and opens it again. */
void fixture_reopen(struct fixture *fixture);

/* In place of the store, which is closed: an empty one by what schema.sql was in version
 * 2, 3 or 4. */
void fixture_make_old(struct fixture *fixture, int version);

/* Runs SQL behind the store's back, on a connection of its own. */
void fixture_sql(const struct fixture *fixture, const char *sql);

extern const struct audit_event an_event;

struct key_row a_key(const char *name, unsigned char hash);

/* A leaf with the SAN dns:a.example, valid for a day from now. */
struct certificate_row a_certificate(const char *serial);

/* Reserves and records. */
void put_certificate(struct store *store, const struct certificate_row *row);

/* At 1800000000; the certificate's key has a hash of zeros. */
void put_revocation(struct store *store, const char *serial, int reason);

#endif
