# A flush is acknowledged alone under the old generation.
# file: dm-netmirror/io.c
s/!\(io->local && mode & NM_MODE_TURNED\)/!(io->local \&\& (mode \& NM_MODE_TURNED || !nm_io_is_write(io)))/
