#!/bin/bash
# keyhold expiry tells of servers, files and the daemon's own what ends when, and what else is wrong.
. "$(dirname "$0")/lib.sh"

python3 "$HERE/expiry_certificates.py" "$T"
declare -A PORT

# serve NAME CERTIFICATE [OPTION]...: openssl's server, known by this name from now on.
serve() {
	local name=$1 cert=$2
	shift 2
	PORT[$name]=$(free_port)
	openssl s_server -accept "127.0.0.1:${PORT[$name]}" -cert "$T/$cert.pem" -key "$T/$cert.key" -quiet "$@" \
		>"$T/server-$name.log" 2>&1 </dev/null &
	PIDS+=($!)
	wait_for "the server $name" bash -c "exec 3<>/dev/tcp/127.0.0.1/${PORT[$name]}"
}

serve good good -status_file "$T/good.ocsp"
serve expired expired
serve soon soon
serve wrong wrong
serve old old -tls1 -cipher DEFAULT@SECLEVEL=0
serve both old -min_protocol TLSv1.1 -cipher DEFAULT@SECLEVEL=0
serve self self
serve client good -Verify 1 -tls1_2
PORT[hangs]=$(free_port)
PORT[closed]=$(free_port)
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 9, LocalAddr => "127.0.0.1", LocalPort => $ARGV[0]);
	while ($c = $s->accept) { push @c, $c }' "${PORT[hangs]}" &
PIDS+=($!)
wait_for "the server that hangs" bash -c "exec 3<>/dev/tcp/127.0.0.1/${PORT[hangs]}"

{
	echo "# what this house serves"
	for name in good expired soon wrong both self client hangs; do
		echo "  127.0.0.1:${PORT[$name]}	# $name"
	done
	echo
	echo "localhost@127.0.0.1:${PORT[old]}"
	echo "127.0.0.1:${PORT[closed]}"
} >"$T/targets"
expiry() {
	"$KEYHOLD" expiry --no-daemon --ca "$T/root.pem" --timeout 1 "$@"
}
# row NAME: the line of this server, without its ends.
row() {
	grep -F "127.0.0.1:${PORT[$1]} " "$T/table" || fail "no line for $1"
}
# verdict NAME DAYS TEXT: what is behind the days and the date.
verdict() {
	row "$1" | grep -qE "127\.0\.0\.1:${PORT[$1]} +$2 +([0-9]{4}-[0-9T:-]+Z +)?$3\$" || {
		cat "$T/table" >&2
		fail "$1: not \"$2 ... $3\""
	}
}

say "a table of servers in all states"
start=$(date +%s)
expiry --targets "$T/targets" >"$T/table"
took=$(($(date +%s) - start))
cat "$T/table"
verdict good 199 "ok, stapled"
verdict expired -11 "expired"
verdict soon 9 "ok"
verdict wrong 149 "not for 127.0.0.1"
verdict old 179 "serves TLS 1.0"
verdict both 179 "serves TLS 1.1"
verdict self 99 "chain: self-signed certificate"
verdict client 199 "ok"
verdict hangs "" "no answer in time"
verdict closed "" "cannot connect: Connection refused"
grep -q "^server  *localhost  *127.0.0.1:${PORT[old]} " "$T/table" || fail "the name that was asked for is not shown"
[ "$took" -lt 20 ] || fail "it took $took seconds"
! grep -q $'\033' "$T/table" || fail "there are colours in a file"

say "sorted by what is left; what cannot be seen is first"
tail -n +2 "$T/table" | grep -oE '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z' >"$T/dates"
[ "$(wc -l <"$T/dates")" -eq 8 ] || fail "not 8 dates"
sort -c "$T/dates" || fail "the dates are not in order"
sed -n 2,3p "$T/table" | grep -c -e "no answer in time" -e "Connection refused" | grep -qx 2 || fail "the first lines are others"

say "in colour on a terminal, unless NO_COLOR says otherwise"
command="$KEYHOLD expiry --no-daemon --ca $T/root.pem 127.0.0.1:${PORT[good]} 127.0.0.1:${PORT[expired]} 127.0.0.1:${PORT[soon]}"
script -qec "$command" /dev/null </dev/null >"$T/colored"
grep -q $'\033\[31m.*expired' "$T/colored" || fail "what has expired is not red"
grep -q $'\033\[33m.*ok' "$T/colored" || fail "what ends soon is not yellow"
[ "$(grep -c $'\033\[3' "$T/colored")" -eq 2 ] || fail "what is well has a colour"
NO_COLOR=1 script -qec "$command" /dev/null </dev/null >"$T/plain"
! grep -q $'\033' "$T/plain" || fail "NO_COLOR is not honoured"

say "by the system's roots all of it is unknown"
"$KEYHOLD" expiry --no-daemon "127.0.0.1:${PORT[good]}" >"$T/table"
verdict good 199 "chain: unable to get local issuer certificate"

say "JSON has what the table has, and more"
expiry --json "127.0.0.1:${PORT[good]}" "127.0.0.1:${PORT[old]}" >"$T/json"
python3 - "$T/json" <<'PY'
import json, sys
old, good = json.load(open(sys.argv[1]))["items"]
assert good["kind"] == "server" and good["what"] == "127.0.0.1" and good["days"] == 199, good
assert good["chain"] == "ok" and good["name_matches"] and good["staple"] == "good", good
assert good["tls"] == ["1.2", "1.3"] and good["faults"] == [], good
assert old["tls"] == ["1.0"] and old["faults"] == ["serves TLS 1.0"], old
PY

say "below a threshold, or faulty: only these, a hook for each, and an exit status"
cat >"$T/hook" <<HOOK
#!/bin/sh
printf '%s|' "\$@" >>$T/hooked
echo >>$T/hooked
[ "\$5" != expired ]
HOOK
chmod 755 "$T/hook"
expect_status 4 expiry --targets "$T/targets" --below 30d --hook "$T/hook"
expect_text "127.0.0.1: $T/hook exited with 1" "$T/out"
[ "$(wc -l <"$T/hooked")" -eq 8 ] || fail "not 8 hooks: $(cat "$T/hooked")"
grep -qE "^127.0.0.1\|127.0.0.1:${PORT[soon]}\|9\|[0-9]{4}-[^|]*Z\|ok\|$" "$T/hooked" || fail "the hook's arguments: $(cat "$T/hooked")"
grep -qE "^127.0.0.1\|127.0.0.1:${PORT[wrong]}\|149\|[^|]*\|not for 127.0.0.1\|$" "$T/hooked" || fail "no hook for what is for another name"
grep -q "^127.0.0.1|127.0.0.1:${PORT[hangs]}|||no answer in time|$" "$T/hooked" || fail "no hook for what hangs"
expect_status 1 expiry "127.0.0.1:${PORT[soon]}" "127.0.0.1:${PORT[good]}" --below 10d
expect_text ":${PORT[soon]}" "$T/out"
! grep -qF ":${PORT[good]}" "$T/out" || fail "what is not below is shown"
expect_status 1 expiry "127.0.0.1:${PORT[self]}" "127.0.0.1:${PORT[good]}" --below 10d
expect_text "chain: self-signed certificate" "$T/out"
! grep -qF ":${PORT[good]}" "$T/out" || fail "what is well is shown"
expect_status 0 expiry "127.0.0.1:${PORT[soon]}" --below 9d
expect_text none "$T/out"
expect_status 2 expiry --hook "$T/hook" "127.0.0.1:${PORT[soon]}"
expect_status 2 expiry --below tomorrow

say "files of all forms, a directory, and what is none"
mkdir -p "$T/files/sub" "$T/files/.hidden"
cat "$T/good.pem" "$T/good.key" "$T/root.pem" >"$T/files/both.pem"
openssl x509 -in "$T/soon.pem" -outform DER -out "$T/files/sub/soon.der"
openssl crl2pkcs7 -nocrl -certfile "$T/expired.pem" -certfile "$T/wrong.pem" -outform DER -out "$T/files/two.p7b"
cp "$T/self.pem" "$T/files/.hidden/self.pem"
cp "$T/good.key" "$T/files/key.pem"
expiry "$T/files" "$T/good.key" "$T/absent.pem" >"$T/table"
for text in "no certificate in it" "No such file" "localhost .*both.pem  *199 .*ok" "root .*both.pem" "sub/soon.der  *9 " \
	"localhost .*two.p7b  *-11 .*expired" "elsewhere.example .*two.p7b"; do
	grep -qE "$text" "$T/table" || fail "no \"$text\" in $(cat "$T/table")"
done
[ "$(wc -l <"$T/table")" -eq 8 ] || fail "not 7 rows: $(cat "$T/table")"

say "nothing in a directory is passed over that should have a certificate"
mkdir "$T/faulty"
cp "$T/good.key" "$T/faulty/key.pem"
{
	cat "$T/good.pem"
	printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
} >"$T/faulty/malformed.pem"
head -c 200 "$T/files/sub/soon.der" >"$T/faulty/cut.der"
: >"$T/faulty/empty.crt"
ln -s nowhere "$T/faulty/link.pem"
ln -s nowhere "$T/faulty/other"
mkfifo "$T/faulty/pipe.pem"
expiry "$T/faulty" >"$T/table"
for text in "^file  *localhost .*/malformed.pem  *199 .*ok" "^file  *malformed.pem .* 1 malformed block in it" "^file  *cut.der .* 1 malformed block in it" \
	"^file  *empty.crt .* no certificate in it" "^file  *link.pem .*No such file"; do
	grep -qE "$text" "$T/table" || fail "no \"$text\" in $(cat "$T/table")"
done
[ "$(wc -l <"$T/table")" -eq 6 ] || fail "not 5 rows: $(cat "$T/table")"
expect_status 1 expiry "$T/faulty" --below 1d
name=$(printf '%0250d' 0)
(
	cd "$T/faulty" || exit
	for _ in 1 2 3; do
		mkdir "$name"
		cd "$name" || exit
	done
)
long=$T/faulty
while [ ${#long} -lt 3400 ]; do
	long+=/.
done
expiry "$long" >"$T/table"
grep -q "its path is too long" "$T/table" || fail "a path that is too long is passed over"

say "a file for Prometheus, whole at any time"
expiry --targets "$T/targets" "$T/files/two.p7b" "127.0.0.1:${PORT[good]}" --metrics "$T/keyhold.prom" >/dev/null
[ "$(stat -c %a "$T/keyhold.prom")" = 644 ] || fail "mode"
[ -z "$(find "$T" -name 'keyhold.prom.*')" ] || fail "something is left beside it"
python3 "$HERE/metrics.py" check "$T/keyhold.prom" || fail "it cannot be read"
grep -q "^keyhold_expiry_not_after_timestamp_seconds{kind=\"server\",what=\"127.0.0.1\",where=\"127.0.0.1:${PORT[good]}\",serial=\"[0-9a-f]*\"} [0-9]*$" "$T/keyhold.prom" ||
	fail "no end of good"
grep -q "^keyhold_expiry_faults{.*:${PORT[hangs]}\",serial=\"\"} 1$" "$T/keyhold.prom" || fail "no fault of hangs"
grep -q "^keyhold_expiry_tls_version{.*:${PORT[old]}\".*,version=\"1.0\"} 1$" "$T/keyhold.prom" || fail "no version of old"

say "what keyholdd has"
expect_status 3 "$KEYHOLD" expiry --socket "$T/none.sock"
expect_text "--no-daemon" "$T/out"
start_daemon
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --days 20 --out "$T/web" >/dev/null
"$KEYHOLD" expiry "$T/web" >"$T/table"
cat "$T/table"
grep -qE "^certificate +localhost +keyhold: internal +(19|20) .* ok$" "$T/table" || fail "no certificate of keyholdd"
grep -qE "^issuer +root +keyhold +[0-9]+ .* ok$" "$T/table" || fail "no root"
[ -z "$(sort "$T/table" | uniq -d)" ] || fail "something is there twice"
grep -qE "^issuer +internal +keyhold: root +[0-9]+ .* ok$" "$T/table" || fail "no intermediate"
expect_status 1 "$KEYHOLD" expiry --below 21d
expect_text localhost "$T/out"
! grep -qE "^issuer +root +keyhold " "$T/out" || fail "root is not below"

say "and what it has revoked, wherever it still is"
"$KEYHOLD" cert revoke --file "$T/web/web.crt" --reason superseded >/dev/null
"$KEYHOLD" expiry "$T/web" >"$T/table"
cat "$T/table"
grep -qE "^file +localhost +$T/web/web.crt +(19|20) .* revoked$" "$T/table" || fail "what is revoked is not told of"
[ "$(grep -c 'revoked$' "$T/table")" -eq 1 ] || fail "more is said to be revoked than was"
"$KEYHOLD" expiry --no-daemon "$T/web" >"$T/table"
! grep -q revoked "$T/table" || fail "known without a daemon"

say "done"
