#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The units of systemd and the rule of udev: as far as they can be told without either.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

units=$TOP/userspace/netmirrorctl/systemd
rules=$TOP/userspace/netmirrorctl/udev/61-netmirror.rules
sed "s,/usr/sbin/netmirrorctl,$NM_TOOL," "$units/netmirror-up@.service" >netmirror-up@.service
cp "$units/netmirror.target" .
if command -v systemd-analyze >/dev/null; then
	systemd-analyze verify --man=no ./netmirror-up@r0.service ./netmirror.target >out 2>&1 &&
		[ ! -s out ]
	result $? "systemd has nothing to say"
fi
good_config >etc/netmirror/r0.conf
leg a 32M
run create r0 --node alpha --source
for line in ExecStart ExecStop; do
	while read -r command; do
		# shellcheck disable=SC2086 # words
		exits 0 "$line: $command" ${command//%i/r0} --node alpha
	done < <(sed -n "s,^$line=-\\?[^ ]*/netmirrorctl ,,p" "$units/netmirror-up@.service")
done
is "nothing is left running" "$(ls dm)" ""
exits 0 "what the rule asks" probe a
is "the rule takes what probe prints" \
	"$(grep -oE '(ID_FS_TYPE|NETMIRROR_NAME)\}==' "$rules" | tr -d '}=' | sort -u | xargs)" \
	"$(grep -oE '^(ID_FS_TYPE|NETMIRROR_NAME)' out | sort -u | xargs)"
grep -q 'netmirror-up@$env{NETMIRROR_NAME}.service' "$rules"
result $? "and starts the unit"
done_testing
