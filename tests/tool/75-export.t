#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# export and unexport: what LIO is told, who is refused, and that nothing is left of
# an export that failed. The directory target stands for configfs; it has no
# attributes, so that an export gets as far as the first one.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

conf=etc/netmirror/r0.conf
core=target/core/iblock_1510743918
iqn=iqn.2003-01.org.linux-iscsi.netmirror:$UUID
primary='2 AA 256/256 idle 0 primary connected 11111111111111111111111111111111 0 0 rw -'
ini=iqn.1993-08.org.debian:01:abc
port=0x0000000000000000505400fffe4d0003
good_config >$conf
leg a 32M
leg b 32M
run create r0 --node alpha --source

# x ARGS: export r0 on alpha
refuses 4 "what is not there" 'no etc/netmirror/r9.conf' export r9 --iscsi
refuses 4 "what is down" 'is down' export r0 --node alpha --iscsi --acl $ini
run up r0 --node alpha
refuses 5 "a secondary" 'this node is not primary, .*promote r0' export r0 --node alpha --iscsi --acl $ini
echo "$primary" >dm/r0/status

# --- how and to whom
refuses 2 "it is not said how" 'give --iscsi, .*\[export\] into .*r0.conf' export r0 --node alpha
refuses 2 "nor with an address alone" 'not said how' export r0 --node alpha --portal 10.77.0.9
refuses 2 "it is not said to whom" 'not said to whom' export r0 --node alpha --iscsi
refuses 2 "nor for SRP" 'port of each SRP initiator' export r0 --node alpha --srp --acl $ini
refuses 2 "everybody with SRP" 'any does not work with srp' export r0 --node alpha --srp --acl any
refuses 2 "everybody and somebody" 'any stands alone' export r0 --node alpha --iscsi --acl any,$ini
refuses 2 "twice" 'is there twice' export r0 --node alpha --iscsi --acl $ini,$ini
refuses 2 "a name with a slash" 'expected an iSCSI initiator' export r0 --node alpha --iscsi --acl iqn.a/b
refuses 2 "an address" 'expected an iSCSI initiator' export r0 --node alpha --srp --acl 10.77.0.3
refuses 2 "no address" 'expected an IP address' export r0 --node alpha --iscsi --acl any --portal here
refuses 2 "no name" 'expected a name such as' export r0 --node alpha --iscsi --acl any --iqn r0
refuses 2 "no port" 'expected a number from 1' export r0 --node alpha --srp --acl $port --srp-port 65536
refuses 2 "no directory" 'absolute path of a directory' export r0 --node alpha --iscsi --acl $ini --reservations here
refuses 2 "reservations for everybody" 'do not go with acl = any' export r0 --node alpha --iscsi --acl any --reservations /srv
refuses 2 "reservations with SRP" 'do not go with srp' export r0 --node alpha --srp --acl $port --reservations /srv
is "the configuration is as it was" "$(cat $conf)" "$(good_config)"

# --- what is done
exits 0 "dry run" export r0 --node alpha --iscsi --acl $ini --portal 10.77.0.9 --dry-run
tpg=target/iscsi/$iqn/tpgt_1
is "the commands" "$(sed 1,3d out)" "mkdir -p $core
mkdir $core/r0
echo udev_path=/dev/mapper/r0 >$core/r0/control
echo /dev/mapper/r0 >$core/r0/udev_path
echo 1 >$core/r0/enable
echo LIO-ORG >$core/r0/wwn/vendor_id
echo r0 >$core/r0/wwn/product_id
echo 1 >$core/r0/wwn/revision
echo $UUID >$core/r0/wwn/vpd_unit_serial
echo 1 >$core/r0/alua/default_tg_pt_gp/alua_access_type
echo 0 >$core/r0/attrib/emulate_pr
mkdir -p target/iscsi
mkdir target/iscsi/$iqn
mkdir $tpg
echo 0 >$tpg/attrib/authentication
echo 0 >$tpg/attrib/generate_node_acls
[ ! -e $tpg/rtpi ] || echo 26680 >$tpg/rtpi
mkdir $tpg/lun/lun_0
ln -s $core/r0 $tpg/lun/lun_0/r0
mkdir $tpg/acls/$ini
mkdir $tpg/acls/$ini/lun_0
ln -s $tpg/lun/lun_0 $tpg/acls/$ini/lun_0/lun_0
echo 1 >$tpg/enable
mkdir $tpg/np/10.77.0.9:3260"
is "directories of the kernel come first" "$(sed -n '1p; 2s,/[a-z]*/target,X,; 2p; 3s,/[a-z]*/target,X,; 3p' out)" "modprobe target_core_mod
mkdir -p X/pr
mkdir -p X/alua"
is "nothing was done" "$(ls -d target 2>&1; cat $conf)" "ls: cannot access 'target': No such file or directory
$(good_config)"
exits 0 "for everybody, with iSER" export r0 --node alpha --iser --acl any --portal '[fd00::9]:860' --iqn iqn.2026-11.com.example:r0 --dry-run
prints "its portal" '^mkdir .*iqn.2026-11.com.example:r0/tpgt_1/np/\[fd00::9\]:860$'
prints "comes before RDMA" '^echo 1 >.*/np/\[fd00::9\]:860/iser$'
prints "and nobody is limited" '^echo 0 >.*/demo_mode_write_protect$'
exits 0 "loopback" export r0 --node alpha --loopback --dry-run
prints "its target" '^mkdir target/loopback/naa.50014055a0c1f6e9/tpgt_1$'
is "its last step" "$(tail -n 1 out)" "ln -s $core/r0 target/loopback/naa.50014055a0c1f6e9/tpgt_1/lun/lun_0/r0"

# --- from the configuration
export_section() {
	good_config
	printf '[export]\n'
	printf '%s\n' "$@"
}

export_section 'fabrics = iscsi loopback' "acl = $ini" 'acl = iqn.1993-08.org.debian:01:def' >$conf
exits 0 "a section" export r0 --node alpha --dry-run
prints "two initiators" '/acls/iqn.1993-08.org.debian:01:def/lun_0/lun_0$'
refuses 2 "a section and options" 'section \[export\] in line 16 already' export r0 --node alpha --iscsi
exits 0 "other commands take it" status r0 --node alpha
export_section 'fabrics = nfs' >$conf
refuses 1 "an unknown fabric" 'r0.conf:17: fabrics = nfs: expected some of' export r0 --node alpha
export_section 'fabrics = iscsi' >$conf
refuses 1 "nobody may use it" 'r0.conf:16: \[export\]: it is not said to whom' status r0 --node alpha
export_section 'lun = 1' >$conf
refuses 1 "an unknown key" 'r0.conf:17: "lun" is no key of \[export\]' export r0 --node alpha
export_section 'acl = any' 'fabrics = iscsi' 'fabrics = iser' >$conf
refuses 1 "a key twice" 'r0.conf:19: the key "fabrics" is there twice' export r0 --node alpha

# --- one disk, one identifier
good_config >$conf
good_config | sed "s/$UUID/${UUID%???????}eadbeef/" >etc/netmirror/r1.conf
refuses 5 "two uuids that LIO takes for one" 'its uuid and that of r1 have the same first 25 digits' export r0 --node alpha --iscsi --acl $ini
good_config | sed "s/$UUID/${UUID%????????}feadbeef/" >etc/netmirror/r1.conf
exits 0 "24 digits are not enough" export r0 --node alpha --iscsi --acl $ini --dry-run
rm etc/netmirror/r1.conf

# --- reservations
mkdir pr
refuses 1 "no directory for them" 'there is no directory .*/none for the reservations' export r0 --node alpha --iscsi --acl $ini --reservations "$WORK/none"
refuses 5 "not on a mirror" 'would not follow to the other node' export r0 --node alpha --iscsi --acl $ini --reservations "$WORK/pr"

# --- what fails leaves nothing
mkdir -p "target/core" target/iscsi
echo "$WORK/db" >target/dbroot
refuses 1 "LIO refuses" "cannot export r0: writing \"udev_path=/dev/mapper/r0\" to $core/r0/control failed: No such file" export r0 --node alpha --iscsi --acl $ini
is "nothing is left" "$(find target ! -name dbroot | sort)" "target
target/core
target/iscsi"
is "nor in the configuration" "$(cat $conf; ls etc/netmirror)" "$(good_config)
r0.conf"
mkdir -p "$core/r0"
run status r0 --node alpha
prints "the status tells of an export" '^ *export: by LIO'
run status r0 --node alpha --json
json "so does JSON" '.exported == true'
refuses 5 "an export that was interrupted" 'exported in part, .*unexport r0' export r0 --node alpha --iscsi --acl $ini
exits 0 "unexport, dry run" unexport r0 --node alpha --dry-run
is "its commands" "$(cat out)" "rmdir $core/r0
rmdir --ignore-fail-on-non-empty $core"
exits 0 "unexport" unexport r0 --node alpha
is "nothing is left" "$(find target ! -name dbroot | sort)" "target
target/core
target/iscsi"
run status r0 --node alpha --json
json "the status too" '.exported == false'
exits 0 "again" unexport r0 --node alpha
prints "says so" 'r0 is not exported$'

# --- what others have made
mkdir -p "$tpg/lun/lun_0" "$tpg/lun/lun_1" "$core/r0" "$core/other"
ln -s "$WORK/$core/r0" "$tpg/lun/lun_0/r0"
ln -s "$WORK/$core/other" "$tpg/lun/lun_1/other"
refuses 5 "a target with other disks" 'offers other disks as well .*lun_1/other' unexport r0 --node alpha
is "is left alone" "$(ls "$tpg/lun/lun_0")" r0
mkdir "$tpg/np" "$tpg/acls"
rm "$tpg/lun/lun_1/other"
rmdir "$tpg/lun/lun_1"
mkdir -p "target/iscsi/iqn.other/tpgt_1/lun/lun_0"
ln -s "$WORK/$core/other" "target/iscsi/iqn.other/tpgt_1/lun/lun_0/x"
run unexport r0 --node alpha
is "other targets are left alone" "$(ls target/iscsi/iqn.other/tpgt_1/lun/lun_0) $(ls $core)" "x other
r0"
done_testing
