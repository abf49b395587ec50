# Whom a primary leaves does not write down that it is outdated.
# file: dm-netmirror/session.c
/^static void got_bye/,/^}/ s/nm_set_flags\(m, NM_SBF_OUTDATED, 0\)/0/
