/* router.h - finds the handler of a method and path. */
#ifndef API_ROUTER_H
#define API_ROUTER_H

#include "api/access.h"
#include "api/handlers.h"

struct route {
	const char *method, *path;
	handler *run;
	unsigned access; /* of enum access; of a right to a key, {} in path is the key */
	const char
	    *query; /* names allowed in the query, space-separated; NULL for none */
	size_t body_max;
};

/*
 * Fills req->params and req->query. ERROR_NOT_FOUND for an unknown path; a known path
 * with another method gives 0, *route NULL, and the methods it has in allow.
 */
int router_find(struct request *req, const struct route **route, char *allow,
    size_t allow_size, struct error *err);

/* The largest body_max of the path's routes. */
size_t router_body_max(const char *target);

/* How many resources there are: each method of a path is one. */
size_t router_count(void);

/* Each has an index below router_count. */
size_t router_index(const struct route *route);
const struct route *router_at(size_t index);

#endif
