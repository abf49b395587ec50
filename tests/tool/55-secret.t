#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The file with the secret: who makes it, what it must be like, and that up
# gives it to the kernel before the table that names it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

conf=etc/netmirror/r0.conf
key=$WORK/etc/netmirror/r0.key

config() {
	good_config | sed "s,^link.*,&\\nsecret-file = $key,"
}

mode() {
	stat -c '%a %F' "$key"
}

# --- who makes it
config | sed '/^uuid/d; /^size/d' >$conf
leg a 32M
leg b 32M
exits 0 "a new mirror, dry run" create r0 --node alpha --dry-run
prints "says that it would make the secret" "^would make $key with the secret; copy it to beta"
is "and makes nothing" "$(ls etc/netmirror)" r0.conf
exits 0 "a new mirror" create r0 --node alpha --source
prints "says that it made the secret" "^made $key with the secret; copy it to beta"
is "for root alone" "$(mode)" "600 regular file"
is "64 hex digits" "$(grep -cE '^[0-9a-f]{64}$' "$key") $(wc -c <"$key")" "1 64"
is "the configuration keeps it" "$(grep -c "^secret-file = $key" $conf)" 1
first=$(cat "$key")
exits 0 "create again" create r0 --node alpha --source --force --secret
is "keeps the secret" "$(cat "$key")" "$first"
nothing=$(grep -c 'the secret' out)
is "and says nothing of it" "$nothing" 0

rm "$key"
refuses 4 "another node makes none" "there is no $key with the secret; copy it from alpha, or use --secret" create r0 --node beta
is "its leg is untouched" "$(tr -d '\0' <b | wc -c)" 0
refuses 4 "nor does up" "cannot start r0: there is no $key with the secret; copy it from beta" up r0 --node alpha
exits 0 "unless it is asked for" create r0 --node beta --secret
prints "and says to whom it has to go" "copy it to alpha"
is "it is another one" "$([ "$first" != "$(cat "$key")" ]; echo $?)" 0

good_config >$conf
refuses 2 "--secret without a file for it" "names no file for the secret; write secret-file = etc/netmirror/r0.key below \\[mirror\\]" \
	create r0 --node alpha --force --secret

leg a 32M
opts=(--node alpha --leg "$WORK/a" --address 10.77.0.1 --peer-name beta --peer-address 10.77.0.2)
exits 0 "from options" create r2 "${opts[@]}" --secret
is "the configuration names it" "$(grep ^secret etc/netmirror/r2.conf)" "secret-file = $WORK/etc/netmirror/r2.key"
is "it is there" "$(grep -cE '^[0-9a-f]{64}$' etc/netmirror/r2.key)" 1
leg a 32M
exits 0 "from options, without" create r3 "${opts[@]}"
is "no secret is named" "$(grep -c ^secret etc/netmirror/r3.conf)" 0
leg a 32M
(
	trap '' XFSZ
	ulimit -f 32
	"$NM_TOOL" create r4 "${opts[@]}" --secret >out 2>err </dev/null
)
is "when create fails" "$(grep -c 'writing the metadata to .*/a failed' err)" 1
is "no secret is left" "$(ls etc/netmirror)" "r0.conf
r0.key
r2.conf
r2.key
r3.conf"
config | sed "s,$key,$WORK/nowhere/r0.key," >$conf
leg a 32M
refuses 1 "a directory that is not there" 'nowhere/r0.key, cannot be made: No such file' create r0 --node alpha --secret
is "then the leg is untouched" "$(tr -d '\0' <a | wc -c)" 0
config >$conf

# --- what it must be like
exits 0 "the leg is made" create r0 --node alpha --source

# fit NAME, unfit NAME PATTERN: of the file as it is now
fit() {
	exits 0 "$1" up r0 --node alpha --dry-run
}

unfit() {
	refuses 1 "$1" "cannot start r0: the file with the secret, $key: $2" up r0 --node alpha
}

secret() {
	printf '%s' "$1" >"$key"
}

fit "as create made it"
for bits in 640 604 660 610; do
	chmod $bits "$key"
	unfit "mode $bits" 'can be used by its group or by others; .*chmod 600'
done
chmod 400 "$key"
fit "mode 400"
chmod 600 "$key"
secret 0123456789abcde
unfit "15 bytes" 'is too short; write 64 random hex digits'
secret ''
unfit "empty" 'is too short'
secret 0123456789abcdef
fit "16 bytes"
secret "$(printf '%065d' 0)"
unfit "65 bytes" 'is too long'
secret "$(printf '%0900d' 0)"
unfit "900 bytes" 'is too long'
printf '%064d\n' 0 >"$key"
fit "64 bytes and a newline"
prints "which is not part of it" "^head -c 64 $key \\| keyctl padd logon netmirror:r0 @s\$"
if [ "$(id -u)" = 0 ]; then
	chown 1 "$key"
	unfit "somebody else's" "belongs to another user; make it root's"
	chown 0 "$key"
fi
rm "$key"
mkdir "$key"
unfit "a directory" 'is no regular file'
rmdir "$key"
mkfifo "$key"
unfit "a pipe" 'is no regular file'
rm "$key"
echo 0123456789abcdef >kept
chmod 600 kept
ln -s "$WORK/kept" "$key"
fit "a link to a file that is fit"
is "nothing was started" "$(ls dm)" ""

# --- up
echo 122 >dm/errno-key
refuses 1 "the kernel takes no key" 'does not take its secret as the logon key netmirror:r0: Disk quota exceeded' up r0 --node alpha
is "then no table is loaded" "$(ls dm)" errno-key
rm dm/errno-key
exits 0 "up" up r0 --node alpha
is "gives the kernel the key" "$(cat dm/keys)" "netmirror:r0 0123456789abcdef"
is "and names it in the table" "$(cat dm/r0/table)" \
	"- 128 2 $WORK/a 2048 rdma:[fd00::2]:7791/r0 0 0 6 listen 10.77.0.1:7790 timeout_ms 2000 secret netmirror:r0"
is "the secret is nowhere in it" "$(grep -c 0123456789abcdef dm/r0/table)" 0

# --- what status makes of a refusal
echo "2 aD 0/256 idle 0 secondary refused:auth 00000000000000000000000000000000 0 0 rw -" >dm/r0/status
exits 0 "status" status r0 --node alpha --json
json "says why" '.link.refusal == "auth" and (.link.reason | test("could not prove that it knows the secret"))'
json "and what to do" '.action | test("The file that secret-file = names must be the same on both nodes")'
done_testing
