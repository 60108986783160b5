import type { Annotation } from './dashboard.ts';
import { COLOURS, type DataLink } from './panel.ts';

/** VirusTotal's own page about the cell's value; it tells names, addresses and hashes apart by itself. */
export const VIRUSTOTAL_LINK: DataLink = {
  title: 'Search at VirusTotal',
  url: 'https://www.virustotal.com/gui/search/${__value.raw:percentencode}',
};

/** Who used the cell's value. */
export const OVERVIEW_LINK: DataLink = {
  title: 'Who used it',
  url: '/d/hng-network-overview?${__url_time_range}&${datasource:queryparam}&var-search=${__value.raw:percentencode}',
};

/** The network as one device sees it. */
export const DEVICE_LINK: DataLink = {
  title: 'This device alone',
  url: '/d/hng-network-overview?${__url_time_range}&${datasource:queryparam}&var-client=${__value.raw:percentencode}',
};

/** A verdict's words and colours. */
export const STATE_TEXTS = {
  malicious: ['malicious', COLOURS.bad],
  suspicious: ['suspicious', COLOURS.warning],
} as const;

/** When something turned out to be bad. */
export const NEW_MALICIOUS: Annotation = {
  name: 'New malicious indicators',
  colour: COLOURS.bad,
  sql: `SELECT MIN(at) AS time, CONCAT(value, ' turned malicious') AS text, kind AS tags FROM panel_changes
    WHERE to_state = 'malicious' AND $__timeFilter(at) GROUP BY kind, value ORDER BY 1 DESC LIMIT 100`,
};

/** When it was put in place. */
export const PUBLISHED: Annotation = {
  name: 'Publishes',
  colour: COLOURS.neutral,
  sql: `SELECT published AS time, CONCAT(value, ' published to ', target) AS text, target AS tags FROM panel_published
    WHERE $__timeFilter(published) ORDER BY 1 DESC LIMIT 100`,
};
