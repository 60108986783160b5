// Makes guardian-demo.pcap, and eve-recording.json by letting the installed Suricata read it.
// Run: npx tsx native-config/demo/make-demo.ts
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEMO_NAMES, type DemoName } from '../../src/cli/demo/demo-world.ts';
import { offlineArguments, writeOfflineConfig } from '../../src/cli/demo/offline-suricata.ts';
import { type Endpoint, PcapWriter } from '../../test/support/pcap.ts';
import { dnsMessage, httpRequest, httpResponse, tlsClientHello } from '../../test/support/wire-message.ts';

const RESOLVER: Endpoint = { address: '192.168.50.1', port: 53 };
/** TEST-NET-3 of RFC 5737: nobody's address. */
const SERVER = '203.0.113.80';
const HERE = fileURLToPath(new URL('.', import.meta.url));

function capture(): Buffer {
  const pcap = new PcapWriter();
  for (const [index, one] of DEMO_NAMES.entries()) add(pcap, one, index);
  return pcap.bytes();
}

function add(pcap: PcapWriter, { name, client, via }: DemoName, index: number): void {
  const from: Endpoint = { address: client, port: 40_000 + index };
  if (via === 'dns') {
    pcap.udp(from, RESOLVER, dnsMessage({ name, id: index + 1 }));
    pcap.udp(RESOLVER, from, dnsMessage({ name, id: index + 1, answers: [SERVER] }));
  } else if (via === 'tls') {
    pcap.tcp(from, { address: SERVER, port: 443 }, tlsClientHello(name));
  } else {
    pcap.tcp(from, { address: SERVER, port: 80 }, httpRequest(name, '/gate'), httpResponse(Buffer.from('ok\n')));
  }
}

function record(pcapPath: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'guardian-make-demo-'));
  try {
    const eve = join(dir, 'eve.json');
    const config = writeOfflineConfig({ dir, output: { filetype: 'regular', filename: eve } });
    execFileSync('suricata', offlineArguments({ config, dir, pcap: pcapPath }), { stdio: 'pipe' });
    return readFileSync(eve, 'utf8');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const pcapPath = join(HERE, 'guardian-demo.pcap');
writeFileSync(pcapPath, capture());
writeFileSync(join(HERE, 'eve-recording.json'), record(pcapPath));
