using System.Globalization;
using Npgsql;

namespace Retrieval.Postgres.TestKit;

/// <summary>
/// The server that the tests of all processes share. Nobody stops it or changes its settings: each test makes itself a
/// <see cref="TestDatabase"/>, and who wants to do harm starts a <see cref="PrivateServer"/>.
/// </summary>
public sealed class PostgresServer
{
    /// <summary>Names a server that is there already, as <c>test.sh</c> does; without it <c>eng/postgres.sh up</c> is run.</summary>
    public const string Variable = "RETRIEVAL_TEST_POSTGRES";

    private static readonly Lazy<Task<PostgresServer>> shared = new(StartAsync);

    private PostgresServer(string connectionString) => ConnectionString = connectionString;

    /// <summary>Connects as superuser to the database <c>postgres</c>.</summary>
    public string ConnectionString { get; }

    /// <summary>The server, started on the first call of this process. Where there is none, the running test is skipped; in CI it fails.</summary>
    /// <exception cref="PostgresUnavailableException">There is none, and this is CI.</exception>
    public static Task<PostgresServer> SharedAsync() => PostgresUnavailableException.SkipIfThrown(() => shared.Value);

    private static async Task<PostgresServer> StartAsync()
    {
        var given = Environment.GetEnvironmentVariable(Variable);
        var server = new PostgresServer(string.IsNullOrEmpty(given) ? await PostgresScript.RunAsync(["up"]) : given);
        await server.DropForgottenAsync();
        return server;
    }

    // Databases of tests that were killed a day ago or earlier. Their names say when they were made.
    private async Task DropForgottenAsync()
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        var names = new List<string>();
        await using (var command = new NpgsqlCommand($"select datname from pg_database where datname like '{TestDatabase.Prefix}%'", connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                names.Add(reader.GetString(0));
            }
        }

        var limit = TimeProvider.System.GetUtcNow().AddDays(-1).ToUnixTimeSeconds();
        foreach (var name in names.Where(name => long.TryParse(name[TestDatabase.Prefix.Length..].Split('_')[0], CultureInfo.InvariantCulture, out var made) && made < limit))
        {
            await TestDatabase.DropAsync(connection, name);
        }
    }
}
