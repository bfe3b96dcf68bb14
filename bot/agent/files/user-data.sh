#!/bin/bash
# EC2 user data, run once as root at the first boot: installs the Valet agent and starts it. Made by
# `valet agent user-data`. There is no secret in here: the token is fetched on the machine, @TOKEN_NOTE@.
set -euo pipefail

SERVER=@SERVER@
PACKAGE=@PACKAGE@
INDEX=@INDEX@
PARAMETER=@PARAMETER@
TOKEN_FILE=@TOKEN_FILE@
HOME_DIR=/opt/valet

fail() {
    echo "valet-agent: $*" >&2
    exit 1
}

# IMDSv2: a session token first, then what is asked for.
imds() {
    local session
    session=$(curl -fsS --retry 5 --retry-connrefused -m 5 -X PUT http://169.254.169.254/latest/api/token \
        -H 'X-aws-ec2-metadata-token-ttl-seconds: 300') || return 1
    curl -fsS --retry 5 -m 5 -H "X-aws-ec2-metadata-token: $session" "http://169.254.169.254/latest/meta-data/$1"
}

find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

install_python() {
    if command -v dnf >/dev/null; then
        dnf install -y -q python3.11
    elif command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv python3.11-venv ||
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv
    fi
}

INSTANCE=$(imds instance-id) || fail "the instance metadata service does not answer"
REGION=$(imds placement/region) || fail "the instance metadata service does not tell the region"
PYTHON=$(find_python) || { install_python; PYTHON=$(find_python); } || fail "Python 3.11 or newer is needed"

# The agent alone, with the two packages it needs by version and hash; what the bot needs stays away from this machine.
"$PYTHON" -m venv "$HOME_DIR"
[ -z "$INDEX" ] || export PIP_INDEX_URL="$INDEX"
cat >"$HOME_DIR/constraints.txt" <<'CONSTRAINTS'
@CONSTRAINTS@
CONSTRAINTS
"$HOME_DIR/bin/pip" install -q --require-hashes -r "$HOME_DIR/constraints.txt"
"$HOME_DIR/bin/pip" install -q "$PACKAGE"

install -d -m 700 "$(dirname "$TOKEN_FILE")"
if [ -n "$PARAMETER" ]; then
    command -v aws >/dev/null || fail "the AWS CLI is needed to read the token from the Parameter Store"
    cat >/usr/local/sbin/valet-agent-token <<SCRIPT
#!/bin/bash
# Fetches the token of this machine's agent; tried until the parameter is there.
set -euo pipefail
umask 077
aws ssm get-parameter --region '$REGION' --name '${PARAMETER//\{instance\}/$INSTANCE}' --with-decryption \\
    --query Parameter.Value --output text >'$TOKEN_FILE.new'
mv '$TOKEN_FILE.new' '$TOKEN_FILE'
SCRIPT
    chmod 700 /usr/local/sbin/valet-agent-token
    cat >/etc/systemd/system/valet-agent-token.service <<'SERVICE'
[Unit]
Description=Token of the Valet agent, from the Parameter Store
Wants=network-online.target
After=network-online.target
Before=valet-agent.service
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/valet-agent-token
Restart=on-failure
RestartSec=60

[Install]
WantedBy=multi-user.target
SERVICE
fi

"$HOME_DIR/bin/valet" agent unit --server "$SERVER" --host "$INSTANCE" --token-file "$TOKEN_FILE" \
    --valet "$HOME_DIR/bin/valet" >/etc/systemd/system/valet-agent.service
systemctl daemon-reload
# Without waiting: until the token is there, systemd tries again every 30 s.
if [ -n "$PARAMETER" ]; then
    systemctl enable valet-agent-token.service
    systemctl start --no-block valet-agent-token.service
fi
systemctl enable valet-agent.service
systemctl start --no-block valet-agent.service
echo "valet-agent: installed for $INSTANCE"
