# A write that ends after the loss of the peer counts as on both legs.
# file: dm-netmirror/io.c
s/if \(io->peer_epoch != READ_ONCE\(m->peer_epoch\)\)/if (0)/
