using Npgsql;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// The states at which an index is copied. Each transaction may be answered by another server: a standby that is behind, or one
/// that took over and lacks the last changes. So each transaction must show a state that descends from all those before it. They
/// are checked one by one, so that there is a latest state.
/// </summary>
internal sealed class Lineage(ChunkSource source, long since, params CatalogVersion[] before) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private CatalogVersion[] _before = before;

    /// <summary>The latest state at which anything was read.</summary>
    public CatalogVersion Latest => Volatile.Read(ref _before)[^1];

    /// <summary>A transaction that sees one state of the catalog.</summary>
    /// <exception cref="ReplicaOutdatedException">The state does not descend from those before it.</exception>
    /// <exception cref="ServerBehindException">It does not yet: the server is a standby that is behind.</exception>
    public async Task<NpgsqlTransaction> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var transaction = await ChunkSource.BeginAsync(connection, cancellationToken).ConfigureAwait(false);
            try
            {
                var now = await source.LookAsync(connection, since, _before, cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _before, [CatalogVersion.Of(now)]);
                return transaction;
            }
            catch
            {
                await transaction.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
