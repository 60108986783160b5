import type { Observable } from '../../core/observable.ts';
import { urlForDisclosure } from '../../core/web-url.ts';

/**
 * The API path of an observable's report (docs.virustotal.com/reference: domains, ip_addresses, urls, files).
 * A URL leaves this machine without its query, and is only read: it is never submitted.
 */
export function objectPath(observable: Observable): string {
  switch (observable.kind) {
    case 'domain':
      return `/domains/${observable.value}`;
    case 'ip':
      return `/ip_addresses/${observable.value}`;
    case 'url':
      return `/urls/${urlId(observable.value)}`;
    case 'file':
      return `/files/${observable.value}`;
  }
}

/**
 * VirusTotal's identifier of a URL that one can make without its canonicalisation: base64 with the URL-safe alphabet
 * and without padding (docs.virustotal.com/reference/url).
 */
export function urlId(canonicalUrl: string): string {
  return Buffer.from(urlForDisclosure(canonicalUrl)).toString('base64url');
}
