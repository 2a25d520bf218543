"""deploy/postgres/roles.sql, run on a server."""
import pytest

from conftest import ROOT

ROLES = (ROOT / "deploy" / "postgres" / "roles.sql").read_text()
PASSWORDS = {"owner": "one's \"own\" \\ ; password", "serve": "s3rve", "ingest": "1ngest"}
OPTIONS = [option for role, word in PASSWORDS.items() for option in ("-v", f"{role}_password={word}")]


@pytest.fixture(scope="module")
def roles(postgres):
    for _ in range(2):  # again changes nothing
        assert postgres(ROLES, *OPTIONS).stderr == ""
    return postgres


def as_role(postgres, role, sql, database="retrieval"):
    return postgres(sql, "-v", "ON_ERROR_STOP=1", "-U", f"retrieval_{role}", "-d", database, check=False, PGPASSWORD=PASSWORDS[role])


@pytest.mark.parametrize("role", PASSWORDS)
def test_every_role_logs_in_with_its_password_and_is_nothing_more(roles, role):
    done = as_role(roles, role, "select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls from pg_roles where rolname = current_user")
    assert (done.returncode, done.stdout.strip()) == (0, "f"), done.stderr


def test_the_owner_makes_tables_with_vectors(roles):
    done = as_role(roles, "owner", "create extension if not exists vector; create table items (embedding vector(3)); insert into items values ('[1,2,3]'); select embedding <#> '[1,0,0]' from items; drop table items")
    assert "-1" in done.stdout.split(), done.stderr


@pytest.mark.parametrize("role", ["serve", "ingest"])
@pytest.mark.parametrize("sql", ["create table mine (id int)", "create schema mine", "create temporary table mine (id int)", "create role mine"])
def test_the_others_make_nothing(roles, role, sql):
    done = as_role(roles, role, sql)
    assert done.returncode != 0 and "permission denied" in done.stderr, (done.stdout, done.stderr)


def test_a_stranger_does_not_get_in(roles):
    roles("create role stranger login password 'x'")
    done = roles("select 1", "-U", "stranger", "-d", "retrieval", check=False, PGPASSWORD="x")
    assert "permission denied for database" in done.stderr


def test_a_missing_password_is_named_and_nothing_is_made(postgres):
    done = postgres(ROLES, "-v", "owner_password=x", "-v", "serve_password=y", "-v", "database=unmade", check=False)
    assert done.returncode != 0
    assert "ingest_password is not set" in done.stderr
    assert postgres("select count(*) from pg_database where datname = 'unmade'").stdout.strip() == "0"


def test_other_names_are_taken_and_quoted(postgres):
    names = ["-v", 'database=My "Base"', "-v", "owner=Owner one", "-v", "serve=Serve's", "-v", "ingest=in-gest"]
    postgres(ROLES, *OPTIONS, *names)
    assert postgres("select pg_get_userbyid(datdba) from pg_database where datname = 'My \"Base\"'").stdout.strip() == "Owner one"


def test_passwords_are_not_in_the_servers_log(roles):
    roles("do $$ begin if not exists (select from pg_roles where rolname = 'stranger') then create role stranger; end if; end $$")
    postgres_log = roles("select pg_read_file(setting || '/../../server.log') from pg_settings where name = 'data_directory'", check=False)
    if postgres_log.returncode != 0:
        pytest.skip("the log of a container's server is not at hand")
    assert "create role stranger" in postgres_log.stdout, "this server logs every statement"
    assert not any(word in postgres_log.stdout for word in PASSWORDS.values())
