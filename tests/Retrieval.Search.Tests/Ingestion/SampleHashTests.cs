using Retrieval.Domain.Images;
using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;

namespace Retrieval.Search.Tests.Ingestion;

public sealed class SampleHashTests
{
    [Fact]
    public void An_image_whose_metadata_are_texts_has_the_hash_that_it_had_before_there_were_numbers() =>
        Assert.Equal("8bba90d2ec4981340a17f35c66cadd7517148707e4014a9a3ef88b6ac6798c2c", Hash(("ü", MetadataValue.Of("2024")), ("b", MetadataValue.Of("x"))));

    [Fact]
    public void A_number_a_boolean_and_a_text_that_are_written_alike_have_different_hashes()
    {
        string[] hashes = [.. new[] { MetadataValue.Of("1"), MetadataValue.Of(1), MetadataValue.OfNumber("1.0", out _)!, MetadataValue.Of("true"), MetadataValue.Of(true), MetadataValue.Of(false) }.Select(value => Hash(("a", value)))];

        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(Hash(("a", MetadataValue.Of(1)), ("b", MetadataValue.Of(true))), Hash(("b", MetadataValue.Of(true)), ("a", MetadataValue.Of(1))));
    }

    private static string Hash(params (string Key, MetadataValue Value)[] metadata) => Convert.ToHexStringLower(SampleHash.Of(new ImageSample(0, "x")
    {
        Regions = new[] { 1.5f, -2 },
        RegionCount = 1,
        RegionWidth = 2,
        Captions = ["a cube"],
        Metadata = metadata.ToDictionary(entry => entry.Key, entry => entry.Value),
    }));
}
