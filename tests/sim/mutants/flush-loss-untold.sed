# A flush of the mirror's own fails where no peer has the data; no application hears it.
# file: dm-netmirror/io.c
# options: --leg-errors
s/^(\tif \(!status && )has_to_tell\(io\)/\1false \&\& has_to_tell(io)/
