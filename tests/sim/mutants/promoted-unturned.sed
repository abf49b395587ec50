# A node that is promoted without its peer stays in the old generation.
# file: dm-netmirror/control.c
s/\} else if \(!connected && m->sb\.flags & NM_SBF_PEER_HAS_GEN\) \{/} else if (0) {/
