import { expect, test } from 'vitest';
import { isMetadataAddress, isPublicAddress } from './addresses.ts';

test.each([
  ['link-local', ['169.254.0.0', '169.254.169.254', '169.254.255.255', 'fe80::1', 'fe80::1%eth0', 'febf::1']],
  ['of cloud metadata', ['100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254']],
  ['mapped into IPv6', ['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '[::ffff:a9fe:1]', '::ffff:100.100.100.200']],
  ['compatible, translated, 6to4', ['::169.254.1.1', '::ffff:0:a9fe:1', '2002:a9fe:a9fe::1', '2002:a83f:8110::1']],
  ['of NAT64', ['64:ff9b::169.254.169.254', '64:ff9b::a83f:8110', '64:ff9b:1::a9fe:a9fe']],
])('addresses that are %s are refused', (_what, addresses) => {
  expect(addresses.filter((address) => !isMetadataAddress(address))).toEqual([]);
});

test('a URL writes every form of an IPv4 address as the one that is known', () => {
  const forms = ['http://2852039166', 'http://0xA9FEA9FE', 'http://169.0376.0xa9fe', 'http://[::FFFF:169.254.169.254]'];
  expect(forms.map((form) => isMetadataAddress(new URL(form).hostname))).toEqual(forms.map(() => true));
});

test('loopback, private and public addresses are not, and names are not looked at', () => {
  const others = ['127.0.0.1', '::1', '10.0.0.1', '192.168.1.1', '172.17.0.1', 'fd00::1', 'fc00::1', '100.64.0.1'];
  const more = ['169.253.255.255', '169.255.0.0', 'fec0::1', '::ffff:10.0.0.1', '8.8.8.8', '2001:db8::1', 'localhost'];
  expect([...others, ...more].filter(isMetadataAddress)).toEqual([]);
});

test.each([
  ['of this machine or network', ['127.0.0.1', '0.0.0.0', '10.1.2.3', '172.31.0.1', '192.168.0.1', '100.64.0.1']],
  ['for special purposes', ['192.0.2.1', '198.18.0.1', '203.0.113.9', '224.0.0.1', '255.255.255.255', '168.63.129.16']],
  ['private in IPv6', ['::', '::1', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1', '2001:db8::1', '2001::1', '3fff::1']],
  ['IPv4 in another form', ['::ffff:10.0.0.1', '::ffff:8.8.8.8', '64:ff9b::10.0.0.1', '2002:a00:1::1', '::8.8.8.8']],
  ['no addresses', ['localhost', 'example.com', '']],
])('addresses that are %s are not public', (_what, addresses) => {
  expect(addresses.filter(isPublicAddress)).toEqual([]);
});

test('others are public', () => {
  const addresses = ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '[2a00::1]', '64:ff9b::8.8.8.8'];
  expect(addresses.filter((address) => !isPublicAddress(address))).toEqual([]);
});
