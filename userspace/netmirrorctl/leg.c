// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <blkid/blkid.h>

#include "holders.h"
#include "leg.h"
#include "netmirrorctl.h"

/* Device or file, how large, and can it hold blocks of 4 KiB? */
static int inspect(struct nm_leg *leg, const char *doing)
{
	unsigned int block_size = 512;
	struct stat st;
	u64 bytes;
	int err;

	if (fstat(leg->fd, &st))
		goto fail;
	if (S_ISREG(st.st_mode)) {
		leg->is_file = true;
		bytes = st.st_size;
	} else if (S_ISBLK(st.st_mode)) {
		leg->rdev = st.st_rdev;
		if (ioctl(leg->fd, BLKGETSIZE64, &bytes) ||
		    ioctl(leg->fd, BLKSSZGET, &block_size))
			goto fail;
	} else {
		nm_error("%s: %s is not a block device", doing, leg->path);
		return -ENOTBLK;
	}
	if (block_size > NM_BLOCK_SIZE) {
		nm_error("%s: %s has sectors of %u bytes; at most %d can be used",
			 doing, leg->path, block_size, NM_BLOCK_SIZE);
		return -EINVAL;
	}
	leg->sectors = bytes >> NM_SECTOR_SHIFT;
	return 0;
fail:
	err = -errno;
	nm_error("%s: cannot inspect %s: %s", doing, leg->path, strerror(-err));
	return err;
}

int nm_leg_open(struct nm_leg *leg, const char *path, bool exclusive,
		const char *doing)
{
	char users[512];
	struct stat st;
	int err;

	memset(leg, 0, sizeof(*leg));
	leg->path = path;
	/* O_EXCL on a block device: refused while anybody has claimed it. */
	leg->fd = open(path, O_CLOEXEC | O_NONBLOCK |
		       (exclusive ? O_RDWR | O_EXCL : O_RDONLY));
	if (leg->fd >= 0) {
		err = inspect(leg, doing);
		if (err)
			nm_leg_close(leg);
		return err;
	}
	err = -errno;
	if (err == -EBUSY && !stat(path, &st)) {
		nm_holders(st.st_rdev, users, sizeof(users));
		nm_error("%s: %s is in use%s%s; stop that first", doing, path,
			 *users ? " by " : "", users);
	} else {
		nm_error("%s: cannot open %s: %s", doing, path, strerror(-err));
	}
	return err;
}

void nm_leg_close(struct nm_leg *leg)
{
	if (leg->fd >= 0)
		close(leg->fd);
	leg->fd = -1;
}

int nm_leg_read(const struct nm_leg *leg, u64 offset, void *buf, size_t len)
{
	ssize_t n = pread(leg->fd, buf, len, offset);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int nm_leg_write(const struct nm_leg *leg, u64 offset, const void *buf,
		 size_t len)
{
	ssize_t n = pwrite(leg->fd, buf, len, offset);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int nm_leg_sync(const struct nm_leg *leg)
{
	if (fsync(leg->fd))
		return -errno;
	return -posix_fadvise(leg->fd, 0, 0, POSIX_FADV_DONTNEED);
}

static blkid_probe new_probe(const struct nm_leg *leg)
{
	blkid_probe pr = blkid_new_probe();

	if (!pr)
		return NULL;
	if (blkid_probe_set_device(pr, leg->fd, 0, 0)) {
		blkid_free_probe(pr);
		return NULL;
	}
	blkid_probe_enable_superblocks(pr, 1);
	blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_TYPE |
					  BLKID_SUBLKS_USAGE |
					  BLKID_SUBLKS_MAGIC |
					  BLKID_SUBLKS_BADCSUM);
	blkid_probe_enable_partitions(pr, 1);
	/* A GPT at either end of the device, as wipefs looks for it. */
	blkid_probe_set_partitions_flags(pr, BLKID_PARTS_MAGIC |
					 BLKID_PARTS_FORCE_GPT);
	return pr;
}

/* "an ext4 file system", "a gpt partition table", "a member of ..." */
static void describe(blkid_probe pr, char *what, size_t size)
{
	const char *type = NULL, *usage = NULL, *kind;

	blkid_probe_lookup_value(pr, "TYPE", &type, NULL);
	blkid_probe_lookup_value(pr, "USAGE", &usage, NULL);
	if (type) {
		kind = usage && !strcmp(usage, "filesystem") ?
		       "file system" : "signature";
	} else {
		kind = "partition table";
		blkid_probe_lookup_value(pr, "PTTYPE", &type, NULL);
	}
	if (!type)
		type = "unknown";
	snprintf(what, size, "%s %s %s",
		 strchr("aeioux", *type) ? "an" : "a", type, kind);
}

int nm_leg_signature(const struct nm_leg *leg, char *what, size_t size)
{
	blkid_probe pr = new_probe(leg);
	int found;

	*what = 0;
	if (!pr)
		return -ENOMEM;
	errno = EIO;
	found = blkid_do_probe(pr);
	if (!found)
		describe(pr, what, size);
	blkid_free_probe(pr);
	return found < 0 ? -errno : 0;
}

int nm_leg_wipe(const struct nm_leg *leg)
{
	blkid_probe pr = new_probe(leg);
	int err = 0;

	if (!pr)
		return -ENOMEM;
	errno = EIO;
	while (!err && !blkid_do_probe(pr))
		if (blkid_do_wipe(pr, 0))
			err = -errno;
	blkid_free_probe(pr);
	return err;
}
