# Who leaves a primary does not write down that it is outdated.
# file: dm-netmirror/control.c
/^static bool stand_aside/,/^}/ s/nm_set_flags\(m, NM_SBF_OUTDATED, 0\)/0/
