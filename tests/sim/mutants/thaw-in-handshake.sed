# A command lets I/O go in the middle of a handshake.
# options: --damage
# file: dm-netmirror/hold.c
s/if \(m->io_freezing \|\| m->state\.link == NM_LINK_HANDSHAKE\)/if (m->io_freezing)/
