// SPDX-License-Identifier: GPL-2.0-only
/*
 * The secret of a mirror comes from a key of type logon, which no process can
 * read back, and is copied: the key may go away with whoever loaded it.
 */
#include <keys/user-type.h>
#include <linux/key.h>
#include <linux/slab.h>

#include "core/auth.h"
#include "secret.h"

static int copy_payload(struct nm_secret *secret, struct key *key,
			char **error)
{
	const struct user_key_payload *payload;
	int err = 0;

	down_read(&key->sem);
	payload = user_key_payload_locked(key);
	if (!payload) {
		*error = "The logon key of core argument secret was revoked";
		err = -EKEYREVOKED;
	} else if (payload->datalen < NM_SECRET_MIN ||
		   payload->datalen > NM_SECRET_MAX) {
		*error = "The logon key of core argument secret must have from 16 to 64 bytes";
		err = -EINVAL;
	} else {
		secret->len = payload->datalen;
		memcpy(secret->bytes, payload->data, payload->datalen);
	}
	up_read(&key->sem);
	return err;
}

struct nm_secret *nm_secret_get(const char *name, char **error)
{
	struct nm_secret *secret;
	struct key *key;
	int err;

	key = request_key(&key_type_logon, name, NULL);
	if (IS_ERR(key)) {
		*error = "The keyrings of this process have no logon key of the name in core argument secret";
		return ERR_CAST(key);
	}
	secret = kzalloc(sizeof(*secret), GFP_KERNEL);
	if (secret)
		secret->name = kstrdup(name, GFP_KERNEL);
	if (secret && secret->name) {
		err = copy_payload(secret, key, error);
	} else {
		*error = "Out of memory";
		err = -ENOMEM;
	}
	key_put(key);
	if (!err)
		return secret;
	nm_secret_free(secret);
	return ERR_PTR(err);
}

void nm_secret_free(struct nm_secret *secret)
{
	if (secret)
		kfree(secret->name);
	kfree_sensitive(secret);
}

bool nm_secrets_match(const struct nm_secret *a, const struct nm_secret *b)
{
	if (!a || !b)
		return a == b;
	return a->len == b->len && nm_auth_same(a->bytes, b->bytes, a->len);
}
