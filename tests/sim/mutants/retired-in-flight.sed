# A zone is retired with writes in flight.
# file: bitmap/marks.c
/^bool nm_marks_retire/,/^}/ s/ \|\| z->nr_writes//
