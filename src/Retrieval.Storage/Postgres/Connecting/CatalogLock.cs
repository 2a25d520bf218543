using Npgsql;

namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>A lock by name that one session of all processes may have. It goes with its connection.</summary>
public sealed class CatalogLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private CatalogLock(NpgsqlConnection connection) => _connection = connection;

    /// <summary>Takes the lock; null if another session has it.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public static async Task<CatalogLock?> TryTakeAsync(Catalog catalog, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        NpgsqlConnection? connection = null;
        try
        {
            connection = await catalog.OpenAsync(cancellationToken).ConfigureAwait(false);
            var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 1))", connection) { Parameters = { new() { Value = name } } };
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

    /// <summary>Gives the lock back.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
