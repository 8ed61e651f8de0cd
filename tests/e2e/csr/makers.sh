# shellcheck shell=bash
# makers.sh - certificate requests for web.example, by each program that people make them with.
#
# make_csrs DIR: in DIR/taken what keyhold takes, as WHAT.MAKER.csr; in DIR/refused what it refuses,
# as RULE.MAKER.csr, or RULE+RULE.MAKER.csr. kept/ has those by Java's keytool and JavaScript's
# libraries, which take too much to install here; where they are installed, they make new ones.

CSR_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

made_by() {
	"$@" >maker.log 2>&1 || fail "$*: $(tail maker.log)"
}

# openssl_csr FILE KEY-OPTIONS REQ-OPTION...: with the SAN web.example unless SAN is set.
openssl_csr() {
	local file=$1 key=$2
	shift 2
	# shellcheck disable=SC2086 # options, in words
	made_by openssl genpkey $key -out openssl.key
	# shellcheck disable=SC2086 # an option, in words
	made_by openssl req -new -key openssl.key -subj "${SUBJECT:-/CN=web.example}" -utf8 \
		${SAN--addext subjectAltName=DNS:web.example} "$@" -out "$file.openssl.csr"
}

make_openssl() {
	local p256='-algorithm EC -pkeyopt ec_paramgen_curve:P-256'

	openssl_csr taken/ec-p256 "$p256"
	openssl_csr taken/ec-p384 '-algorithm EC -pkeyopt ec_paramgen_curve:P-384' -sha384
	openssl_csr taken/rsa-2048 '-algorithm RSA -pkeyopt rsa_keygen_bits:2048'
	openssl_csr taken/rsa-3072 '-algorithm RSA -pkeyopt rsa_keygen_bits:3072'
	openssl_csr taken/rsa-pss-2048 '-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048'
	openssl_csr taken/rsa-2048-signed-pss '-algorithm RSA -pkeyopt rsa_keygen_bits:2048' \
		-sigopt rsa_padding_mode:pss
	openssl_csr taken/ed25519 '-algorithm ED25519'
	openssl_csr taken/text-before "$p256" -text
	SAN='' openssl_csr taken/common-name-only "$p256"
	SUBJECT='/' openssl_csr taken/no-subject "$p256"
	# openssl req has no option for it.
	printf '%s\n' '[req]' 'prompt = no' 'distinguished_name = name' 'attributes = more' \
		'[name]' 'CN = web.example' '[more]' 'challengePassword = secret' >challenge.cnf
	SUBJECT='' openssl_csr taken/challenge-password "$p256" -config challenge.cnf

	openssl_csr refused/csr-rsa-size '-algorithm RSA -pkeyopt rsa_keygen_bits:1024'
	openssl_csr refused/csr-signature-algorithm "$p256" -sha1
	openssl_csr refused/csr-ec-curve '-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1'
	openssl_csr refused/csr-key-algorithm+csr-signature-algorithm '-algorithm ED448'
	openssl_csr refused/csr-ca-requested "$p256" -addext basicConstraints=critical,CA:TRUE
	openssl_csr refused/csr-extension-critical "$p256" -addext nsComment=critical,hello
	SUBJECT='/CN=web.example/CN=other.example' openssl_csr refused/cn-single "$p256"
	SUBJECT='/CN=192.0.2.1' openssl_csr refused/cn-address "$p256"
	SUBJECT='/CN=wéb.example' openssl_csr refused/cn-characters "$p256"
	SUBJECT='/CN=other.example' openssl_csr refused/cn-in-san "$p256"
	SAN='-addext subjectAltName=DNS:web.example,DNS:*.web.example' openssl_csr refused/san-wildcard "$p256"
	SAN='-addext subjectAltName=DNS:web.example,email:a@web.example' openssl_csr refused/san-kind "$p256"
	SUBJECT='/O=example' SAN='' openssl_csr refused/san-present "$p256"
	SUBJECT='/CN=-web.example' SAN='' openssl_csr refused/san-dns-hyphen "$p256"
}

# gnutls_csr FILE KEY-OPTIONS TEMPLATE-LINE... [-- OPTION...]
gnutls_csr() {
	local file=$1 key=$2 lines=()
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		lines+=("$1")
		shift
	done
	printf '%s\n' "${lines[@]}" >gnutls.template
	# shellcheck disable=SC2086 # options, in words
	made_by certtool --generate-privkey $key --outfile gnutls.key
	made_by certtool --generate-request --load-privkey gnutls.key --template gnutls.template "${@:2}" \
		--outfile "$file.gnutls.csr"
}

make_gnutls() {
	local p256='--key-type ecdsa --curve secp256r1' cn='cn = web.example' san='dns_name = web.example'

	gnutls_csr taken/ec-p256 "$p256" "$cn" "$san" 'challenge_password = secret'
	gnutls_csr taken/ec-p384 '--key-type ecdsa --curve secp384r1' "$cn" "$san" -- --hash SHA384
	gnutls_csr taken/rsa-2048 '--key-type rsa --bits 2048' "$cn" "$san" signing_key encryption_key
	gnutls_csr taken/rsa-3072 '--key-type rsa --bits 3072' "$cn" "$san" tls_www_server
	gnutls_csr taken/rsa-pss-2048 '--key-type rsa-pss --bits 2048' "$cn" "$san"
	gnutls_csr taken/ed25519 '--key-type ed25519' "$cn" "$san" -- --no-text
	gnutls_csr taken/common-name-only "$p256" "$cn" -- --no-crq-extensions

	gnutls_csr refused/csr-rsa-size '--key-type rsa --bits 1024' "$cn" "$san"
	gnutls_csr refused/csr-signature-algorithm "$p256" "$cn" "$san" -- --hash SHA1
	gnutls_csr refused/csr-key-algorithm+csr-signature-algorithm '--key-type ed448' "$cn" "$san"
	gnutls_csr refused/csr-ca-requested "$p256" "$cn" "$san" ca cert_signing_key
	gnutls_csr refused/san-wildcard "$p256" "$cn" "$san" 'dns_name = *.web.example'
	gnutls_csr refused/san-kind "$p256" "$cn" "$san" 'uri = https://web.example/'
	gnutls_csr refused/cn-address "$p256" 'cn = 192.0.2.1' "$san"
	gnutls_csr refused/san-dns-characters "$p256" "$cn" "$san" 'dns_name = web_1.example'
}

# nss_csr FILE OPTION...
nss_csr() {
	local file=$1
	shift
	made_by certutil -R -d sql:nss -z nss.noise -s "${SUBJECT:-CN=web.example}" "$@" -o "$file.nss.csr"
}

make_nss() {
	mkdir nss
	made_by certutil -N -d sql:nss --empty-password
	head -c 64 /dev/urandom >nss.noise
	nss_csr taken/ec-p256 -k ec -q nistp256 -Z SHA256 -8 web.example -a
	nss_csr taken/ec-p384 -k ec -q nistp384 -Z SHA384 -8 web.example -a
	nss_csr taken/rsa-2048 -k rsa -g 2048 -Z SHA256 -8 web.example -a
	nss_csr taken/rsa-3072-der -k rsa -g 3072 -Z SHA512 -8 web.example
	nss_csr taken/common-name-only -k ec -q nistp256 -Z SHA256 -a

	nss_csr refused/csr-rsa-size -k rsa -g 1024 -Z SHA256 -8 web.example -a
	nss_csr refused/csr-signature-algorithm -k ec -q nistp256 -Z SHA1 -8 web.example -a
	nss_csr refused/csr-key-encoding -k rsa -g 2048 --pss -Z SHA256 -8 web.example -a
	nss_csr refused/san-wildcard -k ec -q nistp256 -Z SHA256 -8 'web.example,*.web.example' -a
	nss_csr refused/csr-ca-requested -k ec -q nistp256 -Z SHA256 -8 web.example -a -2 < <(printf 'y\n\ny\n')
	nss_csr refused/csr-key-algorithm+csr-signature-algorithm -k dsa -g 1024 -Z SHA256 -8 web.example -a
	SUBJECT=CN=192.0.2.1 nss_csr refused/cn-address -k ec -q nistp256 -Z SHA256 -8 web.example -a
}

# strongswan_csr FILE KEY-OPTIONS REQ-OPTION...
strongswan_csr() {
	local file=$1 key=$2
	shift 2
	# shellcheck disable=SC2086 # options, in words
	pki --gen $key >strongswan.key 2>maker.log || fail "pki --gen $key: $(cat maker.log)"
	pki --req --in strongswan.key --dn "${SUBJECT:-CN=web.example}" --outform pem "$@" \
		>"$file.strongswan.csr" 2>maker.log || fail "pki --req $*: $(cat maker.log)"
}

make_strongswan() {
	local san=(--san web.example)

	strongswan_csr taken/ec-p256 '--type ecdsa --size 256' "${san[@]}"
	strongswan_csr taken/ec-p384 '--type ecdsa --size 384' "${san[@]}"
	strongswan_csr taken/rsa-2048 '--type rsa --size 2048' "${san[@]}"
	strongswan_csr taken/rsa-3072-signed-pss '--type rsa --size 3072' "${san[@]}" --rsa-padding pss
	strongswan_csr taken/ed25519 '--type ed25519' "${san[@]}"
	strongswan_csr taken/address '--type ecdsa --size 256' "${san[@]}" --san 192.0.2.1

	# With a password, its attributes are not sorted.
	strongswan_csr refused/csr-der '--type ecdsa --size 256' "${san[@]}" --password secret
	strongswan_csr refused/csr-rsa-size '--type rsa --size 1024' "${san[@]}"
	strongswan_csr refused/csr-signature-algorithm '--type rsa --size 2048' "${san[@]}" --digest sha1
	strongswan_csr refused/san-kind '--type ecdsa --size 256' "${san[@]}" --san user@web.example
	SUBJECT=CN=192.0.2.1 strongswan_csr refused/cn-address '--type ecdsa --size 256' "${san[@]}"
	strongswan_csr refused/san-dns-characters '--type ecdsa --size 256' "${san[@]}" --san web_1.example
}

# keytool_csr FILE KEY-OPTIONS REQ-OPTION...
keytool_csr() {
	local file=$1 key=$2
	shift 2
	rm -f keystore
	# shellcheck disable=SC2086 # options, in words
	made_by keytool -genkeypair -keystore keystore -storepass secret -alias web -dname CN=web.example $key
	made_by keytool -certreq -keystore keystore -storepass secret -alias web "$@" -file "$file.keytool.csr"
}

make_keytool() {
	local p256='-keyalg EC -groupname secp256r1'

	keytool_csr taken/ec-p256 "$p256" -ext san=dns:web.example
	keytool_csr taken/rsa-3072 '-keyalg RSA -keysize 3072' -ext san=dns:web.example,ip:192.0.2.1
	keytool_csr taken/common-name-only '-keyalg RSA -keysize 2048'
	keytool_csr refused/csr-rsa-size '-keyalg RSA -keysize 1024' -ext san=dns:web.example
	keytool_csr refused/csr-signature-algorithm '-keyalg RSA -keysize 2048' -ext san=dns:web.example \
		-sigalg SHA1withRSA
	keytool_csr refused/csr-ca-requested "$p256" -ext san=dns:web.example -ext bc=ca:true
}

make_cryptography() {
	made_by /usr/bin/python3 "$CSR_HERE/make.py" .
}

# Without a word from the registry in time, or without node, there are the kept ones.
make_javascript() {
	mkdir javascript
	cp "$CSR_HERE/make.mjs" "$CSR_HERE/package.json" "$CSR_HERE/package-lock.json" javascript
	timeout 60 npm ci --prefix javascript --cache "$PWD/javascript/cache" --ignore-scripts --no-audit \
		--no-fund --fetch-retries 0 >maker.log 2>&1 || {
		say "npm ci failed: the kept requests of JavaScript's libraries alone"
		return
	}
	made_by node javascript/make.mjs .
}

make_csrs() {
	local directory=$1 maker
	mkdir -p "$directory/taken" "$directory/refused"
	cp "$CSR_HERE"/kept/taken/* "$directory/taken"
	cp "$CSR_HERE"/kept/refused/* "$directory/refused"
	cd "$directory" || return
	for maker in openssl gnutls nss strongswan cryptography; do
		"make_$maker"
	done
	for maker in keytool:keytool javascript:npm; do
		if command -v "${maker#*:}" >/dev/null; then
			"make_${maker%:*}"
		else
			say "no ${maker#*:} here: the kept requests of ${maker%:*} alone"
		fi
	done
	cd "$T" || return
}
