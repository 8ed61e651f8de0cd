/* http_response.h - an answer of api/ as libmicrohttpd sends it. */
#ifndef SERVICE_HTTP_RESPONSE_H
#define SERVICE_HTTP_RESPONSE_H

#include "api/request.h"

struct MHD_Response;

/* Body and header fields; res may be freed before it is sent. NULL without memory; the
 * caller lets go of it with MHD_destroy_response. */
struct MHD_Response *http_response_new(const struct response *res);

#endif
