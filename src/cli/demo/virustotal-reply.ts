import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { StandInFault } from './virustotal-stand-in-answer.ts';

/** What is sent back: an object as JSON text, or something said or done on purpose. */
export type Reply = StandInFault | { readonly object: string };

const CHUNK = Buffer.alloc(64 * 1024, ' ');

/** Sends a reply, or plays a fault. What it starts ends with the connection. */
export function sendReply(reply: Reply, request: IncomingMessage, response: ServerResponse): void {
  if ('object' in reply) sendObject(reply.object, wantsGzip(request), response);
  else if (reply.fault === 'answer') sendAnswer(reply, response);
  else if (reply.fault === 'reset') request.socket.resetAndDestroy();
  else if (reply.fault === 'torn') tear(request, response);
  else if (reply.fault === 'drip') drip(reply.everyMs, response);
  else if (reply.fault === 'oversize') flood(reply.bytes, reply.announced ?? false, response);
}

/** The real one compresses only for clients whose User-Agent says "gzip" (the official client's own comment). */
function wantsGzip(request: IncomingMessage): boolean {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  return accepted.includes('gzip') && (request.headers['user-agent'] ?? '').includes('gzip');
}

function sendObject(text: string, gzip: boolean, response: ServerResponse): void {
  const type = { 'content-type': 'application/json; charset=utf-8' };
  response.writeHead(200, gzip ? { ...type, 'content-encoding': 'gzip' } : type);
  response.end(gzip ? gzipSync(text, { level: 1 }) : text);
}

function tear(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"data":', () => request.socket.resetAndDestroy());
}

function sendAnswer(fault: Extract<StandInFault, { fault: 'answer' }>, response: ServerResponse): void {
  const isText = typeof fault.body === 'string' || fault.body instanceof Uint8Array;
  const type = isText ? 'text/html; charset=utf-8' : 'application/json';
  response.writeHead(fault.status, { 'content-type': type, ...fault.headers });
  response.end(isText ? fault.body : JSON.stringify(fault.body));
}

function drip(everyMs: number, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), everyMs);
  response.on('close', () => clearInterval(timer));
}

function flood(bytes: number, announced: boolean, response: ServerResponse): void {
  const length = announced ? { 'content-length': String(bytes) } : {};
  response.writeHead(200, { 'content-type': 'application/json', ...length });
  let left = bytes;
  const pour = () => {
    while (left > 0) {
      const size = Math.min(left, CHUNK.length);
      left -= size;
      if (!response.write(CHUNK.subarray(0, size))) return;
    }
    response.end();
  };
  response.on('drain', pour);
  pour();
}
