-- A DBA runs this once, as superuser, for one database of the service. Running it again changes the passwords, and takes from the
-- public what it may do with the database, as after a restore.
--
--   owner_password=... serve_password=... ingest_password=... psql -f deploy/postgres/roles.sql
--
-- The passwords come from the environment, or from -v owner_password=..., which other users of the machine can see.
--
-- It creates the database and three roles, none of which is a superuser:
--   retrieval_owner   owns the database and its tables: for `retrieval index migrate` only
--   retrieval_ingest  writes; migrate grants it what `retrieval ingest` and `retrieval index ...` need
--   retrieval_serve   reads; migrate grants it what `retrieval serve` needs
-- Other names: -v database=... -v owner=... -v serve=... -v ingest=...
\set ON_ERROR_STOP on
\set QUIET on
\if :{?database} \else \set database retrieval \endif
\if :{?owner} \else \set owner retrieval_owner \endif
\if :{?serve} \else \set serve retrieval_serve \endif
\if :{?ingest} \else \set ingest retrieval_ingest \endif
\if :{?owner_password} \else \getenv owner_password owner_password \endif
\if :{?serve_password} \else \getenv serve_password serve_password \endif
\if :{?ingest_password} \else \getenv ingest_password ingest_password \endif
\if :{?owner_password} \else
do $$ begin raise exception 'owner_password is not set'; end $$;
\endif
\if :{?serve_password} \else
do $$ begin raise exception 'serve_password is not set'; end $$;
\endif
\if :{?ingest_password} \else
do $$ begin raise exception 'ingest_password is not set'; end $$;
\endif

-- The statements contain the passwords, so those of this session are kept out of the server's log.
set log_statement = 'none';
set log_min_duration_statement = -1;
set log_min_error_statement = 'panic';
set password_encryption = 'scram-sha-256';

select format('create role %I', name) from unnest(array[:'owner', :'serve', :'ingest']) name
where not exists (select from pg_roles where rolname = name) \gexec
alter role :"owner" with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'owner_password';
alter role :"serve" with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'serve_password';
alter role :"ingest" with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'ingest_password';

select format('create database %I owner %I encoding ''UTF8'' template template0', :'database', :'owner')
where not exists (select from pg_database where datname = :'database') \gexec
alter database :"database" owner to :"owner";
revoke all on database :"database" from public;
grant connect on database :"database" to :"serve", :"ingest";

-- pgvector is not a trusted extension, so the owner cannot create it.
\connect :"database"
set client_min_messages = warning;
create extension if not exists vector;
-- Before PostgreSQL 15 every role could.
revoke create on schema public from public;
grant usage, create on schema public to :"owner";
