// SPDX-License-Identifier: GPL-2.0-only
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <netmirror/wire.h>

#include "route.h"

/* As netmirror.conf(5) spells it; false for what no other machine reaches. */
static bool spell(const struct sockaddr *addr, socklen_t len,
		  char out[NM_ADDRESS_STRLEN])
{
	char host[NM_ADDRESS_STRLEN], text[NM_ADDRESS_STRLEN + 2];

	if (getnameinfo(addr, len, host, sizeof(host), NULL, 0,
			NI_NUMERICHOST) ||
	    !strncmp(host, "127.", 4) || !strcmp(host, "::1"))
		return false;
	snprintf(text, sizeof(text), addr->sa_family == AF_INET6 ? "[%s]" :
		 "%s", host);
	return !nm_parse_address(text, out);
}

/* Connecting a datagram socket sends nothing, but chooses a route. */
static bool find_own(const struct addrinfo *to, char own[NM_ADDRESS_STRLEN])
{
	int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	bool found = fd >= 0 && !connect(fd, to->ai_addr, to->ai_addrlen) &&
		     !getsockname(fd, (struct sockaddr *)&addr, &len) &&
		     spell((struct sockaddr *)&addr, len, own);

	if (fd >= 0)
		close(fd);
	return found;
}

void nm_route_find(const char *peer_name, char self[NM_ADDRESS_STRLEN],
		   char peer[NM_ADDRESS_STRLEN])
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	char host[NM_ADDRESS_STRLEN], own[NM_ADDRESS_STRLEN];
	char found[NM_ADDRESS_STRLEN];
	struct addrinfo *list, *ai;

	/* The port is behind the last colon, and an IPv6 address in brackets. */
	snprintf(host, sizeof(host), "%s", *peer ? peer + (*peer == '[') : "");
	host[*peer == '[' ? strcspn(host, "]") : strcspn(host, ":")] = 0;
	if (getaddrinfo(*host ? host : peer_name, "7790", &hints, &list))
		return;
	for (ai = list; ai; ai = ai->ai_next) {
		if (!spell(ai->ai_addr, ai->ai_addrlen, found) ||
		    !find_own(ai, own))
			continue;
		if (!*peer)
			strcpy(peer, found);
		if (!*self)
			strcpy(self, own);
		break;
	}
	freeaddrinfo(list);
}
