import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { Server } from 'node:https';

/** A certificate for 127.0.0.1 and localhost that nobody trusts unless told to, in PEM. It guards nothing but tests. */
export const selfSignedCertificate = `-----BEGIN CERTIFICATE-----
MIIBZjCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEJl+v7r03gk83o9
Hw/jL1O6yJKCb0KYoatjGWioWpLH781jSFcJok7YC177S301Zv8S5zDH2n0ypFTM
RXnL8H+jTjBMMA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxob3N0
hwR/AAABMB0GA1UdDgQWBBTkZzy3Uc6+2TF458pgWWIxXF5nYjAKBggqhkjOPQQD
AgNHADBEAiBD+fYCv67Wz0KekVBfFXIFOFtRp8V3gDM3/lgatrGYmwIgLK9UAIbi
jnooYzW79bQQb8U14SP3IA+cxFu5ZhbAYrY=
-----END CERTIFICATE-----`;

/** Its private key. */
export const selfSignedKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgDJR3JYSYie6R5jU4
3Gg6Se9lqgyokbiqTE0//T5tUcGhRANCAARCZfr+69N4JPN6PR8P4y9TusiSgm9C
mKGrYxloqFqSx+/NY0hXCaJO2Ate+0t9NWb/Eucwx9p9MqRUzEV5y/B/
-----END PRIVATE KEY-----`;

/** An HTTPS server with that certificate. */
export function createSelfSignedServer(handle: RequestListener): Server {
  return createServer({ cert: selfSignedCertificate, key: selfSignedKey }, handle);
}
