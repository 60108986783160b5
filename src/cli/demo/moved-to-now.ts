/** Length of the header of a pcap file and of each packet in it (draft-gharris-opsawg-pcap). */
const FILE_HEADER = 24;
const PACKET_HEADER = 16;

/**
 * A capture with its times moved, so that its first packet is at `startMs`. Somebody who explores the demonstration
 * then reads "a minute ago", and no retention takes a capture of last year for old.
 */
export function captureMovedTo(startMs: number, pcap: Buffer): Buffer {
  const moved = Buffer.from(pcap);
  const shift = Math.floor(startMs / 1000) - moved.readUInt32LE(FILE_HEADER);
  for (let at = FILE_HEADER; at + PACKET_HEADER <= moved.length; at += PACKET_HEADER + moved.readUInt32LE(at + 8)) {
    moved.writeUInt32LE(moved.readUInt32LE(at) + shift, at);
  }
  return moved;
}

/** EVE lines with the same done to their timestamps. */
export function recordingMovedTo(startMs: number, eve: string): string {
  const times = eve.matchAll(/^\{"timestamp":"([^"]{19})/gm);
  const first = Math.min(...[...times].map((match) => Date.parse(`${match[1]}Z`)));
  const shift = startMs - first;
  return eve.replace(/^(\{"timestamp":")([^"]{19})(\.\d{6}\+0000)/gm, (_, head: string, time: string, rest: string) => {
    const at = new Date(Date.parse(`${time}Z`) + shift).toISOString().slice(0, 19);
    return `${head}${at}${rest}`;
  });
}
