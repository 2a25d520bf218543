using Retrieval.Domain.Bundles;
using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Rows;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Writing;

public sealed class IngestedRowsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Images_that_postgres_cannot_hold_become_rejects_and_the_others_are_stored()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var run = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, new IngestionClaim(SampleSource.Key, "1", 2, "test"), new CatalogRetry(), Cancellation);
        var row = 0;
        foreach (var (spoil, reason) in CatalogImageWriterTests.Spoilt())
        {
            var good = SampleSource.Rows([($"good-{row}", 0)], SampleSource.Key);
            var rows = Join(CatalogImageWriterTests.Spoil(spoil, $"spoilt-{row}"), good);
            var outcome = await run.StoreAsync(new IngestionBatch(row + 2, rows, 0, [], false) { SourceName = "sample.tsv", RowNumbers = [row, row + 1] }, Cancellation);
            Assert.Equal(1, outcome.Inserted);
            Assert.Contains(reason, Assert.Single(outcome.Refused).Reason, StringComparison.Ordinal);
            row += 2;
        }

        Assert.Equal((row, row / 2, row / 2), (run.Ledger.NextRow, run.Ledger.Ingested, run.Ledger.Rejected));
        var shown = await CatalogRuns.FindAsync(catalog.Catalog, run.RunId, Cancellation);
        Assert.Equal(Enumerable.Range(0, row / 2).Select(i => 2L * i), shown!.FirstRejects.Select(reject => reject.Row));
        Assert.Equal("a\u2400b", shown.FirstRejects[0].Id);
        Assert.Equal((row / 2, row / 2), (shown.Ingested, shown.Rejected));
        await CatalogAssert.HoldsAsync(catalog, Enumerable.Range(0, row / 2).ToDictionary(i => $"good-{2 * i}", _ => 0));
    }

    [Fact]
    public async Task Records_larger_than_any_buffer_and_ragged_images_arrive_whole()
    {
        var schema = new IndexSchema(
            new string('c', 64), "large", 2000,
            [new FieldSpec("r", ElementType.Int64, [3], Ragged: true), new FieldSpec("v", ElementType.Float32, [100_003], Ragged: false), new FieldSpec("q", ElementType.Float16, [7], Ragged: true)],
            [new FieldSpec("w", ElementType.Float16, [50_001], Ragged: true)]);
        await using var catalog = await SampleCatalog.CreateAsync(schema: schema);
        var random = new Random(8);
        var rows = new ImageRows
        {
            Images = [.. new[] { "a", "b", "c" }.Select(id => new ImageEntry(id, new byte[32], id == "b" ? [] : ["x", "y"]))],
            ImageFields = Fields(random, 3, 2000, [5, 0, 9], ("r", 24, 14), ("v", 400_012, 3), ("q", 14, 14)),
            CaptionFields = Fields(random, 4, 2000, [3, 1, 0, 2], ("w", 100_002, 6)),
        };
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        await images.PutAsync(rows, Cancellation);
        var first = 0;
        for (var i = 0; i < 3; i++)
        {
            var words = rows.ImageFields.Lengths.Span[i];
            byte[] record =
            [
                .. Slice(rows.ImageFields, "r", first, words, 24), .. Slice(rows.ImageFields, "v", i, 1, 400_012), .. Slice(rows.ImageFields, "q", first, words, 14),
                .. rows.ImageFields.Embedding.Span.Slice(i * 8000, 8000),
            ];
            Assert.Equal(record, await catalog.AskAsync<byte[]>($"select record from retrieval.image_record order by row_no offset {i} limit 1"));
            first += words;
        }

        byte[] last = [.. Slice(rows.CaptionFields, "w", 4, 2, 100_002), .. rows.CaptionFields.Embedding.Span.Slice(3 * 8000, 8000)];
        Assert.Equal(last, (await catalog.AskAsync<byte[]>("select record from retrieval.caption order by row_no desc, position desc limit 1"))!);
        Assert.Empty((await CatalogVerify.RunAsync(catalog.Catalog, catalog.Index, cancellationToken: Cancellation)).Findings);
    }

    private static ImageRows Join(ImageRows one, ImageRows two) => new()
    {
        Images = [.. one.Images, .. two.Images],
        ImageFields = Join(one.ImageFields, two.ImageFields),
        CaptionFields = Join(one.CaptionFields, two.CaptionFields),
        SourceKey = two.SourceKey,
    };

    private static FieldRows Join(FieldRows one, FieldRows two) => new()
    {
        Embedding = (byte[])[.. one.Embedding.Span, .. two.Embedding.Span],
        Fields = one.Fields.ToDictionary(field => field.Key, field => (ReadOnlyMemory<byte>)(byte[])[.. field.Value.Span, .. two.Fields[field.Key].Span]),
        Lengths = (int[])[.. one.Lengths.Span, .. two.Lengths.Span],
    };

    private static FieldRows Fields(Random random, int items, int width, int[] lengths, params (string Name, int RowBytes, int Rows)[] fields) => new()
    {
        Embedding = RowBytes.Of(Enumerable.Range(0, items * width).Select(_ => random.NextSingle()).ToArray()),
        Fields = fields.ToDictionary(field => field.Name, field =>
        {
            var bytes = new byte[field.RowBytes * field.Rows];
            random.NextBytes(bytes);
            return (ReadOnlyMemory<byte>)bytes;
        }),
        Lengths = lengths,
    };

    private static ReadOnlySpan<byte> Slice(FieldRows rows, string field, int row, int count, int rowBytes) => rows.Fields[field].Span.Slice(row * rowBytes, count * rowBytes);
}
