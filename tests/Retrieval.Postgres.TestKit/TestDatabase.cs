using System.Globalization;
using Npgsql;

namespace Retrieval.Postgres.TestKit;

/// <summary>
/// A fresh, empty database with a name of its own, owned by a role of its own that is no superuser: what the owner may do
/// in production, it may do here, and no more. Only the roles of the database may connect to it. Dropped with its roles,
/// connections or not, when disposed.
/// </summary>
/// <remarks>
/// pgvector's control file does not call it trusted, so an owner cannot create it: a superuser has done that already, as a
/// DBA would, unless <see cref="ExtensionIsTrusted"/>. <c>create extension if not exists vector</c> succeeds either way.
/// </remarks>
public sealed class TestDatabase : IAsyncDisposable
{
    internal const string Prefix = "retrieval_test_";

    private readonly string server;

    private TestDatabase(string server, string name, LoginRole owner, bool trusted)
    {
        this.server = server;
        Name = name;
        Owner = owner;
        ExtensionIsTrusted = trusted;
    }

    /// <summary>The database's name, which needs no quoting.</summary>
    public string Name { get; }

    /// <summary>The role that owns the database.</summary>
    public LoginRole Owner { get; }

    /// <summary>Connects to this database as its owner.</summary>
    public string OwnerConnectionString => Owner.ConnectionString;

    /// <summary>Connects to this database as superuser.</summary>
    public string AdminConnectionString => On(server, Name);

    /// <summary>Whether the owner may create the extension itself; if so, nobody has yet.</summary>
    public bool ExtensionIsTrusted { get; }

    /// <summary>A database on the shared server. Where there is none the running test is skipped; in CI it fails.</summary>
    public static async Task<TestDatabase> CreateAsync(CancellationToken cancellationToken = default) =>
        await CreateAsync((await PostgresServer.SharedAsync()).ConnectionString, cancellationToken);

    /// <summary>A database on the server that a superuser's connection string names.</summary>
    public static async Task<TestDatabase> CreateAsync(string server, CancellationToken cancellationToken = default)
    {
        var made = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{made}_{Guid.NewGuid():N}")[..40];
        await using var connection = await OpenAsync(server, cancellationToken);
        var owner = await CreateRoleAsync(connection, server, name, "owner", cancellationToken);
        await CreateAsync(connection, name, owner, cancellationToken);
        await ExecuteAsync(connection, $"revoke all on database {name} from public", cancellationToken);
        await using var trusted = new NpgsqlCommand("""
            select version.trusted from pg_available_extension_versions version
            join pg_available_extensions extension on extension.name = version.name and extension.default_version = version.version
            where version.name = 'vector'
            """, connection);
        if (await trusted.ExecuteScalarAsync(cancellationToken) is not bool isTrusted)
        {
            throw new PostgresUnavailableException("the server has no pgvector");
        }

        var database = new TestDatabase(server, name, owner, isTrusted);
        if (!isTrusted)
        {
            await database.ExecuteAsAdminAsync("create extension vector", cancellationToken);
        }

        return database;
    }

    /// <summary>A role that may log in and connect to this database, and nothing else. Dropped with the database.</summary>
    /// <param name="purpose">What it is for, a part of its name: of a-z and _, such as <c>serve</c>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<LoginRole> CreateRoleAsync(string purpose, CancellationToken cancellationToken = default)
    {
        await using var connection = await OpenAsync(server, cancellationToken);
        var role = await CreateRoleAsync(connection, server, Name, purpose, cancellationToken);
        await ExecuteAsync(connection, $"grant connect on database {Name} to {role.Name}", cancellationToken);
        return role;
    }

    /// <summary>Runs SQL as superuser in this database.</summary>
    public async Task ExecuteAsAdminAsync(string sql, CancellationToken cancellationToken = default)
    {
        await using var connection = await OpenAsync(AdminConnectionString, cancellationToken);
        await ExecuteAsync(connection, sql, cancellationToken);
    }

    /// <summary>The first column of the first row of a query run as superuser in this database; default for null or no row.</summary>
    public async Task<T?> AskAsAdminAsync<T>(string sql, CancellationToken cancellationToken = default)
    {
        await using var connection = await OpenAsync(AdminConnectionString, cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken) is T value ? value : default;
    }

    /// <summary>Drops the database and its roles. A server that is gone by now is no error: its data go with it.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await using var connection = await OpenAsync(new NpgsqlConnectionStringBuilder(server) { Timeout = 10, CommandTimeout = 60 }.ConnectionString, default);
            await DropAsync(connection, Name);
        }
        catch (NpgsqlException e) when (e is not PostgresException)
        {
            // No server to drop it from.
        }

        await using var pool = new NpgsqlConnection(OwnerConnectionString);
        NpgsqlConnection.ClearPool(pool);
    }

    internal static async Task DropAsync(NpgsqlConnection connection, string name)
    {
        await ExecuteAsync(connection, $"drop database if exists {name} with (force)", default);
        await ExecuteAsync(connection, $"""
            do $$ declare role text; begin
              for role in select rolname from pg_roles where starts_with(rolname, '{name}_') loop
                execute format('drop role %I', role);
              end loop;
            end $$
            """, default);
    }

    // The password is made of letters and digits, so it needs no quoting either.
    private static async Task<LoginRole> CreateRoleAsync(
        NpgsqlConnection connection, string server, string database, string purpose, CancellationToken cancellationToken)
    {
        var role = $"{database}_{purpose}";
        var password = Guid.NewGuid().ToString("N");
        await ExecuteAsync(connection, $"create role {role} login nosuperuser nocreatedb nocreaterole noreplication password '{password}'", cancellationToken);
        return new LoginRole(role, password, new NpgsqlConnectionStringBuilder(On(server, database)) { Username = role, Password = password }.ConnectionString);
    }

    // Each is a copy of 7 MB. A machine with gigabytes free was seen to have no room for one, and a moment later it had.
    private static async Task CreateAsync(NpgsqlConnection connection, string name, LoginRole owner, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await ExecuteAsync(connection, $"create database {name} owner {owner.Name}", cancellationToken);
                return;
            }
            catch (PostgresException full) when (full.SqlState == PostgresErrorCodes.DiskFull && attempt < 10)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }
    }

    // Pools are small: all tests of all processes share the server's hundred connections.
    private static string On(string server, string database) =>
        new NpgsqlConnectionStringBuilder(server) { Database = database, MaxPoolSize = 16, IncludeErrorDetail = true }.ConnectionString;

    // Without a pool: a pooled connection would outlive the test and count against those of the server.
    private static async Task<NpgsqlConnection> OpenAsync(string connectionString, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
