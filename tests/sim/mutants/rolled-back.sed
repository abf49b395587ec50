# A leg that was put back to an older copy is taken for what it was.
# file: dm-netmirror/core/verdict.c
# options: --rollback
/^static bool rolled_back/,/^}/ s/return h->meetings < other->meetings/return false/
