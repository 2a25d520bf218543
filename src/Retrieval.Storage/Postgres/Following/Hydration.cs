using System.Threading.Channels;
using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// Copies an index. Chunks are fetched in parallel, each at its own moment, and appended in order. What changed meanwhile is
/// fetched at the end, in one transaction; only then does the copy equal a state that the catalog ever had.
/// </summary>
internal sealed class Hydration(Catalog catalog, FollowerOptions options, Replica replica, CatalogIndex seen, TimeProvider time) : IDisposable
{
    // Words per caption and captions per image assumed for the first chunk; afterwards they are known.
    private const int GuessedWords = 12;
    private const int GuessedCaptions = 5;

    // About three seconds, for a standby to catch up or for another server to answer.
    private const int Attempts = 6;
    private static readonly TimeSpan firstDelay = TimeSpan.FromMilliseconds(100);

    private readonly ChunkSource _source = new(catalog, seen);
    private readonly Lineage _lineage = new(new ChunkSource(catalog, seen), replica.Position.Since, replica.Position.Seen(), CatalogVersion.Of(seen));
    private readonly string _what = $"copying index {seen.Name}";
    private double _rowBytes = FirstGuess(seen);

    /// <summary>Bytes fetched.</summary>
    public long Bytes { get; private set; }

    /// <summary>
    /// Continues until this many bytes were fetched and the last batch of them is complete, or everything up to the seen epoch is
    /// here.
    /// </summary>
    /// <returns>Whether all of it is here.</returns>
    /// <inheritdoc cref="CatalogVersion.RequireBefore"/>
    public async Task<bool> CopyAsync(long mostBytes, IProgress<HydrationProgress>? progress, CancellationToken cancellationToken)
    {
        var behind = replica.Position.Epoch;
        var before = replica.Rows;
        var total = await _source.UseAsync(_what, _source.EstimateAsync, cancellationToken).ConfigureAwait(false);
        var report = new Action<long, bool>((rows, all) => progress?.Report(new HydrationProgress(seen.Name, before + rows, Math.Max(all ? 0 : total, before + rows), Bytes)));

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var free = Channel.CreateUnbounded<Chunk>();
        for (var i = 0; i < options.Streams + 2; i++)
        {
            free.Writer.TryWrite(new Chunk(seen.Schema));
        }

        var fetched = Channel.CreateUnbounded<Task<Chunk>>();
        var plan = PlanAsync(behind, mostBytes, free.Reader, fetched.Writer, stop.Token);
        try
        {
            await AppendAsync(fetched.Reader, free.Writer, report, cancellationToken).ConfigureAwait(false);
            return await plan.ConfigureAwait(false);
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await SettleAsync(plan, fetched.Reader).ConfigureAwait(false);
            throw;
        }
    }

    public void Dispose() => _lineage.Dispose();

    // Cuts the images into chunks and starts to fetch each as soon as a stream and memory are free.
    private async Task<bool> PlanAsync(long behind, long mostBytes, ChannelReader<Chunk> free, ChannelWriter<Task<Chunk>> fetched, CancellationToken cancellationToken)
    {
        using var streams = new SemaphoreSlim(options.Streams);
        var fetches = new List<Task>();
        try
        {
            var from = RowKey.EndOf(behind);
            double planned = 0;
            while (from.Epoch < seen.Epoch || !from.EndsEpoch)
            {
                if (planned >= mostBytes && from.EndsEpoch)
                {
                    return false;
                }

                var chunk = await free.ReadAsync(cancellationToken).ConfigureAwait(false);
                await streams.WaitAsync(cancellationToken).ConfigureAwait(false);
                var rows = Math.Max(1, (long)(options.ChunkBytes / Volatile.Read(ref _rowBytes)));
                var start = from;
                from = await ReadAsync((connection, cancellation) => _source.EndOfAsync(connection, start, seen.Epoch, rows, cancellation), cancellationToken).ConfigureAwait(false);
                chunk.Begin(from);
                planned += options.ChunkBytes;
                var fetch = FetchAsync(start, chunk, streams, cancellationToken);
                fetches.Add(fetch);
                fetched.TryWrite(fetch);
            }

            return true;
        }
        finally
        {
            fetched.TryComplete();
            // The semaphore is disposed after all fetches have released it. The appender reports their errors.
            await Task.WhenAll(fetches).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
        }
    }

    private async Task<Chunk> FetchAsync(RowKey from, Chunk chunk, SemaphoreSlim streams, CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync(async (connection, cancellation) =>
            {
                await _source.ReadAsync(connection, from, chunk, cancellation).ConfigureAwait(false);
                return chunk.Rows;
            }, cancellationToken).ConfigureAwait(false);
            if (chunk.Rows > 0)
            {
                Volatile.Write(ref _rowBytes, Math.Max(1, (double)chunk.Bytes / chunk.Rows));
            }

            return chunk;
        }
        finally
        {
            streams.Release();
        }
    }

    // Runs in its own transaction. The server may differ each time, and may lack what this copy has seen.
    private async Task<T> ReadAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _source.UseAsync(_what, async (connection, cancellation) =>
                {
                    var transaction = await _lineage.BeginAsync(connection, cancellation).ConfigureAwait(false);
                    await using (transaction.ConfigureAwait(false))
                    {
                        var result = await read(connection, cancellation).ConfigureAwait(false);
                        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
                        return result;
                    }
                }, cancellationToken).ConfigureAwait(false);
            }
            catch (ServerBehindException) when (attempt < Attempts)
            {
                await Task.Delay(firstDelay * Math.Pow(2, attempt - 1), time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task AppendAsync(ChannelReader<Task<Chunk>> fetched, ChannelWriter<Chunk> free, Action<long, bool> report, CancellationToken cancellationToken)
    {
        long rows = 0;
        long uncommitted = 0;
        RowKey? whole = null;
        await foreach (var fetch in fetched.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            var chunk = await fetch.ConfigureAwait(false);
            replica.Apply(chunk);
            Bytes += chunk.Bytes;
            rows += chunk.Rows;
            uncommitted += chunk.Bytes;
            whole = chunk.End.EndsEpoch ? chunk.End : null;
            var all = chunk.End == RowKey.EndOf(seen.Epoch);
            free.TryWrite(chunk);
            if (whole is { } end && uncommitted >= options.CommitBytes)
            {
                await CommitAsync(end).ConfigureAwait(false);
                uncommitted = 0;
            }

            report(rows, all);
        }

        if (whole is { } last && last.Epoch != replica.Position.Epoch)
        {
            await CommitAsync(last).ConfigureAwait(false);
        }

        Task CommitAsync(RowKey end) => replica.CommitAsync(replica.Position with { Epoch = end.Epoch, SeenEpoch = _lineage.Latest.Epoch, SeenToken = _lineage.Latest.Token }, cancellationToken);
    }

    // After a fault: waits until no connection or chunk is in use any more.
    private static async Task SettleAsync(Task plan, ChannelReader<Task<Chunk>> fetched)
    {
        await plan.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
        while (fetched.TryRead(out var fetch))
        {
            await fetch.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
        }
    }

    private static double FirstGuess(CatalogIndex index)
    {
        var image = new FieldBuffers(index.Schema.ImageFields, index.Schema.EmbeddingWidth).BytesOf(0);
        var caption = new FieldBuffers(index.Schema.CaptionFields, index.Schema.EmbeddingWidth).BytesOf(GuessedWords);
        return image + (GuessedCaptions * (double)caption);
    }
}
