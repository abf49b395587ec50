# The application gets the error of a leg while the peer has all the data.
# file: dm-netmirror/hold.c
# options: --leg-errors
/^static bool ends_something/,/^}/ s/failed = failed && nm_may_detach\(&m->state\);/failed = false;/
