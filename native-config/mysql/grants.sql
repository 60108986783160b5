-- Users of the central database. Run as an administrator of the server, with passwords of your own:
--   mysql < grants.sql
-- Nothing is granted ON *.*, so that none of them sees another database, reads a file or changes the server.

CREATE DATABASE IF NOT EXISTS virus_total CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- Sensors: read and write rows, and nothing else.
CREATE USER IF NOT EXISTS 'guardian'@'%' IDENTIFIED BY 'change-me-1';
GRANT SELECT, INSERT, UPDATE, DELETE ON virus_total.* TO 'guardian'@'%';

-- Whoever creates and upgrades the schema: guardian central migrate --user guardian_schema --password-file F
-- Views run with this user's rights, so keep it.
CREATE USER IF NOT EXISTS 'guardian_schema'@'%' IDENTIFIED BY 'change-me-2';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, CREATE VIEW, SHOW VIEW ON virus_total.* TO 'guardian_schema'@'%';
