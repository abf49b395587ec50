# What both legs acknowledged counts as clean, whatever is in their caches.
# file: bitmap/marks.c
/^unsigned int nm_marks_write_end/,/^}/ s/__set_bit\(r, m->unflushed\)/(void)0/
