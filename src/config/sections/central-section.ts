import { nullable } from '../field.ts';
import { flag, hostPort, path, secretFile, socketPath, text } from '../field-kinds.ts';
import { type ConfigOf, type Conflict, list, optional, section } from '../section.ts';

/** MySQL's own port. */
const MYSQL_PORT = 3306;

/** The database that several sensors share. */
export const centralSection = section(
  'A MySQL or MariaDB that several sensors share, and Grafana reads. It may be away for days.',
  {
    hosts: list(hostPort({ doc: 'One of its hosts.', example: 'db1:3306', defaultPort: MYSQL_PORT }), {
      doc: 'Its hosts, tried in this order; either this or socket.',
      identity: ({ host, port }) => `${host}:${port}`,
    }),
    socket: nullable(socketPath({ doc: 'Its unix socket; either this or hosts.', example: '/run/mysqld/mysqld.sock' })),
    user: text({
      doc: 'The user to log in as.',
      default: 'guardian',
      pattern: /^[^\0]{1,80}$/,
      want: 'the name of a user',
    }),
    password_file: nullable(
      secretFile({ doc: 'File that holds the password.', example: '/etc/guardian/mysql.password' }),
    ),
    database: text({
      doc: 'The database.',
      default: 'virus_total',
      pattern: /^[A-Za-z0-9_]{1,64}$/,
      want: 'a name of letters, digits and "_"',
    }),
    fleet: flag({
      doc: 'Shares answers, words said with --scope all, and the allowance of the key with the other sensors; false only sends.',
      default: true,
    }),
    share_allow: flag({
      doc: 'Says the "allow" list of this file on all sensors; false keeps it to this one.',
      default: false,
    }),
    tls: optional(
      section('Encrypts the connection and checks who answers.', {
        ca_file: nullable(
          path({ doc: 'Certificates to trust; null trusts those of the system.', example: '/etc/guardian/db-ca.pem' }),
        ),
      }),
    ),
  },
  ({ hosts, socket }) => {
    const conflicts: Conflict[] = [];
    if (hosts.length === 0 && socket === null)
      conflicts.push({ key: '', text: 'has neither hosts nor socket, want one of them' });
    if (hosts.length > 0 && socket !== null)
      conflicts.push({ key: 'socket', text: 'is given besides hosts, want one of them' });
    return conflicts;
  },
);

/** `central:` of the configuration, where it is given. */
export type CentralConfig = ConfigOf<(typeof centralSection)['shape']>;
