import { createCipheriv, createHmac } from 'node:crypto';
import { clientHello, extension, serverNameList, uint16List } from './wire-message.ts';

/** RFC 9001 5.2: what makes the keys of a first packet, which anybody on the path may read. */
const INITIAL_SALT = Buffer.from('38762cf7f55934b34d179ae6a4c80cadccbb7f0a', 'hex');
const CONNECTION_ID = Buffer.from('8394c8f03e515708', 'hex');
/** RFC 9000 14.1: a client's first datagram has at least this length. */
const DATAGRAM_BYTES = 1200;
const TAG_BYTES = 16;

/** The UDP payload of a QUIC version 1 Initial packet with a ClientHello that names `serverName` (RFC 9000, 9001). */
export function quicInitial(serverName: string): Buffer {
  const secret = expand(hmac(INITIAL_SALT, CONNECTION_ID), 'client in', 32);
  const header = Buffer.concat([
    Buffer.from([0xc0]),
    Buffer.from('00000001', 'hex'),
    Buffer.from([CONNECTION_ID.length]),
    CONNECTION_ID,
    Buffer.from([0, 0]),
  ]);
  // What follows the two bytes of length: a packet number of one byte, the frames, the tag.
  const length = DATAGRAM_BYTES - header.length - 2;
  const plain = Buffer.alloc(length - 1 - TAG_BYTES);
  cryptoFrame(serverName).copy(plain);
  const whole = Buffer.concat([header, Buffer.from([0x40 | (length >> 8), length & 0xff]), Buffer.from([0])]);
  const cipher = createCipheriv('aes-128-gcm', expand(secret, 'quic key', 16), expand(secret, 'quic iv', 12));
  cipher.setAAD(whole);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return protect(whole, sealed, expand(secret, 'quic hp', 16));
}

function cryptoFrame(serverName: string): Buffer {
  const hello = clientHello([
    extension(0x0000, serverNameList(serverName)),
    extension(0x000a, uint16List([0x001d])),
    extension(0x002b, Buffer.from([2, 3, 4])),
    extension(0x0039, Buffer.from([0x01, 0x02, 0x40, 0x64])),
  ]);
  return Buffer.concat([Buffer.from([0x06, 0x00, 0x40 | (hello.length >> 8), hello.length & 0xff]), hello]);
}

/** Header protection, RFC 9001 5.4: the sample starts four bytes after the packet number. */
function protect(header: Buffer, sealed: Buffer, key: Buffer): Buffer {
  const cipher = createCipheriv('aes-128-ecb', key, null);
  const mask = cipher.update(sealed.subarray(3, 3 + 16));
  const first = header[0] ?? 0;
  const last = header.length - 1;
  header[0] = first ^ ((mask[0] ?? 0) & 0x0f);
  header[last] = (header[last] ?? 0) ^ (mask[1] ?? 0);
  return Buffer.concat([header, sealed]);
}

/** HKDF-Expand-Label of RFC 8446 7.1, for lengths that one round of HMAC gives. */
function expand(secret: Buffer, label: string, length: number): Buffer {
  const full = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, full.length]), full, Buffer.from([0])]);
  return hmac(secret, Buffer.concat([info, Buffer.from([1])])).subarray(0, length);
}

function hmac(key: Buffer, message: Buffer): Buffer {
  return createHmac('sha256', key).update(message).digest();
}
