using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Features.MetadataFiles;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Tests.Sources;

/// <summary>Metadata in a file beside a source that has none of its own.</summary>
public sealed class MetadataSourceTests : IDisposable
{
    private readonly TsvFixture _tsv = new();

    public void Dispose() => _tsv.Dispose();

    [Fact]
    public void Metadata_are_added_by_id_with_their_types_and_take_the_place_of_those_of_the_same_key()
    {
        using var source = Open("""
            {"id": "a", "metadata": {"year": 2024, "public": true, "album": "x", "image_w": 7, "none": null}}

            {"id": "COCO_val2014_000000391895.jpg", "metadata": {"year": 2025}}
            {"id": 17, "metadata": {}}
            """, "a", "391895", "17", "without");

        var samples = source.ReadFrom(0).Cast<ImageSample>().ToList();

        Assert.Equal(
            new Dictionary<string, MetadataValue> { ["image_w"] = MetadataValue.Of(7), ["image_h"] = MetadataValue.Of(480), ["year"] = MetadataValue.Of(2024), ["public"] = MetadataValue.Of(true), ["album"] = MetadataValue.Of("x") },
            samples[0].Metadata!);
        Assert.Equal(MetadataValue.Of(2025), samples[1].Metadata!["year"]);
        Assert.Equal(["image_h", "image_w"], samples[2].Metadata!.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(2, samples[3].Metadata!.Count);
        Assert.Equal("metadata.jsonl: metadata by id; 3 images", source.Notes[^1]);
        Assert.Contains(";metadata metadata.jsonl:", source.Stamp, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id": "b", "metadata": {"year": [1]}}""", "line 2: the metadata 'year' is an array, expected a string, a number or a boolean")]
    [InlineData("""{"id": "b", "year": 2024}""", "line 2: no metadata, expected an object of them beside the id")]
    [InlineData("""{"id": "b", "metadata": 5}""", "line 2: the metadata is Number, expected an object")]
    [InlineData("{\"id\": \"b\", \"metadata\": {}}\n{\"id\": \"b\", \"metadata\": {}}", "line 3: the id stands in a line before, expected once")]
    public void A_line_that_cannot_be_used_costs_its_image(string line, string reason)
    {
        using var source = Open("{\"id\": \"a\", \"metadata\": {\"year\": 2024}}\n" + line, "a", "b", "c");

        var items = source.ReadFrom(0).ToList();

        Assert.Equal(["a", "c"], items.OfType<ImageSample>().Select(sample => sample.Id));
        var rejected = Assert.IsType<RejectedSample>(items[1]);
        Assert.Equal(("metadata.jsonl", 1L, "b", reason), (rejected.Source, rejected.Row, rejected.Id, rejected.Reason));
        Assert.Equal([1L, 2], source.ReadFrom(1).Select(item => item.Row));
    }

    [Fact]
    public void Lines_of_no_image_and_ids_that_no_image_has_are_listed_where_all_is_read()
    {
        _tsv.Folder.Write("metadata.jsonl", [.. "{\"id\": \"a\", \"metadata\": {}}\nno json\n{\"metadata\": {}}\n"u8, .. Encoding.Latin1.GetBytes("{\"id\": \"\u00e9\", \"metadata\": {}}\n"), .. "{\"id\": \"nobody\", \"metadata\": {}}\n"u8]);
        using var source = Open(null, "a", "b");

        var items = source.ReadFrom(0).ToList();

        Assert.Equal(2, items.OfType<ImageSample>().Count());
        Assert.Equal(
            [
                (0L, "line 2: not valid JSON, from byte 2 of the line on"),
                (0L, "line 3: no id, expected an object such as {\"id\": \"a.jpg\", \"metadata\": {\"year\": 2024}}"),
                (0L, "line 4: not UTF-8: byte 0xE9 at byte 8 of the line"),
                (1L, "1 id with metadata that no image of features.tsv has: 'nobody'"),
            ],
            items.OfType<RejectedSample>().Select(reject => (reject.Row, reject.Reason)));
        Assert.Single(source.ReadFrom(1));
        Assert.Empty(source.ReadFrom(2));
    }

    [Theory]
    [InlineData("no json", "metadata.jsonl: no line can be used; line 1: not valid JSON")]
    [InlineData("\n\n", "metadata.jsonl: no lines, expected one for each image")]
    public void A_file_of_another_form_is_refused(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<InvalidInputException>(() => Open(text, "a")).Message, StringComparison.Ordinal);

    private IFeatureSource Open(string? metadata, params string[] ids)
    {
        if (metadata is not null)
        {
            _tsv.Folder.Write("metadata.jsonl", metadata);
        }

        return MetadataSource.Over(() => _tsv.Open(string.Join('\n', ids.Select(id => TsvFixture.Line(id)))), _tsv.Folder["metadata.jsonl"]);
    }
}
