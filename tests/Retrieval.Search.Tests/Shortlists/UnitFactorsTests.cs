using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Retrieval.Search.Shortlists;

namespace Retrieval.Search.Tests.Shortlists;

public sealed class UnitFactorsTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1.0000001f, 1f)]
    [InlineData(-1.0000001f, -1f)]
    [InlineData(0.25f, 0.25f)]
    [InlineData(float.NaN, float.NaN)]
    public void A_cosine_is_within_its_range(float product, float cosine) => Assert.Equal(cosine, UnitFactors.Cosine(product));

    [Fact]
    public async Task Factors_of_an_earlier_generation_are_taken_over_and_those_of_new_slots_computed()
    {
        var corpus = Corpus.Make(12, 1, 7);
        await Ingest.RunAsync(corpus.AsSource("1"), _folder.Index);
        float[] before;
        using (var index = Ingest.Open(_folder.Index))
        {
            before = UnitFactors.Of(index.Images);
        }

        Assert.Equal(12, before.Length);
        corpus.Regions[3].AsSpan().Fill(0.5f);
        await Ingest.RunAsync(corpus.AsSource("2"), _folder.Index);
        using var after = Ingest.Open(_folder.Index);
        Assert.Equal(13, after.Images.Slots);
        float[] marked = [.. before.Select(factor => -factor)];

        Assert.Equal([.. marked, UnitFactors.Of(after.Images)[12]], UnitFactors.Of(after.Images, marked));
        Assert.Equal(1, TensorPrimitives.Norm<float>(UnitFactors.Unit(MemoryMarshal.Cast<byte, float>(after.Images.Embedding.Row(12)))), 1e-5f);
    }
}
