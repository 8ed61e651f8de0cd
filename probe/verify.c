/* verify.c - path validation as a client of today does it, at a time of choice. */
#include "probe/verify.h"

#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* 112 bits: no RSA under 2048, no SHA-1, as Debian's own clients have it. */
#define AUTH_LEVEL 2

static int
load(X509_STORE *store, const char *ca)
{
	struct stat st;

	if (ca == NULL)
		return X509_STORE_set_default_paths(store);
	if (stat(ca, &st) == 0 && S_ISDIR(st.st_mode))
		return X509_STORE_load_path(store, ca);
	return X509_STORE_load_file(store, ca);
}

int
verify_store(const char *ca, int64_t at, X509_STORE **store, struct error *err)
{
	X509_STORE *made = X509_STORE_new();

	if (made == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "store");
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(made), (time_t)at);
	if (load(made, ca) != 1) {
		error_set_openssl(err, ERROR_IO, ca != NULL ? ca : "the system's roots");
		X509_STORE_free(made);
		return -1;
	}
	*store = made;
	return 0;
}

static bool
is_of_time(int code)
{
	return code == X509_V_ERR_CERT_HAS_EXPIRED ||
	       code == X509_V_ERR_CERT_NOT_YET_VALID;
}

/* Goes on past times, so that they do not hide that nobody known issued it. */
static int
go_on(int ok, X509_STORE_CTX *ctx)
{
	int *of_time = X509_STORE_CTX_get_app_data(ctx);
	int code = X509_STORE_CTX_get_error(ctx);

	if (ok == 1 || !is_of_time(code))
		return ok;
	if (*of_time == X509_V_OK)
		*of_time = code;
	return 1;
}

static X509 *
find_issuer(X509_STORE_CTX *ctx, const STACK_OF(X509) * chain)
{
	const STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(ctx);
	X509 *cert = sk_X509_value(chain, 0), *found = NULL;

	if (sk_X509_num(path) > 1)
		found = sk_X509_value(path, 1);
	else if (X509_check_issued(cert, cert) == X509_V_OK)
		found = cert;
	if (found != NULL)
		X509_up_ref(found);
	return found;
}

int
verify_chain(X509_STORE *store, STACK_OF(X509) * chain, struct verified *verified,
    struct error *err)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int of_time = X509_V_OK, rc = -1;

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain) != 1 ||
	    X509_STORE_CTX_set_default(ctx, "ssl_server") != 1) {
		error_set_openssl(err, ERROR_INTERNAL, "verification");
		goto out;
	}
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(ctx), AUTH_LEVEL);
	X509_STORE_CTX_set_app_data(ctx, &of_time);
	X509_STORE_CTX_set_verify_cb(ctx, go_on);
	/* After a path that only its times spoil, the context's error is that of a time.
	 */
	verified->code =
	    X509_verify_cert(ctx) == 1 ? of_time : X509_STORE_CTX_get_error(ctx);
	verified->issuer = find_issuer(ctx, chain);
	rc = 0;
out:
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return rc;
}

bool
verify_name(X509 *cert, const char *name)
{
	const unsigned flags =
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

	ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);

	if (address == NULL)
		return X509_check_host(cert, name, 0, flags, NULL) == 1;
	ASN1_OCTET_STRING_free(address);
	return X509_check_ip_asc(cert, name, 0) == 1;
}
