#!/usr/bin/env bash
# Handshakes, certificates, revocations and rotations together, over a token that misbehaves at random: each failure is
# a fault's, and neither keyholdd nor nginx's workers grow. scripts/soak runs it for longer.
. "$(dirname "$0")/lib.sh"

: "${FAULT:?the command, from ctest}" "${FAULTY_MODULE:?}"
export FAULTY_CONTROL=$T/faults SOFTHSM2_CONF=$T/dev/token/softhsm2.conf
seconds=${SOAK_SECONDS:-20}

start_daemon # for its token, its keys, PIN and configuration
need_provider
make_ca
"$KEYHOLD" cert issue web --ca internal --san localhost --out "$T/tls" >/dev/null
"$KEYHOLD" key create turning --use sign >/dev/null
stop_daemon
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/own.key" -subj /CN=a.example \
	-addext subjectAltName=DNS:a.example -out "$T/leaf.csr" 2>/dev/null
echo "to be signed" >"$T/message"

sed "s|^  module:.*|  module: $FAULTY_MODULE\n  reload_pause_ms: 50|" "$T/dev/keyhold.yaml" >"$T/faulty.yaml"
cat >>"$T/faulty.yaml" <<CONF
cage: { write: [$FAULTY_CONTROL] }
access:
  - { who: "unix:$WORKER_USER", may: [use], keys: [web] }
CONF
"$FAULT" clear # makes the file
"$KEYHOLDD" --config "$T/faulty.yaml" >>"$T/keyholdd.log" 2>&1 &
DAEMON_PID=$!
PIDS+=("$DAEMON_PID")
wait_for "keyholdd's answer" "$KEYHOLD" status
port=$(free_port)
start_nginx "$port" "$T/tls/web.crt" "$T/tls/web.key"

say "$seconds seconds, with ${SOAK_FAULTS:-mild} faults"
"$HERE/soak.py" "$seconds" "${SOAK_FAULTS:-mild}" "$T" "$KEYHOLD_SOCKET" "$port" "$DAEMON_PID" "$NGINX_PID"

say "afterwards it signs, the audit record holds, and it stops as asked"
"$FAULT" clear
"$KEYHOLD" audit verify
handshake "$port" 1.3 >/dev/null
stop_nginx
stop_daemon
