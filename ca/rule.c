/* rule.c - the names of the rules, where each comes from, and what it refuses. */
#include "ca/rule.h"

#include <stdlib.h>

static const struct rule_info rules[RULES] = {
	[RULE_CSR_DER] = { "csr-der", "ITU-T X.690 section 10.1",
	    "BER that is not DER: long or indefinite lengths, padded integers, "
	    "constructed strings, unsorted sets" },
	[RULE_CSR_VERSION] = { "csr-version", "RFC 2986 section 4.1",
	    "any version but 0" },
	[RULE_CSR_SIGNATURE] = { "csr-signature", "RFC 2986 section 4.2",
	    "a request not signed by the key it asks a certificate for" },
	[RULE_CSR_SIGNATURE_ALGORITHM] = { "csr-signature-algorithm", "BR 7.1.3.2",
	    "a signature other than RSA PKCS#1, RSA-PSS (with the same hash in MGF1, and "
	    "a salt of any length) or ECDSA with SHA-256, SHA-384 or SHA-512, or Ed25519 "
	    "(so no SHA-1)" },
	[RULE_CSR_ATTRIBUTE_DUPLICATE] = { "csr-attribute-duplicate",
	    "RFC 2985 section 5.4.2",
	    "more than one extension request, Microsoft's included" },
	[RULE_CSR_EXTENSION_ENCODING] = { "csr-extension-encoding",
	    "RFC 5280 section 4.2",
	    "an extension request that cannot be read, or a requested extension that is "
	    "not one value in DER" },
	[RULE_CSR_EXTENSION_DUPLICATE] = { "csr-extension-duplicate",
	    "RFC 5280 section 4.2", "the same extension asked for twice" },
	[RULE_CSR_EXTENSION_CRITICAL] = { "csr-extension-critical",
	    "RFC 5280 section 4.2",
	    "a critical extension other than subjectAltName, basicConstraints, keyUsage, "
	    "extendedKeyUsage, subjectKeyIdentifier" },
	[RULE_CSR_CA_REQUESTED] = { "csr-ca-requested", "RFC 5280 section 4.2.1.9",
	    "CA:TRUE or keyCertSign" },
	[RULE_CSR_KEY_ALGORITHM] = { "csr-key-algorithm", "BR 6.1.5",
	    "keys other than RSA, RSA-PSS, EC on a named curve, Ed25519" },
	[RULE_CSR_KEY_ENCODING] = { "csr-key-encoding", "RFC 5280 section 4.1.2.7",
	    "a key that does not decode, RSA parameters other than NULL, RSA-PSS (RFC "
	    "4055) or Ed25519 parameters other than none" },
	[RULE_CSR_RSA_SIZE] = { "csr-rsa-size", "BR 6.1.5",
	    "a modulus of other than 2048, 3072 or 4096 bits" },
	[RULE_CSR_RSA_EXPONENT] = { "csr-rsa-exponent", "BR 6.1.6",
	    "an exponent other than 65537" },
	[RULE_CSR_RSA_EVEN] = { "csr-rsa-even", "BR 6.1.6", "an even modulus" },
	[RULE_CSR_RSA_SMALL_FACTOR] = { "csr-rsa-small-factor", "BR 6.1.6",
	    "a modulus with a prime factor below 752" },
	[RULE_CSR_RSA_PRIME_POWER] = { "csr-rsa-prime-power", "BR 6.1.6",
	    "a modulus that is a prime, or a power of one" },
	[RULE_CSR_RSA_CLOSE_PRIMES] = { "csr-rsa-close-primes", "BR 6.1.1.3 (5.3)",
	    "a modulus that Fermat's method factors within 100 rounds" },
	[RULE_CSR_RSA_ROCA] = { "csr-rsa-roca", "BR 6.1.1.3 (5.2)",
	    "a modulus made by the generator of CVE-2017-15361 (ROCA)" },
	[RULE_CSR_EC_CURVE] = { "csr-ec-curve", "BR 6.1.5; RFC 5480 section 2.1.1",
	    "curves other than P-256, P-384, P-521, and explicit parameters of any "
	    "curve" },
	[RULE_CSR_EC_POINT] = { "csr-ec-point",
	    "BR 6.1.6; NIST SP 800-56A section 5.6.2.3",
	    "a compressed point, one that is not on the curve, or infinity" },
	[RULE_CSR_KEY_DEBIAN_WEAK] = { "csr-key-debian-weak", "BR 6.1.1.3 (5.1)",
	    "an RSA key that Debian's OpenSSL made from a process id (CVE-2008-0166), "
	    "when its lists are there" },
	[RULE_CSR_KEY_BLOCKED] = { "csr-key-blocked", "BR 6.1.1.3 (4)",
	    "a blocked key; anything from an issuer when its key, or one above it, is "
	    "blocked" },
	[RULE_CSR_KEY_OF_ISSUER] = { "csr-key-of-issuer", "BR 6.1.1.3 (4)",
	    "the key of any issuer of this authority, whatever its state" },
	[RULE_CSR_KEY_TYPE] = { "csr-key-type", "keyhold: key_types of the profile",
	    "a type of key that the profile does not list (of requests only)" },
	[RULE_CN_SINGLE] = { "cn-single", "BR 7.1.4.3", "more than one CommonName" },
	[RULE_CN_STRING_TYPE] = { "cn-string-type", "RFC 5280 section 4.1.2.4",
	    "a CommonName that is neither UTF8String nor PrintableString (so no "
	    "BMPString, no T61String)" },
	[RULE_CN_CHARACTERS] = { "cn-characters", "CVE-2009-2408",
	    "a NUL or anything else that is not printable ASCII" },
	[RULE_CN_LENGTH] = { "cn-length", "RFC 5280 appendix A.1 (ub-common-name)",
	    "an empty CommonName, or one of more than 64 characters" },
	[RULE_CN_ADDRESS] = { "cn-address", "RFC 9525 section 2",
	    "an IP address as CommonName" },
	[RULE_CN_IN_SAN] = { "cn-in-san", "BR 7.1.4.3",
	    "a CommonName that is not, byte for byte, one of the DNS names" },
	[RULE_SUBJECT_REQUIRED] = { "subject-required",
	    "keyhold: subject_required of the profile",
	    "a subject without an attribute that the profile requires" },
	[RULE_SUBJECT_SINGLE] = { "subject-single", "BR 7.1.4.1",
	    "an attribute that the profile admits, more than once" },
	[RULE_SUBJECT_VALUE] = { "subject-value", "RFC 5280 appendix A.1",
	    "such an attribute that is not a UTF8String or PrintableString (C and "
	    "serialNumber: PrintableString), has control characters or another length "
	    "than X.520 allows" },
	[RULE_SAN_PRESENT] = { "san-present", "BR 7.1.2.7.12", "no name to certify" },
	[RULE_SAN_COUNT] = { "san-count", "keyhold: at most 100 names",
	    "more names than the profile allows, which is 100 in the built-in ones" },
	[RULE_SAN_KIND] = { "san-kind", "BR 7.1.2.7.12",
	    "kinds of names that the profile does not allow: the built-in ones allow "
	    "dNSName and iPAddress; no profile allows other kinds than these, URI and "
	    "rfc822Name" },
	[RULE_SAN_DNS_CHARACTERS] = { "san-dns-characters", "RFC 5280 section 4.2.1.6",
	    "anything but letters, digits, hyphens and dots (upper case in a request is "
	    "lower-cased first)" },
	[RULE_SAN_DNS_LENGTH] = { "san-dns-length", "RFC 1034 section 3.1",
	    "an empty name or label, a trailing dot, a label of more than 63 or a name "
	    "of more than 253 octets" },
	[RULE_SAN_DNS_LABELS] = { "san-dns-labels", "keyhold: at most 10 labels",
	    "more than 10 labels" },
	[RULE_SAN_DNS_HYPHEN] = { "san-dns-hyphen", "RFC 1034 section 3.5",
	    "a label that begins or ends with a hyphen" },
	[RULE_SAN_DNS_IDN] = { "san-dns-idn",
	    "RFC 5890 section 2.3.1; RFC 5891 section 4.2",
	    "hyphens in the third and fourth place of a label other than xn--; an xn-- "
	    "label that does not decode, whose text is not in normal form C, or has "
	    "characters or an order that IDNA2008 does not allow" },
	[RULE_SAN_DNS_ADDRESS] = { "san-dns-address", "RFC 5280 section 4.2.1.6",
	    "a name whose last label is a number, such as an IPv4 address" },
	[RULE_SAN_DNS_PATTERN] = { "san-dns-pattern", "keyhold: dns_names of the profile",
	    "a name that matches no pattern of the profile" },
	[RULE_SAN_WILDCARD] = { "san-wildcard", "BR 3.2.2.6",
	    "a wildcard where the profile allows none: none of the built-in ones does" },
	[RULE_SAN_WILDCARD_POSITION] = { "san-wildcard-position", "RFC 9525 section 6.3",
	    "a wildcard that is not the whole left-most label" },
	[RULE_SAN_WILDCARD_PUBLIC_SUFFIX] = { "san-wildcard-public-suffix", "BR 3.2.2.6",
	    "a wildcard directly above a public suffix, such as *.com, *.co.uk or "
	    "*.local" },
	[RULE_SAN_IP_LENGTH] = { "san-ip-length", "RFC 5280 section 4.2.1.6",
	    "an address of other than 4 or 16 octets" },
	[RULE_SAN_IP_MAPPED] = { "san-ip-mapped", "RFC 4291 section 2.5.5.2",
	    "an IPv4 address mapped into IPv6" },
	[RULE_SAN_IP_NETWORK] = { "san-ip-network",
	    "keyhold: ip_addresses of the profile",
	    "an address in none of the profile's networks" },
	[RULE_SAN_URI_SYNTAX] = { "san-uri-syntax", "RFC 3986 section 3",
	    "a URI other than scheme://host/path of at most 2048 octets; a query, a "
	    "fragment, %, *, an empty or dotted segment" },
	[RULE_SAN_URI_HOST] = { "san-uri-host", "RFC 5280 section 4.2.1.6",
	    "no host, or a user or port with it. The host itself is held to the rules "
	    "for DNS names, unless it is an address" },
	[RULE_SAN_URI_PATTERN] = { "san-uri-pattern", "keyhold: uris of the profile",
	    "a URI that matches no pattern of the profile" },
	[RULE_SAN_URI_SPIFFE] = { "san-uri-spiffe", "SPIFFE X.509-SVID section 2",
	    "a SPIFFE ID beside another URI, or of other characters than SPIFFE has" },
	[RULE_SAN_EMAIL_SYNTAX] = { "san-email-syntax", "RFC 5280 section 4.2.1.6",
	    "an address other than local-part@host, or with a quoted or overlong local "
	    "part. The host is held to the rules for DNS names" },
	[RULE_SAN_EMAIL_PATTERN] = { "san-email-pattern",
	    "keyhold: email_addresses of the profile",
	    "an address that matches no pattern of the profile" },
	[RULE_SAN_NAME_CONSTRAINTS] = { "san-name-constraints",
	    "RFC 5280 section 4.2.1.10",
	    "a name, in the certificate to be signed, that the name constraints of an "
	    "authority above exclude or do not permit, as OpenSSL judges" },
	[RULE_VALIDITY_RANGE] = { "validity-range", "BR 6.3.2",
	    "a length outside of what the profile allows" },
	[RULE_VALIDITY_BEYOND_ISSUER] = { "validity-beyond-issuer", "BR 7.1.2.7",
	    "a length asked for that ends after the issuer; a default length is "
	    "shortened instead, and a profile can say otherwise. An expired issuer" },
	[RULE_RENEWAL_REVOKED] = { "renewal-revoked",
	    "keyhold: what is revoked is not renewed",
	    "to renew a certificate that is revoked, for whatever reason" },
	[RULE_RENEWAL_EXPIRED] = { "renewal-expired",
	    "keyhold: at most 30 days after its end",
	    "to renew a certificate that expired more than 30 days ago" },
	[RULE_RENEWAL_NAMES] = { "renewal-names", "RFC 7030 section 4.2.2",
	    "a request for another subject or other names than those of the certificate "
	    "to renew; over EST, one for which no valid certificate is there" },
	[RULE_ISSUER_SUBJECT] = { "issuer-subject", "RFC 5280 section 4.1.2.6",
	    "an issuer without a subject, or with that of its issuer or predecessor" },
	[RULE_ISSUER_PATH_LENGTH] = { "issuer-path-length", "RFC 5280 section 4.2.1.9",
	    "an intermediate whose path length is not below its issuer's; any under an "
	    "issuer of path length 0, or deeper than one further up allows" },
	[RULE_ISSUER_URL] = { "issuer-url", "RFC 5280 section 8",
	    "a URL for certificates that is not plain http://, has a user or a fragment, "
	    "more than 255 characters, or a query where CRL shards add their number" },
	[RULE_ISSUER_NAME_CONSTRAINTS] = { "issuer-name-constraints",
	    "RFC 5280 section 4.2.1.10",
	    "a permitted name that an authority above does not permit, or excludes" },
	[RULE_ISSUER_CERTIFICATE_KEY] = { "issuer-certificate-key",
	    "RFC 5280 section 4.1.2.7",
	    "an installed or imported certificate for another key than the issuer's" },
	[RULE_ISSUER_CERTIFICATE_SUBJECT] = { "issuer-certificate-subject",
	    "RFC 5280 section 4.1.2.6",
	    "one whose subject is empty or not the one asked for" },
	[RULE_ISSUER_CERTIFICATE_CA] = { "issuer-certificate-ca",
	    "RFC 5280 section 4.2.1.9",
	    "one that is not of version 3 with basicConstraints cA" },
	[RULE_ISSUER_CERTIFICATE_KEY_USAGE] = { "issuer-certificate-key-usage",
	    "RFC 5280 section 4.2.1.3",
	    "one whose keyUsage lacks keyCertSign or cRLSign; one without keyUsage is "
	    "taken with a warning" },
	[RULE_ISSUER_CERTIFICATE_KEY_ID] = { "issuer-certificate-key-id",
	    "RFC 5280 section 4.2.1.2",
	    "one without a subject key identifier, which what it signs must repeat" },
	[RULE_ISSUER_CERTIFICATE_VALIDITY] = { "issuer-certificate-validity",
	    "RFC 5280 section 4.1.2.5", "one that is not valid now" },
	[RULE_ISSUER_CERTIFICATE_CHAIN] = { "issuer-certificate-chain",
	    "RFC 5280 section 6.1.3",
	    "one that the certificates sent with it did not sign, one after the other, "
	    "or may not have: not an authority's, expired, or of too small a path "
	    "length" },
	[RULE_CERT_VERSION] = { "cert-version", "RFC 5280 section 4.1.2.1",
	    "other than v3" },
	[RULE_CERT_SERIAL] = { "cert-serial", "RFC 5280 section 4.1.2.2",
	    "other than the reserved 20 octets below 2^159" },
	[RULE_CERT_SIGNATURE_ALGORITHM] = { "cert-signature-algorithm",
	    "RFC 5280 section 4.1.1.2",
	    "inner and outer differ, do not suit the issuer's key, or have wrong "
	    "parameters" },
	[RULE_CERT_ISSUER] = { "cert-issuer", "RFC 5280 section 4.1.2.4",
	    "other than the issuer's subject" },
	[RULE_CERT_SUBJECT] = { "cert-subject", "RFC 5280 section 4.1.2.6",
	    "other than what was decided on, or than the profile's fixed part and what "
	    "it admits beside it; empty for an authority" },
	[RULE_CERT_VALIDITY] = { "cert-validity", "BR 6.3.2",
	    "other than what was decided on, longer than the profile allows, or beyond "
	    "the issuer's" },
	[RULE_CERT_TIME_ENCODING] = { "cert-time-encoding", "RFC 5280 section 4.1.2.5",
	    "UTCTime from 2050 on, GeneralizedTime before, fractions, no Z" },
	[RULE_CERT_PUBLIC_KEY] = { "cert-public-key", "RFC 3279 section 2.3.1",
	    "other than the key that was examined, or of a type that the profile does "
	    "not list; RSA parameters other than NULL" },
	[RULE_CERT_EXTENSIONS] = { "cert-extensions", "RFC 5280 section 4.2",
	    "an extension the profile does not have, one twice, or of the wrong "
	    "criticality" },
	[RULE_CERT_BASIC_CONSTRAINTS] = { "cert-basic-constraints",
	    "RFC 5280 section 4.2.1.9", "cA or pathLenConstraint other than decided on" },
	[RULE_CERT_KEY_USAGE] = { "cert-key-usage", "RFC 5280 section 4.2.1.3",
	    "other than digitalSignature and, if asked for and allowed, keyEncipherment "
	    "(leaf; RSA only), keyCertSign and cRLSign (authority)" },
	[RULE_CERT_EXTENDED_KEY_USAGE] = { "cert-extended-key-usage",
	    "RFC 5280 section 4.2.1.12",
	    "other than the profile's purposes; timeStamping alone is critical" },
	[RULE_CERT_SUBJECT_KEY_ID] = { "cert-subject-key-id", "RFC 5280 section 4.2.1.2",
	    "other than the hash of the key" },
	[RULE_CERT_AUTHORITY_KEY_ID] = { "cert-authority-key-id",
	    "RFC 5280 section 4.2.1.1",
	    "other than the issuer's subject key identifier, or more than that" },
	[RULE_CERT_SAN] = { "cert-san", "RFC 5280 section 4.2.1.6",
	    "absent, or critical although there is a subject, or not critical although "
	    "there is none" },
	[RULE_CERT_NAME_CONSTRAINTS] = { "cert-name-constraints",
	    "RFC 5280 section 4.2.1.10",
	    "other than decided on (authority), or any (leaf)" },
	[RULE_CERT_CRL_DISTRIBUTION_POINT] = { "cert-crl-distribution-point",
	    "RFC 5280 section 4.2.1.13",
	    "other than the issuer's CRL URL alone; any where the issuer has none" },
	[RULE_CERT_AUTHORITY_INFO_ACCESS] = { "cert-authority-info-access",
	    "RFC 5280 section 4.2.2.1",
	    "other than the OCSP and certificate URLs of the profile or, without them, "
	    "the issuer" },
	[RULE_CERT_OCSP_NOCHECK] = { "cert-ocsp-nocheck", "RFC 6960 section 4.2.2.2.1",
	    "absent from an OCSP signer, or in anything else" },
	[RULE_CERT_POLICIES] = { "cert-policies", "RFC 5280 section 4.2.1.4",
	    "other than the profile's policies, or with qualifiers" },
	[RULE_CERT_TLS_FEATURE] = { "cert-tls-feature", "RFC 7633 section 4",
	    "other than status_request alone where the profile says must_staple, any "
	    "elsewhere; must_staple without an OCSP URL, which is the configuration's "
	    "fault" },
};

const struct rule_info *
rule_info(enum rule rule)
{
	if ((unsigned)rule >= RULES)
		abort();
	return &rules[rule];
}
