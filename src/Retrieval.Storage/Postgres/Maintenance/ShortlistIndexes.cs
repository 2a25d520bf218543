using System.Globalization;
using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>
/// The nearest-neighbour indexes over the embeddings of an index. While a build reads a collection, no writer can write to it.
/// Build after most of a corpus has been stored, since a build is many times faster than inserting one by one.
/// </summary>
public static class ShortlistIndexes
{
    private const long Megabyte = 1L << 20;

    // Seconds; long enough for the active writers to finish their batches.
    private const int LongestWait = 8;

    // Below this version a parallel build could fail or lose rows.
    private static readonly Version ParallelBuilds = new(0, 8, 2);

    internal static IReadOnlyList<string> Collections { get; } = ["image", "caption"];

    /// <summary>Builds the missing indexes, images first, and gathers statistics. Needs the ingesting role.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="index">The index.</param>
    /// <param name="progress">Receives the progress of a build.</param>
    /// <param name="cancellationToken">Cancels the build.</param>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer. An interrupted build leaves nothing behind.</exception>
    /// <exception cref="CatalogException">Postgres refused, or the index is gone.</exception>
    public static Task BuildAsync(Catalog catalog, CatalogIndex index, IProgress<ShortlistIndexProgress>? progress = null, CancellationToken cancellationToken = default) =>
        BuildAsync(catalog, index, new ShortlistIndexOptions(), progress, cancellationToken);

    /// <summary>The same as the other overload, with different build options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside pgvector's range.</exception>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer. An interrupted build leaves nothing behind.</exception>
    /// <exception cref="CatalogException">Postgres refused, or the index is gone.</exception>
    internal static async Task BuildAsync(
        Catalog catalog, CatalogIndex index, ShortlistIndexOptions options, IProgress<ShortlistIndexProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.M, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.M, 100);
        if (options.EfConstruction is { } given)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(given, 2 * options.M);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(given, 1000);
        }

        await MaintenanceConnection.UseAsync(catalog, $"building the nearest-neighbour indexes of index {index.Name}", async (connection, cancellation) =>
        {
            foreach (var collection in Collections)
            {
                await BuildAsync(catalog, connection, index, collection, options, progress, cancellation).ConfigureAwait(false);
            }

            await connection.AskAsync<string>("select set_config('lock_timeout', '0', false)", [], cancellation).ConfigureAwait(false);
            return await connection.AskAsync<object>("select retrieval.analyze_index($1)", [index.IndexId], cancellation).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether both collections have their index. Without it nearest neighbours are found by reading all rows.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public static Task<bool> ReadyAsync(Catalog catalog, CatalogIndex index, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(index);
        return catalog.UseAsync($"looking for the nearest-neighbour indexes of index {index.Name}", (connection, cancellation) => connection.AskAsync<bool>(
            "select count(*) = 2 from pg_index where indisvalid and indexrelid = any(array[to_regclass($1), to_regclass($2)])", [.. Collections.Select(collection => NameOf(index, collection))], cancellation), cancellationToken);
    }

    /// <summary>Qualified name of the nearest-neighbour index of a collection.</summary>
    internal static string NameOf(CatalogIndex index, string collection) => string.Create(CultureInfo.InvariantCulture, $"retrieval.{collection}_embedding_{index.IndexId}_nearest");

    /// <summary>
    /// Prepares a session for building: memory according to the rows, and only as many workers as are safe with the version of
    /// pgvector.
    /// </summary>
    internal static async Task SetAsync(NpgsqlConnection connection, long rows, int width, int m, long? memory, CancellationToken cancellationToken)
    {
        // A quarter of the cache size that the server assumes. The graph holds vectors, and neighbours on all levels.
        var most = await connection.AskAsync<long>("select setting::bigint * 8192 / 4 from pg_settings where name = 'effective_cache_size'", [], cancellationToken).ConfigureAwait(false);
        var needed = (64 * Megabyte) + (rows * ((width * sizeof(short)) + (m * 2L * 24) + 256));
        var bytes = memory ?? Math.Clamp(needed, 64 * Megabyte, Math.Max(most, 64 * Megabyte));
        await connection.AskAsync<string>("select set_config('maintenance_work_mem', $1, false)", [string.Create(CultureInfo.InvariantCulture, $"{bytes >> 10}kB")], cancellationToken).ConfigureAwait(false);
        var version = await connection.AskAsync<string>("select extversion from pg_extension where extname = 'vector'", [], cancellationToken).ConfigureAwait(false);
        if (!Version.TryParse(version, out var found) || found < ParallelBuilds)
        {
            await WithoutWorkersAsync(connection, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Builds, and if there is too little shared memory for parallel workers, builds again without them. From then on the session
    /// has none, and its other settings are lost: the build sets what it needs.
    /// </summary>
    /// <param name="connection">The session that builds.</param>
    /// <param name="build">The build; called once or twice.</param>
    /// <param name="cancellationToken">Cancels the change of the session.</param>
    /// <returns>Whether it was built without workers.</returns>
    internal static async Task<bool> InSharedMemoryAsync(NpgsqlConnection connection, Func<Task> build, CancellationToken cancellationToken)
    {
        try
        {
            await build().ConfigureAwait(false);
            return false;
        }
        catch (PostgresException exception) when (CatalogErrors.IsOfSharedMemory(exception))
        {
            await connection.ReopenAsync(cancellationToken).ConfigureAwait(false);
            await WithoutWorkersAsync(connection, cancellationToken).ConfigureAwait(false);
        }

        await build().ConfigureAwait(false);
        return true;
    }

    private static Task<string?> WithoutWorkersAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.AskAsync<string>("select set_config('max_parallel_maintenance_workers', '0', false)", [], cancellationToken);

    private static async Task BuildAsync(
        Catalog catalog, NpgsqlConnection connection, CatalogIndex index, string collection, ShortlistIndexOptions options, IProgress<ShortlistIndexProgress>? progress, CancellationToken cancellationToken)
    {
        var rows = await connection.AskAsync<long>($"select count(*) from retrieval.{collection}_embedding where index_id = $1", [index.IndexId], cancellationToken).ConfigureAwait(false);
        progress?.Report(new ShortlistIndexProgress(collection, 0, rows));
        var alone = await InSharedMemoryAsync(connection, BuildAsync, cancellationToken).ConfigureAwait(false);
        progress?.Report(new ShortlistIndexProgress(collection, rows, rows, alone));

        async Task BuildAsync()
        {
            await SetAsync(connection, rows, index.Schema.EmbeddingWidth, options.M, options.MaintenanceMemory, cancellationToken).ConfigureAwait(false);
            using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var watching = progress is null ? Task.CompletedTask : WatchAsync(catalog, connection.ProcessID, collection, rows, progress, done.Token);
            try
            {
                await BuildOneAsync(connection, index, collection, options.M, options.EfConstruction ?? EfConstruction(rows, options.M), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await done.CancelAsync().ConfigureAwait(false);
                await watching.ConfigureAwait(false);
            }
        }
    }

    // Writers queue behind a build that waits for one of them. So it waits for a moment only, then lets them go first.
    private static Task<object?> BuildOneAsync(NpgsqlConnection connection, CatalogIndex index, string collection, int m, int efConstruction, CancellationToken cancellationToken)
    {
        var seconds = 1;
        return new CatalogRetry { FirstDelay = TimeSpan.FromSeconds(1) }.RunAsync(async cancellation =>
        {
            try
            {
                await connection.AskAsync<string>("select set_config('lock_timeout', $1, false)", [string.Create(CultureInfo.InvariantCulture, $"{seconds}s")], cancellation).ConfigureAwait(false);
                seconds = Math.Min(2 * seconds, LongestWait);
                return await connection.AskAsync<object>("select retrieval.build_shortlist($1, $2, $3, $4)", [index.IndexId, collection, m, efConstruction], cancellation).ConfigureAwait(false);
            }
            catch (PostgresException exception) when (CatalogErrors.IsConflict(exception))
            {
                throw CatalogErrors.Translate($"building the nearest-neighbour index of the {collection}s of index {index.Name}", exception);
            }
        }, cancellationToken);
    }

    private static int EfConstruction(long rows, int m) => Math.Max(2 * m, rows > 1_000_000 ? 200 : 128);

    private static async Task WatchAsync(Catalog catalog, int builder, string collection, long rows, IProgress<ShortlistIndexProgress> progress, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken).ConfigureAwait(false);
                var done = await catalog.UseAsync("watching a build", (connection, cancellation) => connection.AskAsync<long>(
                    "select coalesce(max(tuples_done), 0) from pg_stat_progress_create_index where pid = $1", [builder], cancellation), cancellationToken).ConfigureAwait(false);
                progress.Report(new ShortlistIndexProgress(collection, Math.Min(done, rows), rows));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or CatalogUnavailableException or CatalogException)
        {
            // The build is what matters; it reports its own errors.
        }
    }
}
