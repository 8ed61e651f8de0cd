/* test_opensslcnf.c - what of an openssl.cnf comes into a profile, and what is said of
 * the rest. */
#include "cli/opensslcnf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#define CA                                                                               \
	"[ca]\ndefault_ca = house\n[house]\ndir = ./ca\ndatabase = $dir/index.txt\n"     \
	"private_key = $dir/ca.key\ndefault_days = 365\ndefault_md = sha256\n"           \
	"copy_extensions = copy\npolicy = rules\n[rules]\ncountryName = match\n"         \
	"organizationName = match\norganizationalUnitName = optional\n"                  \
	"commonName = supplied\nemailAddress = optional\n"
#define MILVUS                                                                           \
	CA "[v3_req]\nbasicConstraints = CA:FALSE\n"                                     \
	   "keyUsage = nonRepudiation, digitalSignature, keyEncipherment\n"

static X509 *
ca_of(const char *country, const char *organisation)
{
	X509 *ca = X509_new();
	X509_NAME *name = X509_get_subject_name(ca);

	X509_NAME_add_entry_by_txt(
	    name, "C", MBSTRING_ASC, (const unsigned char *)country, -1, -1, 0);
	if (organisation != NULL)
		X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
		    (const unsigned char *)organisation, -1, -1, 0);
	return ca;
}

/* The caller clears what it fills. */
static int
convert(struct import *import, const char *text, const char *section, const char *policy,
    X509 *ca, struct error *err)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	int rc;

	*import = (struct import){ .section = section, .policy = policy, .ca = ca };
	buf_init(&import->notes, 0);
	import->conf = NCONF_new(NULL);
	assert_int_equal(NCONF_load_bio(import->conf, bio, NULL), 1);
	rc = opensslcnf_convert(import, err);
	BIO_free(bio);
	return rc;
}

static void
clear(struct import *import)
{
	NCONF_free(import->conf);
	X509_free(import->ca);
	json_decref(import->profile);
	buf_free(&import->notes);
}

static void
is(const struct import *import, const char *json)
{
	char *got = json_dumps(import->profile, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(got, json);
	free(got);
}

static void
notes(const struct import *import, const char *text)
{
	if (strstr(buf_string(&import->notes), text) == NULL)
		fail_msg("\"%s\" is not in:\n%s", text, buf_string(&import->notes));
}

static void
takes_a_file_like_milvus_s(void **state)
{
	struct import import;

	(void)state;
	assert_int_equal(
	    convert(&import, MILVUS, "v3_req", "rules", ca_of("CN", "mil/vus"), NULL), 0);
	is(&import, "{\"default_validity_seconds\":31536000,\"dns_names\":[\"**\"],"
		    "\"ext_key_usage\":[\"serverAuth\",\"clientAuth\"],"
		    "\"ip_addresses\":[\"0.0.0.0/0\",\"::/0\"],\"key_encipherment\":true,"
		    "\"max_validity_seconds\":31536000,\"san_from_common_name\":true,"
		    "\"subject\":\"/C=CN/O=mil\\\\/vus\",\"subject_allowed\":[\"OU\"],"
		    "\"subject_required\":[\"CN\"]}");
	clear(&import);
}

static void
says_what_it_left_out_and_why(void **state)
{
	static const char *const left[] = {
		"[house] copy_extensions = copy: left out: it puts into a certificate",
		"[house] private_key = ./ca/ca.key: left out",
		"[house] default_md = sha256: left out",
		"[house] dir database: left out: files",
		"[v3_req] basicConstraints = CA:FALSE: left out",
		"[v3_req] keyUsage = nonRepudiation: left out",
		"[rules] emailAddress = optional: left out",
		"[rules] organizationName = match: left out: the CA's subject has none",
		"dns_names, ip_addresses: any",
		"ext_key_usage: serverAuth and clientAuth",
	};
	struct import import;

	(void)state;
	assert_int_equal(
	    convert(&import, MILVUS, "v3_req", "rules", ca_of("CN", NULL), NULL), 0);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		notes(&import, left[i]);
	clear(&import);
	assert_int_equal(convert(&import, MILVUS, "v3_req", "rules", NULL, NULL), 0);
	notes(&import, "countryName = match: left out: it takes the CA's value");
	assert_null(strstr(buf_string(&import.notes), "--policy"));
	clear(&import);
	assert_int_equal(convert(&import, MILVUS, "v3_req", NULL, NULL, NULL), 0);
	notes(&import, "[house] policy = rules: left out: to take it, give --policy");
	notes(&import, "subject_allowed: CN alone");
	clear(&import);
}

static void
takes_extensions_that_a_profile_has(void **state)
{
	static const char text[] =
	    "[x]\nextendedKeyUsage = critical, serverAuth, 1.2.3.4, msSmartcardLogin\n"
	    "subjectAltName = DNS:a.example, IP:10.0.0.1, @more\n"
	    "certificatePolicies = 1.2.3, @policy\n"
	    "authorityInfoAccess = OCSP;URI:http://o.example/, "
	    "caIssuers;URI:ldap://c.example/\n"
	    "tlsfeature = status_request\n"
	    "subjectKeyIdentifier = hash\nnsComment = made here\n"
	    "crlDistributionPoints = URI:http://c.example/crl\n"
	    "[more]\nDNS.1 = *.svc.example\nDNS.2 = a.example\nemail.1 = a@b.example\n"
	    "dirName.1 = other\n[policy]\npolicyIdentifier = 1.2.4\n"
	    "CPS.1 = http://cps.example/\n";
	struct import import;

	(void)state;
	assert_int_equal(convert(&import, text, "x", NULL, NULL, NULL), 0);
	is(&import,
	    "{\"dns_names\":[\"a.example\",\"*.svc.example\"],"
	    "\"email_addresses\":[\"a@b.example\"],"
	    "\"ext_key_usage\":[\"serverAuth\",\"1.2.3.4\",\"1.3.6.1.4.1.311.20.2.2\"],"
	    "\"ip_addresses\":[\"10.0.0.1\"],\"must_staple\":true,"
	    "\"ocsp_url\":\"http://o.example/\",\"policies\":[\"1.2.3\",\"1.2.4\"]}");
	notes(&import, "extendedKeyUsage = critical: left out: only timeStamping");
	notes(&import, "subjectAltName = *.svc.example: taken as a pattern");
	notes(&import, "subjectAltName = other: left out");
	notes(&import, "certificatePolicies = @policy: its qualifiers are left out");
	notes(&import, "authorityInfoAccess = caIssuers;URI:ldap");
	notes(&import, "subjectKeyIdentifier = hash: left out: every certificate");
	notes(&import, "nsComment = made here: left out: no certificate");
	notes(&import, "crlDistributionPoints = URI:http://c.example/crl: left out");
	clear(&import);
}

static void
leaves_out_what_would_be_good_for_anything(void **state)
{
	static const char text[] =
	    "[x]\nextendedKeyUsage = anyExtendedKeyUsage, OCSPSigning, nonsense\n"
	    "keyUsage = keyCertSign\nsubjectAltName = email:copy, otherName:1.2;UTF8:x\n";
	struct import import;

	(void)state;
	assert_int_equal(convert(&import, text, "x", NULL, NULL, NULL), 0);
	notes(&import, "anyExtendedKeyUsage: left out: a key for anything");
	notes(&import, "OCSPSigning: left out: it would answer for the CA");
	notes(&import, "nonsense: left out: not a purpose");
	notes(&import, "keyUsage = keyCertSign: left out");
	notes(&import, "subjectAltName = copy: left out");
	clear(&import);
}

static void
refuses_what_no_profile_can_be(void **state)
{
	struct import import;
	struct error err;

	(void)state;
	assert_int_equal(convert(&import, "[x]\nbasicConstraints = critical, CA:true\n",
			     "x", NULL, NULL, &err),
	    -1);
	assert_non_null(strstr(err.text, "keyhold ca create"));
	clear(&import);
	assert_int_equal(convert(&import, MILVUS, "absent", NULL, NULL, &err), -1);
	assert_string_equal(err.text, "the file has no section [absent]");
	clear(&import);
	assert_int_equal(convert(&import, MILVUS, "v3_req", "absent", NULL, &err), -1);
	assert_string_equal(err.text, "the file has no section [absent]");
	clear(&import);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_file_like_milvus_s),
		cmocka_unit_test(says_what_it_left_out_and_why),
		cmocka_unit_test(takes_extensions_that_a_profile_has),
		cmocka_unit_test(leaves_out_what_would_be_good_for_anything),
		cmocka_unit_test(refuses_what_no_profile_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
