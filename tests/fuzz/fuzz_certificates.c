/* fuzz_certificates.c - any bytes as a file that certificates are looked for in. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "probe/certificate.h"

static void
look_at(X509 *cert)
{
	char label[CERTIFICATE_LABEL_SIZE], serial[CERTIFICATE_SERIAL_SIZE];

	certificate_label(cert, label);
	certificate_serial(cert, serial);
	(void)certificate_time(X509_get0_notBefore(cert));
	(void)certificate_time(X509_get0_notAfter(cert));
	must(strlen(label) < sizeof(label) && strlen(serial) % 2 == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	struct error err = { 0 };

	if (certificate_read_all((struct bytes){ data, size }, list, &err) == 0)
		must(sk_X509_num(list) > 0);
	else
		must(err.code == ERROR_UNSUPPORTED ||
		     (err.code == ERROR_BAD_REQUEST && sk_X509_num(list) == 0));
	for (int i = 0; i < sk_X509_num(list); i++)
		look_at(sk_X509_value(list, i));
	sk_X509_pop_free(list, X509_free);
	return 0;
}
