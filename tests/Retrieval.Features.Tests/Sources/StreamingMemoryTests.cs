using PureHDF;
using PureHDF.Filters;
using Retrieval.Features.Hdf5;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Tests.Sources;

/// <summary>Measures the memory of the whole process, so nothing else may run beside it.</summary>
[Collection(nameof(StreamingMemoryTests))]
[CollectionDefinition(nameof(StreamingMemoryTests), DisableParallelization = true)]
public sealed class StreamingMemoryTests
{
    [Fact]
    public void A_split_holds_nothing_that_grows_with_its_images()
    {
        using var split = new SplitFixture();

        // 20,000 rows of 24 bytes and as many captions: what is read is dropped, so nothing of it may stay.
        const int Many = 20_000;
        split.WriteRegions(SplitFixture.Values(Many), Many);
        split.WriteCaptions(Many);
        using var source = split.Open();
        var held = new List<long>();

        foreach (var item in source.ReadFrom(0))
        {
            if (item.Row % (Many / 4) == 0)
            {
                held.Add(GC.GetTotalMemory(forceFullCollection: true));
            }
        }

        Assert.InRange(held[^1] - held[0], long.MinValue, 200_000);
    }

    [Fact]
    public void A_tsv_file_holds_nothing_that_grows_with_its_lines()
    {
        using var tsv = new TsvFixture();
        using var source = tsv.Open(string.Concat(Enumerable.Range(0, 300).Select(i => TsvFixture.Line($"{i}", width: 2048) + "\n")), regionWidth: 2048);
        var held = new List<long>();

        foreach (var item in source.ReadFrom(0))
        {
            if (item.Row % 75 == 10)
            {
                held.Add(GC.GetTotalMemory(forceFullCollection: true));
            }
        }

        Assert.InRange(held[^1] - held[0], long.MinValue, 300_000);
    }

    [Fact]
    public void An_hdf5_file_holds_nothing_that_grows_with_its_images()
    {
        using var folder = new TemporaryFolder();
        new H5File { ["features"] = new H5Dataset(new float[4000, 4, 64], chunks: [16, 4, 64], datasetCreation: new(Filters: [DeflateFilter.Id])) }.Write(folder["a.h5"]);
        using var source = Hdf5Source.Open(folder["a.h5"], null, new FeatureExpectation { RegionCount = 4, RegionWidth = 64 });
        var held = new List<long>();

        foreach (var item in source.ReadFrom(0))
        {
            if (item.Row % 1000 == 10)
            {
                held.Add(GC.GetTotalMemory(forceFullCollection: true));
            }
        }

        // What is held of a thousand images is a megabyte. A buffer that the library borrows once is as large, so that one step may have it.
        Assert.Equal(4, held.Count);
        Assert.InRange(held.Zip(held.Skip(1), (before, after) => after - before).Order().ElementAt(1), long.MinValue, 300_000);
    }
}
