# SPDX-License-Identifier: GPL-2.0-only
# Bar chart of bench.sh: data, out and systems are set by it.
set terminal svg size 900,500
set output out
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.8
set logscale y
set yrange [10:]
set ylabel "IOPS, or MB/s for 1 MiB writes"
set grid ytics
set key outside top center horizontal
plot for [i = 1:words(systems)] data using (column(i + 1)):xtic(1) title word(systems, i)
