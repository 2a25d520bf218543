using Npgsql;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// The states that an index is copied at. Each transaction may be answered by another server: a standby that is behind, one
/// that took over and lacks the last changes. So each must show a state that came of all those before it; one by one, so
/// that there is a latest.
/// </summary>
internal sealed class Lineage(ChunkSource source, long since, params CatalogVersion[] before) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private CatalogVersion[] _before = before;

    /// <summary>The latest state that anything was read at.</summary>
    public CatalogVersion Latest => Volatile.Read(ref _before)[^1];

    /// <summary>A transaction that sees one state of the catalog.</summary>
    /// <exception cref="ReplicaOutdatedException">The state did not come of those before it.</exception>
    /// <exception cref="ServerBehindException">Nor has it had the time to.</exception>
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
