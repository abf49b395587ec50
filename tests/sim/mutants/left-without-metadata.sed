# A secondary that cannot write down that it is left behind may be promoted later.
# file: dm-netmirror/session.c
# options: --leg-errors
s/^(\tif \()leaves_unwritten\(m\)/\1false \&\& leaves_unwritten(m)/
