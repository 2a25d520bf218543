using Npgsql;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>Looks images up by id.</summary>
internal static class ImageLookup
{
    public static Task<IReadOnlyDictionary<string, CatalogImage>> FindAsync(Catalog catalog, CatalogIndex index, IReadOnlyCollection<string> ids, CancellationToken cancellationToken) =>
        catalog.UseAsync($"looking up images of index {index.Name}", async (connection, cancellation) =>
        {
            var command = new NpgsqlCommand("""
                select i.id, i.content_hash, s.source_key, i.metadata from retrieval.image i left join retrieval.source s using (source_no)
                where i.index_id = $1 and i.id = any($2) and not i.deleted
                """, connection)
            {
                Parameters = { new() { Value = index.IndexId }, new() { Value = ids.Where(CanBeHeld).ToArray() } },
            };
            await using (command.ConfigureAwait(false))
            {
                var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    var found = new Dictionary<string, CatalogImage>(StringComparer.Ordinal);
                    while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                    {
                        found.Add(reader.GetString(0), new CatalogImage(
                            reader.GetFieldValue<byte[]>(1), reader.IsDBNull(2) ? null : reader.GetString(2), reader.IsDBNull(3) ? [] : reader.GetFieldValue<byte[]>(3)));
                    }

                    return (IReadOnlyDictionary<string, CatalogImage>)found;
                }
            }
        }, cancellationToken);

    /// <summary>
    /// Whether a text may be used in a query at all: Postgres accepts neither U+0000 nor lone surrogates, not even in a query.
    /// </summary>
    public static bool CanBeHeld(string id)
    {
        try
        {
            return !id.Contains('\0', StringComparison.Ordinal) && BatchCheck.StrictUtf8.GetByteCount(id) > 0;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
