#!/usr/bin/env bash
# Installs the real servers that some tests talk to, on Debian. Where one is there already, nothing is done.
set -euo pipefail

packages=()
needs() { # command package
  command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || packages+=("$2")
}

# What is built from source goes on side by side with what is installed; it is waited for at the end.
builds=()
build() { # name command...
  local name=$1
  shift
  "$@" &
  builds+=("$!:$name")
}
from_go() { # command package@version: where Go is there to build it
  if ! command -v "$1" >/dev/null 2>&1 && ! [ -x "$HOME/go/bin/$1" ] && command -v go >/dev/null 2>&1; then
    build "$1" go install "$2"
  fi
}

# An S3 server over a folder.
from_go versitygw github.com/versity/versitygw/cmd/versitygw@v1.8.0
# Checks the chart.
from_go helm helm.sh/helm/v3/cmd/helm@v3.18.6
# One node of Kafka: its jars, where Maven and Java are there to fetch and run them.
kafka="$HOME/.cache/sluse-kafka"
if ! compgen -G "$kafka/kafka_*" >/dev/null && command -v mvn >/dev/null 2>&1 && command -v java >/dev/null 2>&1; then
  build kafka mvn -q -B -f test/servers/messaging/pom.xml dependency:copy-dependencies -DoutputDirectory="$kafka" \
    -DincludeScope=runtime
fi

# A Temporal server, and the tool that makes its database: minutes, once. Where it cannot be built its tests say so.
temporal="$HOME/.cache/sluse-test-servers/bin"
temporal_server() {
  export GOBIN="$temporal"
  go install go.temporal.io/server/cmd/tools/sql@v1.32.0 &&
    timeout 1800 go install go.temporal.io/server/cmd/server@v1.32.0 &&
    mv "$temporal/server" "$temporal/temporal-server" || echo "test servers: Temporal is not built" >&2
}
if ! [ -x "$temporal/temporal-server" ] && command -v go >/dev/null 2>&1; then
  build temporal temporal_server
fi

needs openssl openssl
needs python3 python3
needs nats-server nats-server
needs mosquitto mosquitto
needs sshd openssh-server
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
needs php php-cli
needs phpunit phpunit
needs rabbitmq-server rabbitmq-server
needs chromium chromium

# Runs Python scripts that declare what they need. No package of Debian's has it.
uv=""
command -v uv >/dev/null 2>&1 || { uv=missing; python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv); }

as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
if [ "${#packages[@]}" -gt 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  # Packages start their services by themselves; the tests start their own, on free ports.
  $as_root apt-get update -qq
  $as_root apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  for service in nats-server mosquitto postgresql ssh rabbitmq-server; do
    $as_root systemctl disable --now "$service" >/dev/null 2>&1 || true
  done
fi
if [ -n "$uv" ]; then
  $as_root python3 -m venv /opt/uv
  $as_root /opt/uv/bin/pip install --quiet uv
  $as_root ln -sf /opt/uv/bin/uv /usr/local/bin/uv
fi

failed=""
for each in ${builds[@]+"${builds[@]}"}; do
  wait "${each%%:*}" || failed+=" ${each#*:}"
done
[ -z "$failed" ] || { echo "test servers: not built:$failed" >&2 && exit 1; }
echo "test servers: ready"
