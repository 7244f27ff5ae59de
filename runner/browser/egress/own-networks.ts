import { networkInterfaces } from 'node:os';
import { watchOwnNetworks } from '#shared/own-networks.ts';

/** Tells whether an address is one of this machine, or of a network that it is connected to without a router between. */
export const isOnOwnNetwork = watchOwnNetworks(() => Object.values(networkInterfaces()).flatMap((entries) => entries ?? []));
