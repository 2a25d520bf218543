using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>The checkpoints of a source that is stored in parts.</summary>
public static class CatalogParts
{
    /// <summary>The parts that were ever started, in order.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="index">The index.</param>
    /// <param name="sourceKey">The source.</param>
    /// <param name="parts">The number of parts it is divided into. Other divisions of the same source are ignored.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public static Task<IReadOnlyList<CatalogPart>> ListAsync(Catalog catalog, CatalogIndex index, string sourceKey, int parts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(index);
        return catalog.UseAsync($"reading the parts of '{sourceKey}'", async (connection, cancellation) =>
        {
            var command = new NpgsqlCommand(
                "select part, source_stamp, next_row, ingested, skipped, rejected, completed, replaced, batch_rows from retrieval.ledger where index_id = $1 and source_key = $2 and parts = $3 order by part", connection)
            {
                Parameters = { new() { Value = index.IndexId }, new() { Value = sourceKey }, new() { Value = parts } },
            };
            await using (command.ConfigureAwait(false))
            {
                var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    var found = new List<CatalogPart>();
                    while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                    {
                        var ledger = new SourceCheckpoint(sourceKey, reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5), 0, reader.GetBoolean(6))
                        {
                            Replaced = reader.GetInt64(7),
                            BatchRows = reader.GetInt32(8),
                        };
                        found.Add(new CatalogPart(reader.GetInt32(0), ledger));
                    }

                    return (IReadOnlyList<CatalogPart>)found;
                }
            }
        }, cancellationToken);
    }
}
