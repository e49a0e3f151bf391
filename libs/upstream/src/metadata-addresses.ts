import { BlockList, isIP } from 'node:net';

/**
 * Where clouds keep the credentials of a machine: link-local addresses, and those that a cloud chose beside them.
 * Loopback and private addresses are not here, since local models live there.
 */
const ranges = [
  // Link-local: the metadata of AWS, Azure, Google Cloud, Oracle and others, and of AWS's containers.
  ['169.254.0.0', 16],
  // Alibaba Cloud, Azure, and Oracle's older machines.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
] as const;

const ranges6 = [
  ['fe80::', 10],
  // AWS (metadata, and the credentials of EKS), and Google Cloud.
  ['fd00:ec2::254', 128],
  ['fd00:ec2::23', 128],
  ['fd20:ce::254', 128],
] as const;

/** The forms in which an IPv6 address holds an IPv4 one in its last 32 bits; a list knows the mapped form by itself. */
const embeddings = ['::', '::ffff:0:', '64:ff9b::', '64:ff9b:1::'];

const refused = new BlockList();
for (const [network, bits] of ranges) {
  refused.addSubnet(network, bits, 'ipv4');
  for (const prefix of embeddings) refused.addSubnet(`${prefix}${network}`, 96 + bits, 'ipv6');
  // 6to4 holds it in the 32 bits after its prefix.
  refused.addSubnet(`2002:${hexOf(network)}::`, 16 + bits, 'ipv6');
}
for (const [network, bits] of ranges6) refused.addSubnet(network, bits, 'ipv6');

function hexOf(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return [a * 256 + b, c * 256 + d].map((part) => part.toString(16)).join(':');
}

/** Whether a host is an address at which no provider can be, in any form of it; false for names. */
export function isMetadataAddress(host: string): boolean {
  const address = host.replace(/^\[|\]$|%.*$/gu, '');
  switch (isIP(address)) {
    case 4:
      return refused.check(address, 'ipv4');
    case 6:
      return refused.check(address, 'ipv6');
    default:
      return false;
  }
}
