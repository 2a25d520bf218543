using System.Globalization;
using Npgsql;
using Pgvector;
using Retrieval.Domain.Images;
using Retrieval.Domain.Numbers;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Storage.Postgres.Searching;

/// <summary>
/// The first stage in the database: the embeddings nearest to a query, by inner product in half precision. For any filter and any
/// requested number, that many are returned as long as the collection has them. Safe for concurrent calls.
/// </summary>
public sealed class VectorShortlist(Catalog catalog, VectorShortlistOptions? options = null)
{
    // pgvector's limits and defaults.
    private const int LargestEf = 1000;
    private const int DefaultScan = 20_000;
    private const int LargestMemory = 64;
    private const int RowsAMemory = 10_000;

    private readonly VectorShortlistOptions _options = options ?? new VectorShortlistOptions();

    /// <summary>The nearest embeddings, best first.</summary>
    /// <param name="items">Images or captions.</param>
    /// <param name="indexId">The index's number in the catalog.</param>
    /// <param name="width">E, the width of its embeddings.</param>
    /// <param name="query">The query's embedding, <c>[E]</c>, finite.</param>
    /// <param name="count">The number of embeddings. Fewer are returned only if fewer exist.</param>
    /// <param name="filter">Conditions on the image's metadata by key, all of which must hold.
    /// Null for none.</param>
    /// <param name="cancellationToken">Ends the wait and the work in the database.</param>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused, or the index is gone.</exception>
    /// <exception cref="ArgumentException">The query does not have that width, or is not finite.</exception>
    public async Task<IReadOnlyList<CatalogHit>> FindAsync(
        CatalogItems items,
        int indexId,
        int width,
        ReadOnlyMemory<float> query,
        int count,
        IReadOnlyDictionary<string, MetadataCondition>? filter,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (query.Length != width || !Finite.All(query.Span))
        {
            throw new ArgumentException(query.Length == width ? "the query has a value that is not finite" : $"the query has {query.Length} elements, the embeddings have {width}", nameof(query));
        }

        if (count == 0)
        {
            return [];
        }

        var (vector, scale) = InRange(query.Span);
        var sql = new NearestSql(items, indexId, width, filter);
        try
        {
            return await catalog.UseVectorsAsync($"finding the nearest {(items == CatalogItems.Images ? "images" : "captions")}", async (connection, cancellation) =>
            {
                var hits = await FindAsync(connection, sql, vector, count, cancellation).ConfigureAwait(false);
                hits.Sort((a, b) => b.Score.CompareTo(a.Score));
                return scale == 1 ? hits : [.. hits.Select(hit => hit with { Score = hit.Score * scale })];
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (CatalogException gone) when (gone.InnerException is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable })
        {
            throw new CatalogException($"index {indexId}", CatalogFault.Index, "it is not in the catalog any more", gone);
        }
    }

    private async Task<List<CatalogHit>> FindAsync(NpgsqlConnection connection, NearestSql sql, HalfVector vector, int count, CancellationToken cancellation)
    {
        if (sql.IsFiltered)
        {
            var (selective, matches) = await RunAsync(connection, sql.Selective, vector, count, [.. sql.Parameters, _options.ExactMatches], cancellation).ConfigureAwait(false);
            if (matches <= _options.ExactMatches)
            {
                return selective;
            }
        }

        var (hits, _) = await RunAsync(connection, sql.ByIndex, vector, count, sql.Parameters, cancellation).ConfigureAwait(false);

        // Either the index reached its scan limit, or its graph does not reach the remaining embeddings, or there are no more.
        return hits.Count < count
            ? (await RunAsync(connection, sql.Exact, vector, count, sql.Parameters, cancellation).ConfigureAwait(false)).Hits
            : hits;
    }

    // In addition to the hits, a row without an id, at any position in the answer, counts the images that match the filter.
    private async Task<(List<CatalogHit> Hits, int? Matches)> RunAsync(NpgsqlConnection connection, string sql, HalfVector vector, int count, IReadOnlyList<object> more, CancellationToken cancellation)
    {
        // One round trip and one transaction, with which the settings end.
        var batch = new NpgsqlBatch(connection) { BatchCommands = { Settings(count, more.Count > 0), Statement(sql, vector, count, more) } };
        await using (batch.ConfigureAwait(false))
        {
            var reader = await batch.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.NextResultAsync(cancellation).ConfigureAwait(false);
                var hits = new List<CatalogHit>(Math.Min(count, 1024));
                int? matches = null;
                while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                {
                    if (reader.IsDBNull(0))
                    {
                        matches = reader.GetInt32(1);
                    }
                    else
                    {
                        hits.Add(new CatalogHit(reader.GetString(0), reader.GetInt32(1), (float)-reader.GetDouble(2)));
                    }
                }

                return (hits, matches);
            }
        }
    }

    private NpgsqlBatchCommand Settings(int count, bool filtered)
    {
        var ef = Math.Clamp((int)Math.Min(count * _options.EfFactor, LargestEf), Math.Min(_options.SmallestEf, LargestEf), LargestEf);
        var scan = Math.Min(int.MaxValue, Math.Max(filtered ? _options.FilteredScan : DefaultScan, 4L * count));
        var memory = Math.Clamp(1 + (scan / RowsAMemory), 1, LargestMemory);
        return new NpgsqlBatchCommand(NearestSql.Settings) { Parameters = { Text(ef), Text(scan), Text(memory) } };
    }

    private static NpgsqlBatchCommand Statement(string sql, HalfVector vector, int count, IReadOnlyList<object> more)
    {
        var command = new NpgsqlBatchCommand(sql)
        {
            Parameters = { new NpgsqlParameter<HalfVector> { TypedValue = vector }, new NpgsqlParameter<long> { TypedValue = count } },
        };
        foreach (var value in more)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }

    private static NpgsqlParameter<string> Text(long number) => new() { TypedValue = number.ToString(CultureInfo.InvariantCulture) };

    // The order does not depend on a query's length, but half precision does. A power of two scales its largest component to
    // between 1 and 2, which loses nothing.
    internal static (HalfVector Vector, float Scale) InRange(ReadOnlySpan<float> query)
    {
        var greatest = 0f;
        foreach (var value in query)
        {
            greatest = Math.Max(greatest, Math.Abs(value));
        }

        var exponent = greatest is 0 or (>= 1 and < 2) ? 0 : Math.ILogB(greatest);
        var halves = new Half[query.Length];
        for (var i = 0; i < halves.Length; i++)
        {
            halves[i] = (Half)MathF.ScaleB(query[i], -exponent);
        }

        return (new HalfVector(halves), MathF.ScaleB(1, exponent));
    }
}
