# A write goes on before the mark of its zone is durable.
# file: bitmap/marks.c
/^bool nm_marks_write_begin/,/^}/ s/if \(z->state != NM_ZONE_ACTIVE\) \{/z->state = NM_ZONE_ACTIVE;\n\tif (0) {/
