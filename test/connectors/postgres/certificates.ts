/**
 * Certificates for tests, made when they are needed, so that none ever runs out and no key lies around:
 * authorities that sign, and servers that they vouch for. Just as much of X.509 as TLS asks for.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export interface Identity {
  /** PEM, as PostgreSQL reads them. */
  readonly certificate: string;
  readonly key: string;
}

export interface Authority {
  /** What a client is given, to believe whom this one vouches for. */
  readonly certificate: string;
  /** For a server under these names, each a DNS name or an IPv4 address. */
  vouchFor(names: readonly string[]): Identity;
}

export function authority(name: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const by = { issuer: name, issuerKey: keys.privateKey };
  const extensions = [extension(BASIC_CONSTRAINTS, sequence(TRUE))];
  return {
    certificate: certificate({ ...by, subject: name, publicKey: keys.publicKey, extensions }),
    vouchFor(names) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const known = extension(ALTERNATIVE_NAMES, sequence(...names.map(alternativeName)));
      return {
        certificate: certificate({ ...by, subject: 'server', publicKey, extensions: [known] }),
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      };
    },
  };
}

function certificate({
  subject,
  issuer,
  issuerKey,
  publicKey,
  extensions,
}: {
  readonly subject: string;
  readonly issuer: string;
  readonly issuerKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}): string {
  const about = sequence(
    tagged(0xa0, tagged(INTEGER, Buffer.of(2))),
    // Positive, and never the same twice.
    tagged(INTEGER, Buffer.concat([Buffer.of(0x01), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    sequence(time('20200101000000Z'), time('20991231235959Z')),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = tagged(BIT_STRING, Buffer.of(0), sign('sha256', about, issuerKey));
  const lines = sequence(about, ECDSA_WITH_SHA256, signature)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function nameOf(text: string): Buffer {
  const common = sequence(COMMON_NAME, tagged(UTF8_STRING, Buffer.from(text)));
  return sequence(tagged(SET, common));
}

function alternativeName(name: string): Buffer {
  const parts = name.split('.').map(Number);
  const isAddress = parts.length === 4 && !parts.some(Number.isNaN);
  return isAddress ? tagged(0x87, Buffer.from(parts)) : tagged(0x82, Buffer.from(name));
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, TRUE, tagged(OCTET_STRING, value));
}

function time(text: string): Buffer {
  return tagged(GENERALIZED_TIME, Buffer.from(text));
}

// ---------------------------------------------------------------------------------------------
// How ASN.1 is written down

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(SEQUENCE, ...parts);
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : [0x82, Math.floor(length / 256), length % 256];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const TRUE = Buffer.of(0x01, 0x01, 0xff);
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const BASIC_CONSTRAINTS = Buffer.from('0603551d13', 'hex');
const ALTERNATIVE_NAMES = Buffer.from('0603551d11', 'hex');
const ECDSA_WITH_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
