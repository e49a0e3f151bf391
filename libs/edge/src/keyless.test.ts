import { describe, expect, test } from 'vitest';
import { isLoopback, refuseUnlessLocal } from './keyless.ts';

describe('a request without an API key', () => {
  test.each(['localhost', 'LocalHost:4000', '127.0.0.1:4000', '127.8.9.10', '[::1]:4000'])(
    'is let in where it names this machine as %s',
    (host) => {
      expect(() => {
        refuseUnlessLocal({ host, 'user-agent': 'claude-cli' });
      }).not.toThrow();
    },
  );

  test.each([
    'gateway.example:4000',
    'localhost.example',
    'localhost.:4000',
    '127.0.0.1.nip.io:4000',
    '127.1:4000',
    '127.999.0.1:4000',
    'localhost:000004000',
    '0.0.0.0:4000',
    '[::ffff:127.0.0.1]:4000',
    '10.0.0.1',
    'localhost:4000@evil.example',
    '',
    undefined,
  ])('is refused under the name %s, which may be anybody’s', (host) => {
    expect(() => {
      refuseUnlessLocal({ host });
    }).toThrow(/host of this request does not name this machine: use http:\/\/localhost/u);
  });

  test.each([
    [{ origin: 'http://localhost:4000' }, 'origin, so it comes from a browser'],
    [{ origin: 'null' }, 'origin, so it comes from a browser'],
    [{ 'sec-fetch-site': 'cross-site' }, 'sec-fetch-site, so it comes from a browser'],
    [{ 'x-forwarded-for': '203.0.113.7' }, 'x-forwarded-for, so it came through a proxy'],
    [{ forwarded: 'for=203.0.113.7' }, 'forwarded, so it came through a proxy'],
  ])('is refused with %j', (headers, reason) => {
    expect(() => {
      refuseUnlessLocal({ host: 'localhost:4000', ...headers });
    }).toThrow(reason);
  });

  test.each(
    `forwarded via x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port
      x-real-ip x-client-ip x-cluster-client-ip x-original-forwarded-for x-original-host cf-connecting-ip
      cf-connecting-ipv6 cf-ray cdn-loop true-client-ip fastly-client-ip fly-client-ip
      x-azure-clientip x-envoy-external-address x-amzn-trace-id x-cloud-trace-context tailscale-user-login x-arr-log-id
      x-proxyuser-ip x-appengine-user-ip`.split(/\s+/u),
  )('is refused with %s alone, which proxies add', (header) => {
    expect(() => {
      refuseUnlessLocal({ host: 'localhost:4000', [header]: 'whatever' });
    }).toThrow(`${header}, so it came through a proxy`);
  });
});

test.each([
  ['127.0.0.1', true],
  ['localhost', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['127.8.9.10', true],
  ['127.example.com', false],
  ['127.0.0.1.nip.io', false],
  ['127.999.0.1', false],
  ['192.168.0.2', false],
])('a listener on %s is on this machine alone: %s', (address, isAlone) => {
  expect(isLoopback(address)).toBe(isAlone);
});
