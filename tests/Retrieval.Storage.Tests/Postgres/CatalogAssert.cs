using System.Runtime.InteropServices;
using Npgsql;
using Retrieval.Storage.Postgres;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres;

/// <summary>Compares a catalog with what must be in it, byte for byte, in one snapshot.</summary>
internal static class CatalogAssert
{
    private static readonly string[] LargeTables = ["image_record", "image_embedding", "image_value", "caption", "caption_embedding"];

    /// <summary>Nothing but these versions is there: no other image, no row that hangs on none, each row as the sample corpus has it.</summary>
    public static async Task HoldsAsync(SampleCatalog catalog, IReadOnlyDictionary<string, int> expected)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(catalog.Database.AdminConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, TestContext.Current.CancellationToken);
        Dictionary<string, long> rowNumbers = [];
        await foreach (var row in RowsAsync(connection, $"select id, row_no, content_hash, metadata::text, tags, boxes, captions, value_rows from retrieval.image where index_id = {catalog.Index.IndexId} and not deleted"))
        {
            var sample = SampleCorpus.Image((string)row[0]!, expected[(string)row[0]!]);
            rowNumbers.Add(sample.Entry.Id, (long)row[1]!);
            Assert.Equal(sample.Entry.ContentHash.ToArray(), row[2]);
            Assert.Equal(sample.Entry.Metadata.ToArray(), System.Text.Encoding.UTF8.GetBytes((string?)row[3] ?? ""));
            Assert.Equal(Tags.OfMetadata(sample.Entry.Metadata), (string[])row[4]!);
            Assert.Equal(MemoryMarshal.AsBytes(sample.Entry.Boxes.Span).ToArray(), (byte[]?)row[5] ?? []);
            Assert.Equal(sample.Entry.Captions.Count, row[6]);
            Assert.Equal(SortedValues.OfMetadata(sample.Entry.Metadata).Count, row[7]);
        }

        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), rowNumbers.Keys.Order(StringComparer.Ordinal));
        await LargeAsync(connection, catalog, expected, rowNumbers);
    }

    private static async Task LargeAsync(NpgsqlConnection connection, SampleCatalog catalog, IReadOnlyDictionary<string, int> expected, Dictionary<string, long> rowNumbers)
    {
        var where = $"where index_id = {catalog.Index.IndexId}";
        var records = await TableAsync(connection, $"select row_no, 0, record from retrieval.image_record {where}");
        var embeddings = await TableAsync(connection, $"select row_no, 0, embedding::real[] from retrieval.image_embedding {where}");
        var values = await TableAsync(connection, $"select row_no, (row_number() over (partition by row_no order by value))::integer - 1, value from retrieval.image_value {where}");
        var captions = await TableAsync(connection, $"select row_no, position, record, text, words from retrieval.caption {where}");
        var captionEmbeddings = await TableAsync(connection, $"select row_no, position, embedding::real[] from retrieval.caption_embedding {where}");
        foreach (var (id, version) in expected)
        {
            var sample = SampleCorpus.Image(id, version);
            var image = (rowNumbers[id], 0);
            Assert.Equal([.. sample.ImageFieldsByName["v"], .. sample.ImageFieldsByName["embedding"]], (byte[])Take(records, image)[2]!);
            Halves(sample.ImageFieldsByName["embedding"], (float[])Take(embeddings, image)[2]!);
            Assert.All(SortedValues.OfMetadata(sample.Entry.Metadata).Select((value, place) => (value, place)), expectedValue =>
                Assert.Equal(expectedValue.value, Take(values, (rowNumbers[id], expectedValue.place))[2]));
            var words = 0;
            for (var i = 0; i < sample.Entry.Captions.Count; i++)
            {
                var caption = Take(captions, (rowNumbers[id], i));
                Assert.Equal(sample.Entry.Captions[i], caption[3]);
                Assert.Equal(sample.CaptionLengths[i], caption[4]);
                Assert.Equal(Record(sample, i, words), (byte[])caption[2]!);
                Halves(Row(sample, "embedding", i, 24), (float[])Take(captionEmbeddings, (rowNumbers[id], i))[2]!);
                words += sample.CaptionLengths[i];
            }
        }

        Assert.All(new[] { records, embeddings, values, captions, captionEmbeddings }.Zip(LargeTables), left => Assert.True(left.First.Count == 0, $"{left.Second} has rows that no image points to"));
    }

    // The sample schema's fields: w float16 [words, 5], c float32 [words, 2], g int64 [2], then the embedding.
    private static byte[] Record(SampleImage sample, int caption, int firstWord)
    {
        var words = sample.CaptionLengths[caption];
        return
        [
            .. sample.CaptionFieldsByName["w"].AsSpan(firstWord * 10, words * 10), .. sample.CaptionFieldsByName["c"].AsSpan(firstWord * 8, words * 8),
            .. Row(sample, "g", caption, 16), .. Row(sample, "embedding", caption, 24),
        ];
    }

    private static byte[] Row(SampleImage sample, string field, int item, int bytes) => sample.CaptionFieldsByName[field].AsSpan(item * bytes, bytes).ToArray();

    private static void Halves(byte[] floats, float[] found) =>
        Assert.Equal(MemoryMarshal.Cast<byte, float>(floats).ToArray().Select(value => (float)(Half)value), found);

    private static object?[] Take(Dictionary<(long, int), object?[]> table, (long, int) key)
    {
        Assert.True(table.Remove(key, out var row), $"row {key} is missing");
        return row!;
    }

    private static async Task<Dictionary<(long, int), object?[]>> TableAsync(NpgsqlConnection connection, string sql)
    {
        var table = new Dictionary<(long, int), object?[]>();
        await foreach (var row in RowsAsync(connection, sql))
        {
            table.Add(((long)row[0]!, (int)row[1]!), row);
        }

        return table;
    }

    private static async IAsyncEnumerable<object?[]> RowsAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            yield return [.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))];
        }
    }
}
