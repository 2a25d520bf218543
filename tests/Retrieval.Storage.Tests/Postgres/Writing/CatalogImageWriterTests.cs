using Retrieval.Domain.Errors;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Rows;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Writing;

public sealed class CatalogImageWriterTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Random_puts_and_deletions_leave_what_a_dictionary_holds_and_count_epochs_by_changes()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        var random = new Random(11);
        var model = new Dictionary<string, int>();
        long epoch = 0;
        for (var step = 0; step < 150; step++)
        {
            var id = $"image-{random.Next(20)}";
            if (random.Next(3) == 0)
            {
                var was = model.Remove(id);
                Assert.Equal(was ? ++epoch : null, await images.DeleteAsync(id, Cancellation));
            }
            else
            {
                var batch = Enumerable.Range(0, random.Next(1, 4)).Select(i => ($"{id}{(i == 0 ? "" : $"-{i}")}", random.Next(3))).ToList();
                epoch += batch.Any(image => !model.TryGetValue(image.Item1, out var version) || version != image.Item2) ? 1 : 0;
                batch.ForEach(image => model[image.Item1] = image.Item2);
                Assert.Equal(epoch, await images.PutAsync(SampleSource.Rows(batch, random.Next(2) == 0 ? null : "somebody"), Cancellation));
            }
        }

        await CatalogAssert.HoldsAsync(catalog, model);
        Assert.Equal(epoch, await catalog.EpochAsync());
        // Each change is noted once, under a token of its own; calls that changed nothing are not.
        Assert.Equal(string.Join(' ', Enumerable.Range(1, (int)epoch)), await catalog.AskAsync<string>("select string_agg(epoch::text, ' ' order by epoch) from retrieval.change"));
        Assert.Equal(epoch, await catalog.AskAsync<long>("select count(distinct token) from retrieval.change"));
        Assert.Equal(0, await catalog.AskAsync<long>("select count(*) from retrieval.image where deleted <> (deleted_at is not null)"));
    }

    [Fact]
    public async Task Calls_at_once_all_take_effect_each_with_an_epoch_of_its_own()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        var epochs = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => images.PutAsync(SampleSource.Rows([($"image-{i}", 1)], null), Cancellation)));
        Assert.Equal(Enumerable.Range(1, 24).Select(i => (long)i), epochs.Order());
        var same = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => images.PutAsync(SampleSource.Rows([("same", i)], null), Cancellation)));
        await CatalogAssert.HoldsAsync(catalog, new Dictionary<string, int>(Enumerable.Range(0, 24).Select(i => KeyValuePair.Create($"image-{i}", 1))) { ["same"] = Array.IndexOf(same, same.Max()) });
    }

    [Fact]
    public async Task What_postgres_cannot_hold_is_refused_by_name_and_nothing_is_stored()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        foreach (var (spoil, reason) in Spoilt())
        {
            var refused = await Assert.ThrowsAsync<InvalidInputException>(() => images.PutAsync(Spoil(spoil), Cancellation));
            Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        }

        Assert.Null(await images.DeleteAsync("a\0", Cancellation));
        Assert.Null(await images.DeleteAsync("\ud800", Cancellation));
        Assert.Equal(0, await catalog.EpochAsync());
        await CatalogAssert.HoldsAsync(catalog, new Dictionary<string, int>());
    }

    [Fact]
    public async Task An_index_that_was_dropped_is_named()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        await images.PutAsync(SampleSource.Rows([("a", 0)], null), Cancellation);
        await CatalogIndexes.DropAsync(catalog.Catalog, "sample", Cancellation);
        foreach (var key in new[] { null, "source" })
        {
            var gone = await Assert.ThrowsAsync<CatalogException>(() => images.PutAsync(SampleSource.Rows([("b", 0)], key), Cancellation));
            Assert.Equal(CatalogFault.Index, gone.Fault);
            Assert.Contains("sample is no longer in the catalog", gone.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Images that are in order but for one thing, and what is said of it.</summary>
    internal static IEnumerable<(Func<ImageEntry, float[], ImageEntry> Spoil, string Reason)> Spoilt()
    {
        yield return ((entry, _) => entry with { Id = "a\0b" }, "id: has the character U+0000");
        yield return ((entry, _) => entry with { Captions = [.. entry.Captions.Select((text, i) => i == 0 ? "a\0" : text)] }, "caption 0: has the character U+0000");
        yield return ((entry, _) => entry with { Metadata = "[]"u8.ToArray() }, "metadata: is a JSON Array, expected an object");
        yield return ((entry, _) => entry with { Metadata = "{\"a\":"u8.ToArray() }, "metadata: is not valid JSON");
        yield return ((entry, _) => entry with { Metadata = System.Text.Encoding.UTF8.GetBytes($$"""{"a":"{{new string('x', 1 << 20)}}"}""") }, "metadata: 1048584 bytes of metadata as compact JSON, expected at most 1048576 an image");
        yield return ((entry, _) => entry with { Boxes = new float[] { 1, 2, float.NaN, 4 } }, "boxes: a coordinate of a box is not a finite number");
        yield return ((entry, embedding) => Set(entry, embedding, 3, 65520f), "embedding: value 3 is 65520, beyond half precision (at most 65504)");
    }

    /// <summary>One image that has captions, changed.</summary>
    internal static ImageRows Spoil(Func<ImageEntry, float[], ImageEntry> spoil, string id = "spoilt")
    {
        var version = Enumerable.Range(0, 100).First(i => SampleCorpus.Image(id, i).Entry.Captions.Count > 0);
        var rows = SampleCorpus.Batch(id, version);
        var embedding = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(rows.ImageFields.Embedding.Span).ToArray();
        var entry = spoil(rows.Images[0], embedding);
        return new ImageRows
        {
            Images = [entry],
            ImageFields = new FieldRows { Embedding = RowBytes.Of(embedding), Fields = rows.ImageFields.Fields },
            CaptionFields = rows.CaptionFields,
        };
    }

    private static ImageEntry Set(ImageEntry entry, float[] embedding, int place, float value)
    {
        embedding[place] = value;
        return entry;
    }
}
