/* http_response.c - an answer of api/ as libmicrohttpd sends it. */
#include "service/http_response.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "base/shared.h"

#define FILE_BLOCK_SIZE 65536

struct sent_file {
	int fd;
};

static void
add_cache_headers(struct MHD_Response *response, const struct response *res)
{
	char date[CLOCK_HTTP_SIZE];

	if (res->etag[0] != '\0')
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, res->etag);
	if (res->cache_control[0] != '\0')
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_CACHE_CONTROL, res->cache_control);
	if (res->varies)
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT);
	if (res->last_modified != 0) {
		clock_http_format(date, res->last_modified);
		MHD_add_response_header(response, MHD_HTTP_HEADER_LAST_MODIFIED, date);
	}
	if (res->expires != 0) {
		clock_http_format(date, res->expires);
		MHD_add_response_header(response, MHD_HTTP_HEADER_EXPIRES, date);
	}
}

static void
add_headers(struct MHD_Response *response, const struct response *res)
{
	char seconds[16];

	if (res->content_type != NULL)
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_CONTENT_TYPE, res->content_type);
	if (res->location[0] != '\0')
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_LOCATION, res->location);
	if (res->link[0] != '\0')
		MHD_add_response_header(response, MHD_HTTP_HEADER_LINK, res->link);
	if (res->allow[0] != '\0')
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, res->allow);
	if (res->challenge != NULL)
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, res->challenge);
	if (res->retry_after_s > 0) {
		snprintf(seconds, sizeof(seconds), "%d", res->retry_after_s);
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
	if (res->is_base64)
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_CONTENT_TRANSFER_ENCODING, "base64");
	add_cache_headers(response, res);
}

static void
let_go(void *shared)
{
	shared_free(shared);
}

static ssize_t
read_file(void *ctx, uint64_t at, char *block, size_t max)
{
	const struct sent_file *sent = ctx;
	ssize_t n = pread(sent->fd, block, max, (off_t)at);

	return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void
close_file(void *ctx)
{
	struct sent_file *sent = ctx;

	close(sent->fd);
	free(sent);
}

/* By our own reads: the filter of the cage has no sendfile. */
static struct MHD_Response *
send_file(const struct response *res)
{
	struct sent_file *sent = malloc(sizeof(*sent));
	struct MHD_Response *response = NULL;

	if (sent == NULL)
		return NULL;
	if ((sent->fd = fcntl(res->file, F_DUPFD_CLOEXEC, 0)) >= 0)
		response = MHD_create_response_from_callback((uint64_t)res->file_bytes,
		    FILE_BLOCK_SIZE, read_file, sent, close_file);
	if (response == NULL && sent->fd >= 0)
		close(sent->fd);
	if (response == NULL)
		free(sent);
	return response;
}

/* Shared bytes are sent from where they are, and held until they are sent. */
static struct MHD_Response *
make_body(const struct response *res)
{
	struct MHD_Response *response;
	struct bytes bytes;

	if (res->is_file)
		return send_file(res);
	if (res->shared == NULL)
		return MHD_create_response_from_buffer(
		    res->body.len, res->body.data, MHD_RESPMEM_MUST_COPY);
	bytes = shared_bytes(res->shared);
	response = MHD_create_response_from_buffer_with_free_callback_cls(
	    bytes.len, (void *)(uintptr_t)bytes.data, let_go, shared_hold(res->shared));
	if (response == NULL)
		shared_free(res->shared);
	return response;
}

struct MHD_Response *
http_response_new(const struct response *res)
{
	struct MHD_Response *response = make_body(res);

	if (response != NULL)
		add_headers(response, res);
	return response;
}
