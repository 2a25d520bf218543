using System.Runtime.CompilerServices;
using Npgsql;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>A connection for work without a time limit. Its settings end with it.</summary>
internal static class MaintenanceConnection
{
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public static async Task<T> UseAsync<T>(Catalog catalog, string what, Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await catalog.OpenAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                await connection.SetLimitsAsync(cancellationToken).ConfigureAwait(false);
                return await work(connection, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (CatalogErrors.IsOurs(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw CatalogErrors.Translate(what, exception);
        }
    }

    /// <summary>
    /// Opens the connection again: the driver gives it up when the server lacks memory or disk. The settings of the session are lost.
    /// </summary>
    public static async Task ReopenAsync(this NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.CloseAsync().ConfigureAwait(false);
        await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        await connection.SetLimitsAsync(cancellationToken).ConfigureAwait(false);
    }

    // An operator's limits for ordinary statements do not apply to this work. The server notices when this process is gone.
    private static Task<object?> SetLimitsAsync(this NpgsqlConnection connection, CancellationToken cancellationToken) => connection.AskAsync<object>(
        "select set_config(name, case name when 'client_connection_check_interval' then '2s' else '0' end, false) from pg_settings where name in ('statement_timeout', 'client_connection_check_interval')", [], cancellationToken);

    /// <summary>
    /// The first column of the first row; default if there is none. Waits without a limit: the caller's token ends the wait.
    /// </summary>
    public static async Task<T?> AskAsync<T>(this NpgsqlConnection connection, string sql, object[] values, CancellationToken cancellationToken)
    {
        var command = Command(connection, sql, values);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is T value ? value : default;
        }
    }

    /// <summary>All rows of a statement, as they arrive.</summary>
    public static async IAsyncEnumerable<NpgsqlDataReader> RowsAsync(
        this NpgsqlConnection connection, string sql, object[] values, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var command = Command(connection, sql, values);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    yield return reader;
                }
            }
        }
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object[] values)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
