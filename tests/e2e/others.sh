# shellcheck shell=bash
# others.sh - what programs that others wrote think of a certificate chain.
#
# verify_with_TOOL CHAIN ROOT PURPOSE NAME: whether TOOL takes CHAIN (PEM, the leaf first) with
# ROOT alone as its trust. PURPOSE is server or client. NAME is compared by OpenSSL and GnuTLS;
# certutil and pki look at no name, and pki at no purpose. What the tool says is in $T/verdict.

VERIFIERS=(openssl gnutls nss strongswan)

verify_with_openssl() {
	openssl verify -x509_strict -purpose "ssl$3" -verify_hostname "$4" -no-CApath -no-CAstore \
		-CAfile "$2" -untrusted "$1" "$1" >"$T/verdict" 2>&1
}

verify_with_gnutls() {
	local purpose=1.3.6.1.5.5.7.3.1
	[ "$3" = server ] || purpose=1.3.6.1.5.5.7.3.2
	certtool --verify "--verify-purpose=$purpose" "--verify-hostname=$4" \
		--load-ca-certificate "$2" --infile "$1" >"$T/verdict" 2>&1
}

# split_chain CHAIN: its certificates as $T/chain/1.pem, 2.pem and so on.
split_chain() {
	rm -rf "$T/chain"
	mkdir "$T/chain"
	awk -v to="$T/chain/" '/^-----BEGIN/ { n++ } n { print > (to n ".pem") }' "$1"
}

# make_nss_database DIR ROOT: ROOT is trusted, for servers and clients.
make_nss_database() {
	rm -rf "$1"
	mkdir "$1"
	certutil -N -d "sql:$1" --empty-password &&
		certutil -A -d "sql:$1" -n root -t CT,, -i "$2" -a
}

# The database is new each time: it knows certificates of one subject by one name.
verify_with_nss() {
	local usage=V i
	[ "$3" = server ] || usage=C
	split_chain "$1"
	{
		make_nss_database "$T/nssdb" "$2" || return
		for ((i = $(find "$T/chain" -type f | wc -l); i > 0; i--)); do
			certutil -A -d "sql:$T/nssdb" -n "certificate $i" -t ,, -i "$T/chain/$i.pem" -a || return
		done
		certutil -V -d "sql:$T/nssdb" -n "certificate 1" -u "$usage" -e
	} >"$T/verdict" 2>&1
}

verify_with_strongswan() {
	local authorities=() certificate
	split_chain "$1"
	for certificate in "$T"/chain/*.pem; do
		[ "$certificate" = "$T/chain/1.pem" ] || authorities+=(--ca "$certificate")
	done
	pki --verify --in "$T/chain/1.pem" "${authorities[@]}" --cacert "$2" >"$T/verdict" 2>&1
}

# verdicts CHAIN ROOT PURPOSE NAME: "yes" or "no" of each of VERIFIERS, in a line.
verdicts() {
	local tool line=
	for tool in "${VERIFIERS[@]}"; do
		if "verify_with_$tool" "$@"; then
			line+=" yes"
		else
			line+=" no"
		fi
	done
	echo "${line# }"
}

# wanted_verdicts CHAIN PURPOSE: what VERIFIERS are to say. NSS (3.87) knows no Ed25519. Of a server's RSA key it
# wants keyEncipherment, which only RSA key exchange needs; keyhold grants it to requests that ask for it.
wanted_verdicts() {
	local text nss=yes
	text=$(openssl x509 -in "$1" -noout -text)
	case $2:$text in
	*"Public Key Algorithm: ED25519"* | *"Signature Algorithm: ED25519"*) nss=no ;;
	server:*"Public Key Algorithm: rsaEncryption"*)
		[ -z "${text##*Key Encipherment*}" ] || nss=no
		;;
	esac
	echo "yes yes $nss yes"
}
