/* auditjson.c - reads what may have been made by anybody. */
#include "cli/auditjson.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"

static const char *
text_of(const json_t *object, const char *member, bool *whole)
{
	const char *text = json_string_value(json_object_get(object, member));

	if (text == NULL)
		*whole = false;
	return text;
}

static int64_t
number_of(const json_t *object, const char *member, bool *whole)
{
	const json_t *value = json_object_get(object, member);

	if (!json_is_integer(value))
		*whole = false;
	return json_integer_value(value);
}

/* A time or a hash that cannot be read is none that was written. */
static void
read_time_and_hash(const json_t *object, int64_t *time,
    unsigned char hash[static AUDIT_HASH_BYTES], bool *whole)
{
	const char *when = text_of(object, "time", whole);
	const char *hex = text_of(object, "hash", whole);

	if (when == NULL || clock_parse(when, time) != 0)
		*time = INT64_MIN;
	if (hex == NULL || hex_decode(hash, AUDIT_HASH_BYTES, hex) != 0)
		memset(hash, 0, AUDIT_HASH_BYTES);
}

bool
auditjson_entry(const json_t *entry, struct audit_row *row)
{
	bool whole = true;

	*row = (struct audit_row){
		.seq = number_of(entry, "seq", &whole),
		.version = number_of(entry, "version", &whole),
		.actor = text_of(entry, "actor", &whole),
		.action = text_of(entry, "action", &whole),
		.object = text_of(entry, "object", &whole),
		.outcome = text_of(entry, "outcome", &whole),
		.request = text_of(entry, "request", &whole),
		.detail = text_of(entry, "detail", &whole),
	};
	read_time_and_hash(entry, &row->time, row->hash, &whole);
	return whole;
}

static bool
read_base64(
    const json_t *object, const char *member, unsigned char *out, size_t max, size_t *len)
{
	bool whole = true;
	const char *text = text_of(object, member, &whole);
	struct buffer data;

	buf_init(&data, max);
	if (whole && base64_decode(&data, text, strlen(text), NULL) == 0 &&
	    !buf_failed(&data) && data.len > 0) {
		memcpy(out, data.data, data.len);
		*len = data.len;
	} else {
		whole = false;
	}
	buf_free(&data);
	return whole;
}

bool
auditjson_note(const json_t *note, struct auditcheck_head *out)
{
	bool whole = true;

	memset(out, 0, sizeof(*out));
	out->seq = number_of(note, "seq", &whole);
	read_time_and_hash(note, &out->time, out->hash, &whole);
	return whole;
}

bool
auditjson_head(const json_t *head, struct auditcheck_head *out)
{
	return auditjson_note(head, out) &&
	       read_base64(head, "key", out->spki, sizeof(out->spki), &out->spki_len) &&
	       read_base64(head, "signature", out->signature, sizeof(out->signature),
		   &out->signature_len);
}
