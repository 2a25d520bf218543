using Npgsql;

namespace Retrieval.Postgres.Tests;

/// <summary>One statement on a connection of its own.</summary>
internal static class Sql
{
    public static async Task ExecuteAsync(string connectionString, string sql) => await AskAsync(connectionString, sql);

    public static async Task<object?> AskAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
