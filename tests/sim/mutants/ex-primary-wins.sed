# A crashed primary is the source although the other node went on.
# file: dm-netmirror/core/verdict.c
s/return copy\(me, peer, true, at > me->gens\.covered/return copy(me, peer, !(peer->flags \& NM_SBF_PRIMARY), at > me->gens.covered/
s/return copy\(me, peer, false, peer_at > peer->gens\.covered/return copy(me, peer, me->flags \& NM_SBF_PRIMARY, peer_at > peer->gens.covered/
