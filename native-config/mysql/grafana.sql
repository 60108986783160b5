-- The user Grafana reads as: run after "guardian central migrate", as an administrator. It sees views and no table; not the
-- operators' words, not the leases, not what engines said in full; and it changes nothing.
-- On MariaDB add "WITH MAX_USER_CONNECTIONS 10 MAX_STATEMENT_TIME 5", on MySQL 8 "WITH MAX_USER_CONNECTIONS 10".
-- The first three are for dashboards of others, written for the public project's tables.

CREATE USER IF NOT EXISTS 'grafana'@'%' IDENTIFIED BY 'change-me-3';
GRANT SELECT ON virus_total.url_scans TO 'grafana'@'%';
GRANT SELECT ON virus_total.dns_queries TO 'grafana'@'%';
GRANT SELECT ON virus_total.file_scans TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_scans TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_scan_hours TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_verdicts TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_changes TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_clients TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_flagged TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_alerts TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_alert_minutes TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_published TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_sensors TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_sensor_stats TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_suricata TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_pihole TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_pihole_hits TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_lookups TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_lookup_hours TO 'grafana'@'%';
GRANT SELECT ON virus_total.panel_quota TO 'grafana'@'%';
