#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# lvcreate and lvremove: what is checked first, and which commands are run.  The
# programs of LVM are scripts here; the lab has the real ones.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

mkdir bin
PATH=$WORK/bin:$PATH

# program NAME: a script, from standard input; it notes how it was called
program() {
	{ echo '#!/bin/bash'; echo "echo \"\${0##*/} \$*\" >>$WORK/calls"; cat; } >"bin/$1"
	chmod +x "bin/$1"
}

# --- the first node
lvcreate() {
	echo lvcreate --node alpha --peer beta -L 16M -n r0 vg --peer-address 10.77.0.2 --address 10.77.0.1 "$@"
}
# shellcheck disable=SC2046 # words
exits 0 "dry run" $(lvcreate --dry-run)
is "the commands" "$(cat out)" "lvcreate --yes --name r0 --size 34816s --addtag netmirror vg
netmirrorctl create r0 --node alpha --yes --force --source --size 32768s --leg /dev/vg/r0 --address 10.77.0.1 --peer-name beta --peer-leg /dev/vg/r0 --peer-address 10.77.0.2
netmirrorctl up r0
netmirrorctl promote r0 --peer-fenced"
run lvcreate --peer beta:vg2 -L 1T -n r0 vg --secret --region-size 128K --dry-run
prints "another group" "peer-leg /dev/vg2/r0"
prints "regions and a secret" "--secret .*--region-size 128K"
refuses 2 "no name" "needs a name: --name" lvcreate -L 1G vg --peer beta
refuses 2 "a name that is none" 'no name for a mirror' lvcreate -n a/b -L 1G vg --peer beta
refuses 2 "a group that is none" 'no name of a volume group' lvcreate -n r0 -L 1G /dev/vg --peer beta
refuses 2 "a node that is none" 'expected the host name' lvcreate -n r0 -L 1G vg --peer b/eta
refuses 2 "a peer without a name" 'needs a value' lvcreate -n r0 -L 1G vg --peer
refuses 2 "a size that is none" 'expected a multiple of 4K' lvcreate -n r0 -L 1 vg --peer beta
refuses 2 "regions that are none" 'region-size = 3K' lvcreate -n r0 -L 1G vg --peer beta --region-size 3K
refuses 4 "no group" 'copy it from the other node, or, on the first one, give' lvcreate -n r0 -L 1G --peer beta
refuses 4 "no size" 'give a volume group, --size and --peer' lvcreate -n r0 vg --peer beta
refuses 2 "a group too many" 'the usage is' lvcreate -n r0 -L 1G vg vg2 --peer beta

# --- programs that fail
program lvcreate <<-'END'
	echo "  Volume group \"vg\"   not found" >&2
	echo '  Cannot process it.' >&2
	exit 5
END
# shellcheck disable=SC2046
refuses 1 "what LVM says is passed on" 'cannot create r0: "lvcreate --yes --name r0 --size 34816s --addtag netmirror vg" ended with exit code 5: Volume group "vg" not found Cannot process it\.' $(lvcreate)
program lvcreate <<<'kill -KILL $$'
# shellcheck disable=SC2046
refuses 1 "it dies" 'ended with signal 9$' $(lvcreate)
program lvcreate </dev/null
program lvremove </dev/null
rm calls
# shellcheck disable=SC2046
refuses 1 "there is no leg" 'cannot create r0: cannot open /dev/vg/r0' $(lvcreate)
is "what was made is removed" "$(sed 1d calls; ls etc/netmirror)" "lvremove --yes vg/r0"
printf '#!/bin/bash\nPATH=%s exec %q "$@"\n' "$WORK/etc" "$NM_TOOL" >without-lvm
chmod +x without-lvm
# shellcheck disable=SC2046
NM_TOOL=$WORK/without-lvm refuses 1 "there is no LVM" 'there is no program lvcreate; install it' $(lvcreate)

# --- with a configuration
sed "s,$WORK/.\$,/dev/vg/r0," <(good_config) >etc/netmirror/r0.conf
run lvcreate -n r0 --node beta --dry-run
is "the second node" "$(cat out)" "lvcreate --yes --name r0 --size 34816s --addtag netmirror vg
netmirrorctl create r0 --node beta --yes --force
netmirrorctl up r0"
exits 0 "all of it said again" lvcreate -n r0 --node beta --dry-run -L 16M vg --peer alpha
refuses 2 "another group" 'is vg in .*r0.conf, not vg2' lvcreate -n r0 --node beta vg2
refuses 2 "another size" 'the size is 32768s in' lvcreate -n r0 --node beta -L 32M
refuses 2 "another peer" 'the other node is alpha in .*, not beta; is this beta' \
	lvcreate -n r0 --node beta --peer beta
program lvs <<<'echo "  r0"'
run lvremove r0 --node alpha --dry-run
is "what lvremove does" "$(cat out)" "netmirrorctl down r0
lvremove --yes vg/r0
rm -f etc/netmirror/r0.conf"
program lvs </dev/null
refuses 5 "a volume that was not made for it" 'vg/r0 has no tag netmirror' lvremove r0 --node alpha
good_config >etc/netmirror/r0.conf
refuses 5 "a leg that is none" 'no logical volume /dev/GROUP/r0 with internal metadata; use "netmirrorctl create"' \
	lvcreate -n r0 --node beta
refuses 5 "nor does lvremove take it" 'no logical volume of lvcreate' lvremove r0 --node alpha
refuses 4 "a mirror that is not there" 'cannot find the mirror r9' lvremove r9

# --- convert: a disk is a file here, so nothing sits on it
rm -f etc/netmirror/r0.conf calls
leg disk 32M
leg meta 1M
convert="convert r0 --node alpha --leg $WORK/disk --metadata $WORK/meta --peer-name beta
	--address 10.77.0.1 --peer-address 10.77.0.2"
program pvs <<-'END'
	case $* in
	*"--options vg_name"*) echo "  vg" ;;
	*"--select vg_name=vg"*) echo "  $WORK/disk" ;;
	*) exit "$(cat sees)" ;;
	esac
END
export WORK
echo 5 >sees
# shellcheck disable=SC2086 # words
exits 0 "dry run" $convert --dry-run
prints "LVM is given the mirror" "^vgchange --refresh .* --devices /dev/mapper/r0 vg\$"
prints "in the right order" '^netmirrorctl disconnect r0$'
is "nothing was done" "$(find dm etc/netmirror -mindepth 1; tr -d '\0' <meta)" ""
echo 0 >sees
# shellcheck disable=SC2086
refuses 5 "LVM would find the disk again" 'put "r\|\^.*/disk\$\|" at the head of global_filter' $convert
program pvs <<<'echo "  "'
# shellcheck disable=SC2086
refuses 5 "a physical volume of no group" 'belongs to no volume group' $convert
truncate -s 33554944 disk
# shellcheck disable=SC2086
refuses 5 "half a block at the end" 'no multiple of 4 KiB' $convert
refuses 2 "no metadata device" 'as --metadata' convert r0 --node alpha --leg "$WORK/disk"
refuses 4 "nothing to undo" 'cannot find the mirror' convert r0 --undo
good_config >etc/netmirror/r0.conf
refuses 5 "a mirror that is none of convert" 'internal metadata' convert r0 --node alpha
refuses 5 "another disk" 'exists, with the leg .*/a and its metadata on the leg' \
	convert r0 --node alpha --leg "$WORK/disk"
done_testing
