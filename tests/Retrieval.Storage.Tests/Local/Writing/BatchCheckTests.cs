using System.Text;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Writing;

public sealed class BatchCheckTests : IDisposable
{
    private static readonly byte[] Hash = new byte[32];

    private readonly IndexFolder _folder = new();

    public static TheoryData<string, string> Faults { get; } = new()
    {
        { "empty id", "id" },
        { "long id", "id" },
        { "lone surrogate in an id", "id" },
        { "id twice", "id" },
        { "short hash", "contentHash" },
        { "lone surrogate in a caption", "captions" },
        { "long captions", "captions" },
        { "long metadata", "metadata" },
        { "metadata that are no JSON", "metadata" },
        { "metadata that are no UTF-8", "metadata" },
        { "a list for metadata", "metadata" },
        { "half a box", "boxes" },
        { "a box that is no number", "boxes" },
        { "short embedding", "images.embedding" },
        { "infinite embedding", "images.embedding" },
        { "missing field", "images.v" },
        { "short field", "images.v" },
        { "missing lengths", "captions.length" },
        { "negative length", "captions.length" },
        { "lengths and rows differ", "captions.w" },
        { "caption without tensors", "captions.length" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_batch_with_a_fault_is_refused_whole_and_the_writer_goes_on(string fault, string field)
    {
        using (var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema))
        {
            writer.Append(SampleCorpus.Batch("before"));

            var error = Assert.Throws<InvalidInputException>(() => writer.Append(Faulty(fault)));

            Assert.Equal(field, error.Field);
            writer.Append(SampleCorpus.Batch("after"));
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        using var index = LocalIndex.Open(_folder.Index);
        IndexAssert.Holds(index, new Dictionary<string, int> { ["before"] = 0, ["after"] = 0 });
        Assert.Equal(2, index.Images.Slots);
    }

    [Fact]
    public async Task What_a_catalog_has_taken_is_copied_however_long_it_is()
    {
        var good = SampleCorpus.Batch("a");
        var metadata = Encoding.UTF8.GetBytes($$"""{"a":"{{new string('x', 2 << 20)}}"}""");
        var rows = new ImageRows { Images = [good.Images[0] with { Metadata = metadata }], ImageFields = good.ImageFields, CaptionFields = good.CaptionFields };
        using (var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema))
        {
            Assert.Equal("metadata", Assert.Throws<InvalidInputException>(() => writer.Append(rows)).Field);
            writer.Append(rows, mirrored: true);
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        using var index = LocalIndex.Open(_folder.Index);
        Assert.Equal(metadata, index.GetImage(0).Metadata.ToArray());
    }

    [Theory]
    [InlineData("../v")]
    [InlineData("")]
    [InlineData("a b")]
    public void A_field_name_that_is_no_file_name_is_refused(string name)
    {
        var schema = SampleCorpus.Schema with { ImageFields = [new FieldSpec(name, ElementType.Float32, [1], Ragged: false)] };
        Assert.Throws<InvalidInputException>(() => LocalIndexWriter.OpenOrCreate(_folder.Index, schema));
    }

    [Fact]
    public void Field_names_that_differ_in_case_only_are_refused()
    {
        var schema = SampleCorpus.Schema with { ImageFields = [new FieldSpec("v", ElementType.Float32, [1], false), new FieldSpec("V", ElementType.Float32, [1], false)] };
        Assert.Throws<InvalidInputException>(() => LocalIndexWriter.OpenOrCreate(_folder.Index, schema));
    }

    private static ImageRows Faulty(string fault)
    {
        var good = SampleCorpus.Batch([("a", 0), ("b", 0)]);
        var images = good.Images.ToList();
        ImageRows With(ImageEntry entry) => new() { Images = [entry, images[1]], ImageFields = good.ImageFields, CaptionFields = good.CaptionFields };
        ImageRows Image(ReadOnlyMemory<byte> embedding, params (string, ReadOnlyMemory<byte>)[] fields) => new()
        {
            Images = images,
            ImageFields = new FieldRows { Embedding = embedding, Fields = fields.ToDictionary(pair => pair.Item1, pair => pair.Item2) },
            CaptionFields = good.CaptionFields,
        };
        ImageRows Captions(int[] lengths) => new()
        {
            Images = [new ImageEntry("c", Hash, ["one", "two"])],
            ImageFields = SampleCorpus.Batch("c").ImageFields,
            CaptionFields = new FieldRows
            {
                Embedding = new byte[2 * 6 * 4],
                Fields = new Dictionary<string, ReadOnlyMemory<byte>> { ["w"] = new byte[3 * 10], ["c"] = new byte[3 * 8], ["g"] = new byte[2 * 16] },
                Lengths = lengths,
            },
        };
        var embedding = good.ImageFields.Embedding;
        var v = good.ImageFields.Fields["v"];
        return fault switch
        {
            "empty id" => With(images[0] with { Id = "" }),
            "long id" => With(images[0] with { Id = new string('é', 513) }),
            "lone surrogate in an id" => With(images[0] with { Id = "a\ud800" }),
            "id twice" => With(images[0] with { Id = "b" }),
            "short hash" => With(images[0] with { ContentHash = new byte[31] }),
            "lone surrogate in a caption" => With(images[0] with { Captions = ["\udc00", .. images[0].Captions.Skip(1)] }),
            "long captions" => With(images[0] with { Captions = [.. images[0].Captions.Select(_ => new string('x', (1 << 20) + 1))] }),
            "long metadata" => With(images[0] with { Metadata = Encoding.UTF8.GetBytes($$"""{"a":"{{new string('x', 1 << 20)}}"}""") }),
            "metadata that are no JSON" => With(images[0] with { Metadata = "{\"a\":1}}"u8.ToArray() }),
            "metadata that are no UTF-8" => With(images[0] with { Metadata = new byte[] { (byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}' } }),
            "a list for metadata" => With(images[0] with { Metadata = "[1]"u8.ToArray() }),
            "half a box" => With(images[0] with { Boxes = new float[] { 1, 2 } }),
            "a box that is no number" => With(images[0] with { Boxes = new float[] { 1, 2, 3, float.NaN } }),
            "short embedding" => Image(embedding[1..], ("v", v)),
            "infinite embedding" => Image(RowBytes.Of([.. Enumerable.Repeat(0f, 11), float.PositiveInfinity]), ("v", v)),
            "missing field" => Image(embedding),
            "short field" => Image(embedding, ("v", v[4..])),
            "missing lengths" => Captions([]),
            "negative length" => Captions([4, -1]),
            "lengths and rows differ" => Captions([2, 2]),
            "caption without tensors" => With(images[0] with { Captions = [.. images[0].Captions, "more"] }),
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
        };
    }
}
