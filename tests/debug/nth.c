// SPDX-License-Identifier: GPL-2.0-only
/*
 * nth N COMMAND DEVICE [ARGUMENT...]: one ioctl of device-mapper in which the N-th
 * allocation fails.
 *
 *   create             load SECTORS PARAMETER...     resume     suspend
 *   status             message WORD...               clear      remove
 *
 * Says on stdout what came of it.  Exit status 0: the ioctl succeeded, 1: it failed,
 * 2: it needs fewer than N allocations, and succeeded, 3: the same, and it failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct request {
	struct dm_ioctl dmi;
	char data[4096];
};

static const struct {
	const char *word;
	unsigned long ioctl;
	unsigned int flags;
} commands[] = {
	{ "create", DM_DEV_CREATE, 0 },
	{ "load", DM_TABLE_LOAD, 0 },
	{ "resume", DM_DEV_SUSPEND, 0 },
	{ "suspend", DM_DEV_SUSPEND, DM_SUSPEND_FLAG },
	{ "status", DM_TABLE_STATUS, 0 },
	{ "message", DM_TARGET_MSG, 0 },
	{ "clear", DM_TABLE_CLEAR, 0 },
	{ "remove", DM_DEV_REMOVE, 0 },
};

static void join(char *to, size_t size, char **words)
{
	size_t len = 0;

	for (; *words && len < size; words++)
		len += snprintf(to + len, size - len, "%s%s", len ? " " : "",
				*words);
}

static void fill(struct request *r, unsigned long command, char **args)
{
	struct dm_target_spec *spec = (void *)r->data;
	struct dm_target_msg *msg = (void *)r->data;

	r->dmi.version[0] = DM_VERSION_MAJOR;
	r->dmi.data_size = sizeof(*r);
	r->dmi.data_start = sizeof(r->dmi);
	if (command == DM_TABLE_LOAD && *args) {
		r->dmi.target_count = 1;
		spec->length = strtoull(*args, NULL, 10);
		strcpy(spec->target_type, "netmirror");
		join(r->data + sizeof(*spec), sizeof(r->data) - sizeof(*spec),
		     args + 1);
	} else if (command == DM_TARGET_MSG) {
		join(msg->message, sizeof(r->data) - sizeof(*msg), args);
	}
}

/* "0" comes back when the failure was used up. */
static bool set_nth(int fd, const char *n)
{
	char old[16] = {};

	if (pread(fd, old, sizeof(old) - 1, 0) < 0 ||
	    pwrite(fd, n, strlen(n), 0) < 0) {
		perror("nth: fail-nth");
		exit(4);
	}
	return atoi(old);
}

int main(int argc, char **argv)
{
	static struct request r;
	int control = open("/dev/mapper/control", O_RDWR);
	int nth = open("/proc/thread-self/fail-nth", O_RDWR);
	unsigned int i;
	bool unused;
	int err;

	for (i = 0; argc > 3 && i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[2], commands[i].word))
			break;
	if (argc < 4 || i == sizeof(commands) / sizeof(*commands) ||
	    control < 0 || nth < 0) {
		fprintf(stderr, "nth: unknown command, or no device-mapper or fault injection in this kernel\n");
		return 4;
	}
	fill(&r, commands[i].ioctl, argv + 4);
	r.dmi.flags = commands[i].flags;
	strncpy(r.dmi.name, argv[3], sizeof(r.dmi.name) - 1);

	set_nth(nth, argv[1]);
	err = ioctl(control, commands[i].ioctl, &r) ? errno : 0;
	unused = set_nth(nth, "0");
	printf("allocation %s of %s: %s%s\n", argv[1], argv[2],
	       err ? strerror(err) : "success", unused ? ", not reached" : "");
	return (unused ? 2 : 0) + !!err;
}
