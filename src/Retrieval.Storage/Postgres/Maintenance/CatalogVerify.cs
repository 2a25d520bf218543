using System.Data;
using Npgsql;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>Checks in one snapshot that an index is complete. Writers continue meanwhile.</summary>
public static class CatalogVerify
{
    /// <summary>The maximum number of findings listed for one kind.</summary>
    public const int MostOfAKind = 100;

    /// <summary>
    /// Checks that every live image has its record, its embedding and all its captions with theirs, and that nothing else exists.
    /// Checks that records have the size their fields imply, that epochs are in order, and that embeddings, tags and values agree with
    /// their origin.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="index">The index.</param>
    /// <param name="every">1 reads every record; N every Nth, which is a sample.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused, or the index is gone.</exception>
    public static Task<CatalogVerification> RunAsync(Catalog catalog, CatalogIndex index, int every = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(index);
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        return MaintenanceConnection.UseAsync(catalog, $"checking index {index.Name}", async (connection, cancellation) =>
        {
            var findings = await ThereAsync(connection, index, cancellation).ConfigureAwait(false);
            if (findings.Count > 0)
            {
                return new CatalogVerification(0, 0, findings);
            }

            var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation).ConfigureAwait(false);
            await using (snapshot.ConfigureAwait(false))
            {
                var layout = new IndexLayout(index.Schema);
                foreach (var check in CatalogStructureChecks.Of(layout))
                {
                    await foreach (var row in connection.RowsAsync($"{check.Sql} limit {MostOfAKind}", [index.IndexId], cancellation).ConfigureAwait(false))
                    {
                        findings.Add(new CatalogFinding($"{check.Table}, {row.GetString(0)}", check.Problem + (row.FieldCount > 1 ? row.GetString(1) : "")));
                    }
                }

                var images = await connection.AskAsync<long>("select count(*) from retrieval.image where index_id = $1 and not deleted", [index.IndexId], cancellation).ConfigureAwait(false);
                var compared = await new EmbeddingChecks(connection, index, every, findings).RunAsync(cancellation).ConfigureAwait(false);
                return new CatalogVerification(images, compared, findings);
            }
        }, cancellationToken);
    }

    // Nothing else can be checked without the index's partitions.
    private static async Task<List<CatalogFinding>> ThereAsync(NpgsqlConnection connection, CatalogIndex index, CancellationToken cancellationToken)
    {
        var findings = new List<CatalogFinding>();
        if (await connection.AskAsync<int?>("select index_id from retrieval.index where index_id = $1", [index.IndexId], cancellationToken).ConfigureAwait(false) is null)
        {
            throw CatalogIndexes.Unknown(index.Name);
        }

        await foreach (var row in connection.RowsAsync("""
            select t || '_' || $1 from unnest(array['image', 'image_record', 'image_embedding', 'image_value', 'caption', 'caption_embedding']) t
            where to_regclass('retrieval.' || t || '_' || $1) is null
            """, [index.IndexId], cancellationToken).ConfigureAwait(false))
        {
            findings.Add(new CatalogFinding(row.GetString(0), "the table is missing"));
        }

        await foreach (var row in connection.RowsAsync("""
            select i.indexrelid::regclass::text from pg_index i join pg_class t on t.oid = i.indrelid
            where not i.indisvalid and t.oid = any(array[to_regclass('retrieval.image_embedding_' || $1), to_regclass('retrieval.caption_embedding_' || $1)])
            """, [index.IndexId], cancellationToken).ConfigureAwait(false))
        {
            findings.Add(new CatalogFinding(row.GetString(0), "the index was left unfinished; vacuum removes it"));
        }

        return findings;
    }
}
