using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// Brings a copy to the catalog's state at one moment. All changes after its position are read in one transaction and committed
/// at once, so that no reader ever sees part of a change.
/// </summary>
internal sealed class Catchup(Catalog catalog, FollowerOptions options, Replica replica)
{
    private readonly ChunkSource _source = new(catalog, replica.Index);

    /// <summary>Bytes fetched.</summary>
    public long Bytes { get; private set; }

    /// <inheritdoc cref="CatalogVersion.RequireBefore"/>
    public Task RunAsync(CancellationToken cancellationToken) => _source.UseAsync($"following index {replica.Index.Name}", async (connection, cancellation) =>
    {
        var transaction = await ChunkSource.BeginAsync(connection, cancellation).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            var now = await _source.LookAsync(connection, replica.Position.Since, [replica.Position.Seen()], cancellation).ConfigureAwait(false);
            var chunk = new Chunk(now.Schema);
            var from = RowKey.EndOf(replica.Position.Epoch);
            double rowBytes = 0;
            while (from.Epoch < now.Epoch || !from.EndsEpoch)
            {
                var rows = rowBytes == 0 ? FirstRows : Math.Max(1, (long)(options.ChunkBytes / rowBytes));
                chunk.Begin(await _source.EndOfAsync(connection, from, now.Epoch, rows, cancellation).ConfigureAwait(false));
                await _source.ReadAsync(connection, from, chunk, cancellation).ConfigureAwait(false);
                replica.Apply(chunk);
                Bytes += chunk.Bytes;
                rowBytes = chunk.Rows > 0 ? Math.Max(1, (double)chunk.Bytes / chunk.Rows) : rowBytes;
                from = chunk.End;
            }

            await replica.CommitAsync(FollowPositions.At(now), cancellation).ConfigureAwait(false);
            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
            return now.Epoch;
        }
    }, cancellationToken);

    private const int FirstRows = 32;
}
