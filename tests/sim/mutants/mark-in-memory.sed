# Marks that are not written pass for durable before the leg is out of use.
# file: dm-netmirror/meta.c
# options: --leg-errors
s/given_up = m->state\.flags/given_up = m->sb.flags/
