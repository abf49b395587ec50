# A repair writes to the peer's leg without a mark.
# file: dm-netmirror/verify.c
# options: --damage
s/^\tnm_zone_mark\(m, vj->job\.region, 1\);//
