using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Npgsql;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>
/// Compares derived values with their origin: the half-precision embedding with the record's, and tags and values with the metadata.
/// Each record is read to its last byte.
/// </summary>
internal sealed class EmbeddingChecks(NpgsqlConnection connection, CatalogIndex index, int every, List<CatalogFinding> findings)
{
    private readonly int _width = index.Schema.EmbeddingWidth;
    private int _found;
    private bool _damaged;

    // The hash makes the server read the whole record; only the embedding is transferred.
    private string Embedding => Text($"md5(r.record), substring(r.record from octet_length(r.record) - {_width * sizeof(float)} + 1), e.embedding::real[]");

    /// <returns>The number of embeddings compared.</returns>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        var images = await ImagesAsync(cancellationToken).ConfigureAwait(false);
        return images + (_damaged ? 0 : await CaptionsAsync(cancellationToken).ConfigureAwait(false));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private Task<long> ImagesAsync(CancellationToken cancellationToken) => CompareAsync(
        "image_embedding",
        Text($"""
            select format('image %s', quote_literal(i.id)), {Embedding}, i.metadata::text, i.tags,
                   array(select v.value from retrieval.image_value v where v.index_id = $1 and v.row_no = i.row_no)
            from retrieval.image i join retrieval.image_record r using (row_no) join retrieval.image_embedding e using (row_no)
            where i.index_id = $1 and r.index_id = $1 and e.index_id = $1 and not i.deleted and i.row_no % {every} = 0
            """),
        row => Searchable(row.GetString(0), Encoding.UTF8.GetBytes(row.IsDBNull(4) ? "" : row.GetString(4)), row.GetFieldValue<string[]>(5), row.GetFieldValue<string[]>(6)),
        cancellationToken);

    private Task<long> CaptionsAsync(CancellationToken cancellationToken) => CompareAsync(
        "caption_embedding",
        Text($"""
            select format('row %s, caption %s', r.row_no, r.position), {Embedding}
            from retrieval.caption r join retrieval.caption_embedding e using (row_no, position)
            where r.index_id = $1 and e.index_id = $1 and r.row_no % {every} = 0
            """),
        _ => { },
        cancellationToken);

    private async Task<long> CompareAsync(string table, string sql, Action<NpgsqlDataReader> more, CancellationToken cancellationToken)
    {
        long compared = 0;
        _found = 0;
        try
        {
            await foreach (var row in connection.RowsAsync(sql, [index.IndexId], cancellationToken).ConfigureAwait(false))
            {
                compared++;
                if (Difference(row.GetFieldValue<byte[]>(2), row.GetFieldValue<float[]>(3)) is { } problem)
                {
                    Add($"{table}, {row.GetString(0)}", problem);
                }

                more(row);
            }
        }
        catch (PostgresException damaged) when (damaged.SqlState.StartsWith("XX", StringComparison.Ordinal))
        {
            // A file of the database is damaged. The server does not say which row it was, and the snapshot is lost.
            findings.Add(new CatalogFinding(table, $"after {compared} rows Postgres could not read on: {damaged.MessageText}"));
            _damaged = true;
        }

        return compared;
    }

    private string? Difference(byte[] record, float[] stored)
    {
        if (stored.Length != _width)
        {
            return $"it has {stored.Length} values, expected {_width}";
        }

        var given = MemoryMarshal.Cast<byte, float>(record);
        if (given.Length != _width)
        {
            // Already reported by its size.
            return null;
        }

        if (Finite.FirstNot(given) is >= 0 and var bad)
        {
            return Text($"value {bad} of the record's embedding is {given[bad]}, not a number to compare by");
        }

        for (var i = 0; i < _width; i++)
        {
            if ((float)(Half)given[i] != stored[i])
            {
                return Text($"value {i} is {stored[i]:R}, and the record's {given[i]:R} in half precision is {(float)(Half)given[i]:R}");
            }
        }

        return null;
    }

    private void Searchable(string where, byte[] metadata, string[] tags, string[] values)
    {
        try
        {
            if (!Tags.OfMetadata(metadata).SequenceEqual(tags, StringComparer.Ordinal))
            {
                Add($"image, {where}", "its tags are not those of its metadata");
            }

            if (!SortedValues.OfMetadata(metadata).ToHashSet(StringComparer.Ordinal).SetEquals(values))
            {
                Add($"image_value, {where}", "its values are not those of its metadata");
            }
        }
        catch (InvalidInputException exception)
        {
            Add($"image, {where}", exception.Message);
        }
    }

    private void Add(string where, string problem)
    {
        if (_found++ < CatalogVerify.MostOfAKind)
        {
            findings.Add(new CatalogFinding(where, problem));
        }
    }
}
