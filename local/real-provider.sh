#!/bin/sh
# What the real AWS provider plans for each stack, judged by the pack, and where its inputs differ from the stand-in's: make real-preview.
#
# It wants an installation of Pulumi with its language host, `make pulumi-install`, and the way to where Pulumi keeps its provider. It reaches
# no account: the provider asks an emulator that is empty and ends with this script, which answers for the account and its zones. So no
# setting has to skip the provider's own questions.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
work=$(mktemp -d)
trap '"$python" -m local.real_provider stop "$work"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# Nothing of whoever runs this: no profile, no session, no backend.
for name in $(env | sed -n 's/^\(\(AWS\|PULUMI\)_[A-Z0-9_]*\)=.*/\1/p'); do
    unset "$name"
done
AWS_ENDPOINT_URL=$("$python" -m local.real_provider start "$work")
export AWS_ENDPOINT_URL
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
mkdir "$work/state"
export PULUMI_BACKEND_URL="file://$work/state" PULUMI_CONFIG_PASSPHRASE='' PULUMI_SKIP_UPDATE_CHECK=true

status=0
for stack in "$@"; do
    "$python" -m local.real_provider prepare "$work" "$stack"
    pulumi -C "$work" stack init --stack "$stack" --no-select --non-interactive
    pulumi preview --stack "$stack" --config-file "$work/Pulumi.$stack.yaml" --non-interactive \
        --policy-pack policy --policy-pack-config policy-config.json --event-log "$work/$stack.events" || status=1
    "$python" -m local.real_provider compare "$work" "$stack" || status=1
done
exit "$status"
