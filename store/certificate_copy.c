/* certificate_copy.c - takes a row with it. */
#include "store/certificate_copy.h"

void
certificate_copy_take(struct certificate_copy *copy, const struct certificate_row *row)
{
	certificate_copy_clear(copy);
	copy->row = *row;
	buf_text(&copy->subject, row->subject);
	buf_text(&copy->names, row->names);
	buf_append(&copy->der, row->certificate.data, row->certificate.len);
	copy->row.subject = buf_string(&copy->subject);
	copy->row.names = buf_string(&copy->names);
	copy->row.certificate = buf_bytes(&copy->der);
}

bool
certificate_copy_failed(const struct certificate_copy *copy)
{
	return buf_failed(&copy->subject) || buf_failed(&copy->names) ||
	       buf_failed(&copy->der);
}

static int
keep(void *ctx, const struct certificate_row *row)
{
	certificate_copy_take(ctx, row);
	return 0;
}

int
store_certificate_copy(struct store *store, const char *serial,
    struct certificate_copy *copy, struct error *err)
{
	*copy = (struct certificate_copy){ 0 };
	if (store_certificate_find(store, serial, keep, copy, err) != 0)
		return -1;
	if (certificate_copy_failed(copy))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

void
certificate_copy_clear(struct certificate_copy *copy)
{
	buf_free(&copy->subject);
	buf_free(&copy->names);
	buf_free(&copy->der);
	*copy = (struct certificate_copy){ 0 };
}
