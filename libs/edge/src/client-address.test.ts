import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createClientAddresses, readAddressRange, sourceOf } from './client-address.ts';

function addressOf(trusted: readonly string[], remoteAddress: string, forwardedFor?: string): string {
  const ranges = trusted.map(readAddressRange).filter((range) => range !== undefined);
  const request = new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress }));
  if (forwardedFor !== undefined) request.headers['x-forwarded-for'] = forwardedFor;
  return createClientAddresses(ranges)(request);
}

test.each<[string, readonly string[], string, string | undefined, string]>([
  ['the socket’s without proxies', [], '10.0.0.1', undefined, '10.0.0.1'],
  ['the socket’s, whatever an untrusted peer says', [], '10.0.0.1', '1.2.3.4', '10.0.0.1'],
  ['the socket’s where another network is trusted', ['10.1.0.0/16'], '10.0.0.1', '1.2.3.4', '10.0.0.1'],
  ['what a trusted proxy says', ['10.0.0.0/8'], '10.0.0.1', '1.2.3.4', '1.2.3.4'],
  ['not what a client says in front of a proxy', ['10.0.0.0/8'], '10.0.0.1', '9.9.9.9, 1.2.3.4', '1.2.3.4'],
  ['what the first of two trusted proxies says', ['10.0.0.0/8'], '10.0.0.1', '9.9.9.9, 1.2.3.4, 10.2.3.4', '1.2.3.4'],
  ['the outermost proxy where all are trusted', ['10.0.0.0/8'], '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['the proxy’s where it says nothing', ['10.0.0.0/8'], '10.0.0.1', undefined, '10.0.0.1'],
  ['the proxy’s where it says nonsense', ['10.0.0.0/8'], '10.0.0.1', 'unknown', '10.0.0.1'],
  ['an IPv4 address of a dual-stack socket', ['10.0.0.1'], '::ffff:10.0.0.1', '1.2.3.4', '1.2.3.4'],
  ['an address with a port', ['10.0.0.1'], '10.0.0.1', '1.2.3.4:5678', '1.2.3.4'],
  ['an IPv6 address in brackets', ['fd00::/8'], 'fd00::1', '[2001:db8::1]:5678', '2001:db8::1'],
])('the address is %s', (_name, trusted, socket, forwardedFor, expected) => {
  expect(addressOf(trusted, socket, forwardedFor)).toBe(expected);
});

describe('ranges', () => {
  test.each(['10.0.0.0/33', 'fd00::/129', '10.0.0/8', 'loopback', '10.0.0.1/', '', '*'])('%s is none', (text) => {
    expect(readAddressRange(text)).toBeUndefined();
  });

  test('a single address is a range of one', () => {
    expect(readAddressRange('::1')).toEqual({ address: '::1', prefixLength: 128, family: 'ipv6' });
  });
});

test.each([
  ['1.2.3.4', '1.2.3.4'],
  ['2001:db8:0:1::7', '2001:db8:0:1::/64'],
  ['2001:0DB8:0:0001:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1:2:3:4:5', 'fe80:0:0:1::/64'],
])('%s counts as %s', (address, source) => {
  expect(sourceOf(address)).toBe(source);
});
