-- Once, as the server's superuser:  psql --dbname postgres --file deploy/postgresql/1-roles.sql
-- portal_owner owns the tables and runs `make setup`; portal_app is what web and worker sign in as. Set both passwords
-- afterwards with \password, so that they come into no file and no history.
\set ON_ERROR_STOP on

CREATE ROLE portal_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE ROLE portal_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 60;
CREATE DATABASE portal OWNER portal_owner ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE portal_keys OWNER portal_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE portal, portal_keys FROM PUBLIC;
GRANT CONNECT ON DATABASE portal, portal_keys TO portal_app;
