import { expect, test } from 'vitest';
import { judgeRedisUrl } from './redis-url.ts';

test.each([
  'redis://h',
  'redis://h/',
  'rediss://user:p%40ss@h:6380/3',
  'redis://[::1]:7000/0',
  'redis://h/?db=2',
  'unix:///run/redis.sock',
])('%s is taken', (url) => {
  expect(judgeRedisUrl(url)).toBeUndefined();
});

test.each([
  ['h:6379', /^must begin with redis:\/\//u],
  ['unix://', /^must begin with redis:\/\//u],
  ['redis://', /^names no host\.$/u],
  ['redis://:6379', /^names no host\.$/u],
  ['redis://:secret@', /^names no host\.$/u],
  ['redis://h:99999', /^its port must be/u],
  ['redis://user:p@h:0', /^its port must be/u],
  ['redis://[::1]:port', /^its port must be/u],
  ['redis://h/abc', /^its database must be/u],
  ['redis://h/-1', /^its database must be/u],
  ['redis://h/1/2', /^its database must be/u],
  ['redis://h?db=abc', /^its database must be/u],
  ['redis://user:pa#ss@h', /^names no host\. In a password write # as %23/u],
  ['redis://user:123/ss@h', /^names no host\. In a password write # as %23/u],
  ['redis://user:100%@h', /write % as %25/u],
])('%s has one fault, which is named', (url, message) => {
  expect(judgeRedisUrl(url)).toMatch(message);
});
