/* serials.c - a stock of serials for each issuer that signs. */
#include "ca/serials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "store/store.h"

struct serial_stock {
	char issuer[STORE_NAME_SIZE];
	size_t count; /* of those below that are left */
	char serials[SERIALS_AT_ONCE][STORE_SERIAL_SIZE];
	struct serial_stock *next;
};

void
serials_init(struct serials *serials, OSSL_LIB_CTX *libctx, struct store *store)
{
	*serials = (struct serials){ .libctx = libctx, .store = store };
	pthread_mutex_init(&serials->lock, NULL);
}

/* If it fails they stay reserved, which costs a row each and nothing else. */
static void
give_back(struct serials *serials, const struct serial_stock *stock)
{
	char quoted[LOG_QUOTED_MAX];
	struct error err = { 0 };

	if (stock->count > 0 && store_serials_release(serials->store, stock->serials,
				    stock->count, stock->issuer, &err) != 0)
		log_error("serials.left", "issuer=%s why=\"%s\"", stock->issuer,
		    log_quoted(quoted, err.text));
}

void
serials_clear(struct serials *serials)
{
	struct serial_stock *next;

	for (struct serial_stock *stock = serials->first; stock != NULL; stock = next) {
		next = stock->next;
		give_back(serials, stock);
		free(stock);
	}
	pthread_mutex_destroy(&serials->lock);
}

static int
find_stock(struct serials *serials, const char *issuer, struct serial_stock **found,
    struct error *err)
{
	struct serial_stock *stock = serials->first;

	while (stock != NULL && strcmp(stock->issuer, issuer) != 0)
		stock = stock->next;
	if (stock == NULL) {
		if ((stock = calloc(1, sizeof(*stock))) == NULL)
			return error_set(err, ERROR_INTERNAL, "out of memory");
		snprintf(stock->issuer, sizeof(stock->issuer), "%s", issuer);
		stock->next = serials->first;
		serials->first = stock;
	}
	*found = stock;
	return 0;
}

static int
fill(struct serials *serials, struct serial_stock *stock, struct error *err)
{
	unsigned char serial[SERIAL_BYTES];

	for (size_t i = 0; i < SERIALS_AT_ONCE; i++) {
		if (serial_new(serials->libctx, serial, err) != 0)
			return -1;
		hex_encode(stock->serials[i], serial, sizeof(serial));
	}
	if (store_serials_reserve(
		serials->store, stock->serials, SERIALS_AT_ONCE, stock->issuer, err) != 0)
		return -1;
	stock->count = SERIALS_AT_ONCE;
	return 0;
}

static int
take(struct serials *serials, const char *issuer,
    unsigned char serial[static SERIAL_BYTES], struct error *err)
{
	struct serial_stock *stock = NULL;

	if (find_stock(serials, issuer, &stock, err) != 0 ||
	    (stock->count == 0 && fill(serials, stock, err) != 0))
		return -1;
	stock->count--;
	if (hex_decode(serial, SERIAL_BYTES, stock->serials[stock->count]) != 0)
		abort();
	return 0;
}

int
serials_take(struct serials *serials, const char *issuer,
    unsigned char serial[static SERIAL_BYTES], struct error *err)
{
	int rc;

	if (pthread_mutex_lock(&serials->lock) != 0)
		abort();
	rc = take(serials, issuer, serial, err);
	pthread_mutex_unlock(&serials->lock);
	return rc;
}
