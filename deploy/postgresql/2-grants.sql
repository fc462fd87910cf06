-- After each `make setup`, as portal_owner, on both databases; twice changes nothing:
--   psql --dbname portal      --file deploy/postgresql/2-grants.sql
--   psql --dbname portal_keys --file deploy/postgresql/2-grants.sql
-- The application reads and writes rows. It makes no table, and what it wrote in the log it can never change: beside
-- the triggers, which an owner could drop.
\set ON_ERROR_STOP on
BEGIN;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO portal_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO portal_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO portal_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO portal_app;
REVOKE INSERT, UPDATE, DELETE ON TABLE public.alembic_version FROM portal_app;

DO $$
DECLARE
  proof text;
BEGIN
  FOREACH proof IN ARRAY ARRAY['audit', 'audit_checkpoint', 'audit_signer'] LOOP
    IF to_regclass('public.' || proof) IS NOT NULL THEN
      EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON TABLE public.%I FROM portal_app', proof);
    END IF;
  END LOOP;
  IF to_regnamespace('procrastinate') IS NOT NULL THEN
    GRANT USAGE ON SCHEMA procrastinate TO portal_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA procrastinate TO portal_app;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA procrastinate TO portal_app;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA procrastinate TO portal_app;
  END IF;
END
$$;

COMMIT;
