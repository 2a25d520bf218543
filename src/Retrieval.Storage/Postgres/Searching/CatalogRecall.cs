using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Pgvector;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Searching;

/// <summary>
/// Measures how much of the exact shortlist pgvector finds. Queries are drawn from the index itself: captions to search images,
/// and images to search captions. Each is answered both ways in the database.
/// </summary>
public static class CatalogRecall
{
    /// <summary>Runs the measurement.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="index">The index.</param>
    /// <param name="items">What is searched.</param>
    /// <param name="count">K, the length of a shortlist.</param>
    /// <param name="queries">The number of queries drawn.</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <param name="options">How thoroughly the index is searched.</param>
    /// <param name="cancellationToken">Cancels the measurement.</param>
    /// <returns>The result; null if there is nothing to query with or to search.</returns>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public static async Task<RecallReport?> MeasureAsync(
        Catalog catalog, CatalogIndex index, CatalogItems items, int count, int queries, int seed, VectorShortlistOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(index);
        var drawn = await catalog.UseAsync("drawing queries", (connection, cancellation) => DrawAsync(connection, index, items, queries, seed, cancellation), cancellationToken).ConfigureAwait(false);
        var shortlist = new VectorShortlist(catalog, options);
        var width = index.Schema.EmbeddingWidth;
        var sql = new NearestSql(items, index.IndexId, width, filter: null).Exact;
        // Shortlists are timed one after the other, as queries arrive. Between two passes over all embeddings the caches would
        // hold nothing else.
        var shortlists = new List<(IReadOnlyList<CatalogHit> Hits, double Milliseconds)>();
        foreach (var query in drawn)
        {
            var began = Stopwatch.GetTimestamp();
            var hits = await shortlist.FindAsync(items, index.IndexId, width, query, count, null, cancellationToken).ConfigureAwait(false);
            shortlists.Add((hits, Stopwatch.GetElapsedTime(began).TotalMilliseconds));
        }

        var found = new List<(double Recall, double Milliseconds, double ExactMilliseconds)>();
        foreach (var (query, (hits, milliseconds)) in drawn.Zip(shortlists))
        {
            var began = Stopwatch.GetTimestamp();
            var exact = await catalog.UseVectorsAsync("comparing with all embeddings", (connection, cancellation) => ExactAsync(connection, sql, query, count, cancellation), cancellationToken).ConfigureAwait(false);
            if (exact.Count > 0)
            {
                // Compared by score and not by row: rows of equal score are interchangeable.
                var least = exact.Min() - 1e-6f;
                var good = hits.Count(hit => hit.Score >= least);
                found.Add((Math.Min(1, good / (double)exact.Count), milliseconds, Stopwatch.GetElapsedTime(began).TotalMilliseconds));
            }
        }

        return found.Count == 0 ? null : new RecallReport(
            items, count, found.Count, found.Average(query => query.Recall), found.Min(query => query.Recall), Percentile(found, 0.5), Percentile(found, 0.95), Median(found.Select(query => query.ExactMilliseconds)));
    }

    private static async Task<List<float[]>> DrawAsync(NpgsqlConnection connection, CatalogIndex index, CatalogItems items, int queries, int seed, CancellationToken cancellationToken)
    {
        // The other collection's table: the queries come from it.
        var table = $"retrieval.{(items == CatalogItems.Images ? "caption" : "image")}_embedding_{index.IndexId.ToString(CultureInfo.InvariantCulture)}";
        var (first, last) = await RangeAsync(connection, table, cancellationToken).ConfigureAwait(false);
        var random = new Random(seed);
        var drawn = new List<float[]>();
        for (var query = 0; query < queries && first <= last; query++)
        {
            var command = new NpgsqlCommand($"select embedding::real[] from {table} where index_id = $1 and row_no >= $2 order by row_no limit 1", connection)
            {
                Parameters = { new() { Value = index.IndexId }, new() { Value = random.NextInt64(first, last + 1) } },
            };
            await using (command.ConfigureAwait(false))
            {
                if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is float[] embedding)
                {
                    drawn.Add(embedding);
                }
            }
        }

        return drawn;
    }

    private static async Task<(long First, long Last)> RangeAsync(NpgsqlConnection connection, string table, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand($"select coalesce(min(row_no), 1), coalesce(max(row_no), 0) from {table}", connection);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                return (reader.GetInt64(0), reader.GetInt64(1));
            }
        }
    }

    private static async Task<List<float>> ExactAsync(NpgsqlConnection connection, string sql, float[] query, int count, CancellationToken cancellationToken)
    {
        var (vector, scale) = VectorShortlist.InRange(query);
        var command = new NpgsqlCommand(sql, connection)
        {
            CommandTimeout = 0,
            Parameters = { new NpgsqlParameter<HalfVector> { TypedValue = vector }, new NpgsqlParameter<long> { TypedValue = count } },
        };
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var scores = new List<float>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    scores.Add((float)-reader.GetDouble(2) * scale);
                }

                return scores;
            }
        }
    }

    private static double Percentile(List<(double Recall, double Milliseconds, double Exact)> found, double share)
    {
        double[] sorted = [.. found.Select(query => query.Milliseconds).Order()];
        return sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
