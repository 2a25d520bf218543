using Npgsql;
using Retrieval.Postgres.TestKit;

namespace Retrieval.Postgres.Tests;

public sealed class TestDatabaseTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_databases_do_not_see_each_other()
    {
        await using var one = await TestDatabase.CreateAsync(Cancellation);
        await using var other = await TestDatabase.CreateAsync(Cancellation);
        await Sql.ExecuteAsync(one.OwnerConnectionString, "create table things (id int); insert into things values (1)");
        var error = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(other.OwnerConnectionString, "select * from things"));
        Assert.Equal(PostgresErrorCodes.UndefinedTable, error.SqlState);
        var trespasser = new NpgsqlConnectionStringBuilder(one.OwnerConnectionString) { Database = other.Name }.ConnectionString;
        error = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(trespasser, "select 1"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, error.SqlState);
    }

    [Fact]
    public async Task The_owner_is_no_superuser_and_owns_the_database()
    {
        await using var database = await TestDatabase.CreateAsync(Cancellation);
        const string query = """
            select not (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls) and datdba = pg_roles.oid
            from pg_roles, pg_database where rolname = current_user and datname = current_database()
            """;
        Assert.Equal(true, await Sql.AskAsync(database.OwnerConnectionString, query));
        var error = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(database.OwnerConnectionString, "create role intruder"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, error.SqlState);
    }

    [Fact]
    public async Task The_owner_can_use_vectors_and_may_say_create_extension_if_not_exists()
    {
        await using var database = await TestDatabase.CreateAsync(Cancellation);
        await Sql.ExecuteAsync(database.OwnerConnectionString, """
            create extension if not exists vector;
            create table items (id int primary key, embedding halfvec(3));
            insert into items values (1, '[1,0,0]'), (2, '[0,1,0]'), (3, '[0,0.5,0.5]');
            create index on items using hnsw (embedding halfvec_ip_ops);
            """);
        Assert.Equal(2, await Sql.AskAsync(database.OwnerConnectionString, "select id from items order by embedding <#> '[0,1,0]' limit 1"));
    }

    [Fact]
    public async Task A_role_may_connect_and_do_what_it_was_granted()
    {
        await using var database = await TestDatabase.CreateAsync(Cancellation);
        var serve = await database.CreateRoleAsync("serve", Cancellation);
        await Sql.ExecuteAsync(database.OwnerConnectionString, $"create table things as select 5 as id; create table secrets (id int); grant select on things to {serve.Name}");
        Assert.Equal(5, await Sql.AskAsync(serve.ConnectionString, "select id from things"));
        foreach (var forbidden in new[] { "select * from secrets", "insert into things values (1)", "create table mine (id int)", "create schema mine" })
        {
            var error = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(serve.ConnectionString, forbidden));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, error.SqlState);
        }

        Assert.DoesNotContain(serve.Password, serve.ConnectionStringWithoutPassword, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_left_of_a_database_that_was_in_use()
    {
        var database = await TestDatabase.CreateAsync(Cancellation);
        var role = await database.CreateRoleAsync("ingest", Cancellation);
        await using (var open = new NpgsqlConnection(role.ConnectionString))
        {
            await open.OpenAsync(Cancellation);
            await database.DisposeAsync();
        }

        var server = (await PostgresServer.SharedAsync()).ConnectionString;
        Assert.Equal(0L, await Sql.AskAsync(server, $"select (select count(*) from pg_database where datname = '{database.Name}') + (select count(*) from pg_roles where rolname like '{database.Name}%')"));
    }

    [Fact]
    public async Task The_server_asks_for_a_password()
    {
        var server = new NpgsqlConnectionStringBuilder((await PostgresServer.SharedAsync()).ConnectionString) { Password = "wrong", Pooling = false };
        var error = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(server.ConnectionString, "select 1"));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, error.SqlState);
    }
}
