# A node is promoted although nobody vouches for the peer.
# file: dm-netmirror/core/state.c
s/return peer_fenced \? NM_REFUSE_NOT : NM_REFUSE_NO_EVIDENCE/return NM_REFUSE_NOT/
