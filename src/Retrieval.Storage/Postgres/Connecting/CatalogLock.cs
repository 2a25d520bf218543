using Npgsql;

namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>
/// A named lock: one session of all processes can hold it exclusively, or any number can share it. It is released when its
/// connection closes.
/// </summary>
public sealed class CatalogLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private CatalogLock(NpgsqlConnection connection) => _connection = connection;

    /// <summary>Takes the lock exclusively; null if another session holds or shares it.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public static Task<CatalogLock?> TryTakeAsync(Catalog catalog, string name, CancellationToken cancellationToken = default) =>
        TryTakeAsync(catalog, name, "pg_try_advisory_lock", cancellationToken);

    /// <summary>Takes a share of the lock; null if another session holds it exclusively.</summary>
    /// <inheritdoc cref="TryTakeAsync(Catalog, string, CancellationToken)"/>
    public static Task<CatalogLock?> TryShareAsync(Catalog catalog, string name, CancellationToken cancellationToken = default) =>
        TryTakeAsync(catalog, name, "pg_try_advisory_lock_shared", cancellationToken);

    /// <summary>Whether the connection, and with it the lock, still exists. Asks the server.</summary>
    public async Task<bool> IsHeldAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var command = new NpgsqlCommand("select 1", _connection);
            await using (command.ConfigureAwait(false))
            {
                return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not null;
            }
        }
        catch (Exception exception) when (CatalogErrors.IsOurs(exception) || exception is InvalidOperationException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    /// <summary>Releases the lock.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static async Task<CatalogLock?> TryTakeAsync(Catalog catalog, string name, string function, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        NpgsqlConnection? connection = null;
        try
        {
            connection = await catalog.OpenAsync(cancellationToken).ConfigureAwait(false);
            var command = new NpgsqlCommand($"select {function}(hashtextextended($1, 1))", connection) { Parameters = { new() { Value = name } } };
            await using (command.ConfigureAwait(false))
            {
                if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true)
                {
                    var taken = new CatalogLock(connection);
                    connection = null;
                    return taken;
                }
            }

            return null;
        }
        catch (Exception exception) when (CatalogErrors.IsOurs(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw CatalogErrors.Translate($"taking the lock '{name}'", exception);
        }
        finally
        {
            if (connection is not null)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
