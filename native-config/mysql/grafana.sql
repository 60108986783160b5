-- The user Grafana reads as: run after "guardian central migrate", as an administrator. It sees the views and the tables that
-- panels are drawn from; not the operators' words, not the leases, and it changes nothing.
-- On MariaDB add "WITH MAX_USER_CONNECTIONS 10 MAX_STATEMENT_TIME 5", on MySQL 8 "WITH MAX_USER_CONNECTIONS 10".

CREATE USER IF NOT EXISTS 'grafana'@'%' IDENTIFIED BY 'change-me-3';
GRANT SELECT ON virus_total.url_scans TO 'grafana'@'%';
GRANT SELECT ON virus_total.dns_queries TO 'grafana'@'%';
GRANT SELECT ON virus_total.file_scans TO 'grafana'@'%';
GRANT SELECT ON virus_total.sensors TO 'grafana'@'%';
GRANT SELECT ON virus_total.observables TO 'grafana'@'%';
GRANT SELECT ON virus_total.scans TO 'grafana'@'%';
GRANT SELECT ON virus_total.verdicts TO 'grafana'@'%';
GRANT SELECT ON virus_total.verdict_history TO 'grafana'@'%';
GRANT SELECT ON virus_total.sightings_hourly TO 'grafana'@'%';
GRANT SELECT ON virus_total.indicators TO 'grafana'@'%';
GRANT SELECT ON virus_total.suricata_alerts TO 'grafana'@'%';
GRANT SELECT ON virus_total.suricata_stats TO 'grafana'@'%';
GRANT SELECT ON virus_total.pihole_stats TO 'grafana'@'%';
GRANT SELECT ON virus_total.lookups TO 'grafana'@'%';
GRANT SELECT ON virus_total.quota TO 'grafana'@'%';
