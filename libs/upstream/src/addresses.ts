import { BlockList, isIP } from 'node:net';

/** A network and the number of its bits. */
type Network = readonly [address: string, bits: number];

/**
 * Where clouds keep the credentials of a machine: link-local addresses, and those that a cloud chose beside them.
 * Loopback and private addresses are not here, since local models live there.
 */
const metadata: readonly Network[] = [
  // Link-local: the metadata of AWS, Azure, Google Cloud, Oracle and others, and of AWS's containers.
  ['169.254.0.0', 16],
  // Alibaba Cloud, Azure, and Oracle's older machines.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
];
const metadata6: readonly Network[] = [
  ['fe80::', 10],
  // AWS (metadata, and the credentials of EKS), and Google Cloud.
  ['fd00:ec2::254', 128],
  ['fd00:ec2::23', 128],
  ['fd20:ce::254', 128],
];

/** What the registries of IANA for special purposes say is not to be reached by everybody. */
const special: readonly Network[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
const special6: readonly Network[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];
/** All that is public of IPv6: what was given out so far, and IPv4 behind a translator. */
const public6: readonly Network[] = [
  ['2000::', 3],
  ['64:ff9b::', 96],
];

/** The forms in which an IPv6 address holds an IPv4 one in its last 32 bits; a list knows the mapped form by itself. */
const embeddings = ['::', '::ffff:0:', '64:ff9b::', '64:ff9b:1::'];

function listOf(networks: readonly Network[], networks6: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of networks) {
    list.addSubnet(network, bits, 'ipv4');
    for (const prefix of embeddings) list.addSubnet(`${prefix}${network}`, 96 + bits, 'ipv6');
    // 6to4 holds it in the 32 bits after its prefix.
    list.addSubnet(`2002:${hexOf(network)}::`, 16 + bits, 'ipv6');
  }
  for (const [network, bits] of networks6) list.addSubnet(network, bits, 'ipv6');
  return list;
}

function hexOf(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return [a * 256 + b, c * 256 + d].map((part) => part.toString(16)).join(':');
}

const metadataList = listOf(metadata, metadata6);
const specialList = listOf([...metadata, ...special], [...metadata6, ...special6]);
const publicList6 = listOf([], public6);

/** Whether a host is an address at which no provider can be, in any form of it; false for names. */
export function isMetadataAddress(host: string): boolean {
  const { address, family } = read(host);
  return family !== 'none' && metadataList.check(address, family);
}

/** Whether an address can be reached by everybody. False for names. */
export function isPublicAddress(host: string): boolean {
  const { address, family } = read(host);
  if (family === 'none' || specialList.check(address, family)) return false;
  return family === 'ipv4' || publicList6.check(address, 'ipv6');
}

/** Whether the host of a URL is an address itself, which nobody looks up. */
export function isAddress(host: string): boolean {
  return read(host).family !== 'none';
}

function read(host: string): { readonly address: string; readonly family: 'ipv4' | 'ipv6' | 'none' } {
  const address = host.replace(/^\[|\]$|%.*$/gu, '');
  const version = isIP(address);
  return { address, family: version === 0 ? 'none' : version === 4 ? 'ipv4' : 'ipv6' };
}
