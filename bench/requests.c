/* requests.c - one after the other in one buffer. */
#include "bench/requests.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define BODY_MAX    (1024 * 1024)
#define TARGETS_MAX (64 * 1024 * 1024)

static void
append_request(struct requests *requests, const struct requests_options *options,
    const char *target, int target_len, const struct buffer *body)
{
	struct buffer *all = &requests->all;

	buf_printf(all, "%s %.*s HTTP/1.1\r\nHost: localhost\r\n", options->method,
	    target_len, target);
	if (options->type != NULL)
		buf_printf(all, "Content-Type: %s\r\n", options->type);
	if (options->header != NULL)
		buf_printf(all, "%s\r\n", options->header);
	if (options->body_file != NULL)
		buf_printf(all, "Content-Length: %zu\r\n", body->len);
	buf_text(all, "\r\n");
	buf_append(all, body->data, body->len);
	requests->ends[requests->count++] = all->len;
}

static size_t
count_lines(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count + 1; /* the last may lack its end */
}

static int
append_all(struct requests *requests, const struct requests_options *options,
    const char *targets, const struct buffer *body, struct error *err)
{
	requests->ends = calloc(count_lines(targets), sizeof(*requests->ends));
	if (requests->ends == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	while (*targets != '\0') {
		int len = (int)strcspn(targets, "\n");

		append_request(requests, options, targets, len, body);
		targets += len;
		targets += *targets == '\n';
	}
	if (buf_failed(&requests->all))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return requests->count > 0 ? 0 : error_set(err, ERROR_CONFIG, "no target");
}

int
requests_init(
    struct requests *requests, const struct requests_options *options, struct error *err)
{
	struct buffer body, targets;
	int rc = -1;

	*requests = (struct requests){ 0 };
	buf_init(&requests->all, 0);
	buf_init(&body, BODY_MAX);
	buf_init(&targets, TARGETS_MAX);
	if (options->body_file != NULL &&
	    file_read(options->body_file, BODY_MAX, &body, err) != 0)
		goto out;
	if (options->target != NULL)
		buf_text(&targets, options->target);
	else if (file_read(options->targets_file, TARGETS_MAX, &targets, err) != 0)
		goto out;
	rc = append_all(requests, options, buf_string(&targets), &body, err);
out:
	buf_free(&targets);
	buf_free(&body);
	return rc;
}

void
requests_clear(struct requests *requests)
{
	buf_free(&requests->all);
	free(requests->ends);
	*requests = (struct requests){ 0 };
}

struct bytes
requests_at(const struct requests *requests, size_t number)
{
	size_t i = number % requests->count;
	size_t start = i > 0 ? requests->ends[i - 1] : 0;

	return (struct bytes){ requests->all.data + start, requests->ends[i] - start };
}
