using Retrieval.Features.Sources;

namespace Retrieval.Features.Tests.Sources;

/// <summary>A split on disk: 4 images of 2 regions of 3 features, 5 captions each, and whatever a test adds.</summary>
public sealed class SplitFixture : IDisposable
{
    public const int Images = 4, Regions = 2, Width = 3, RowElements = Regions * Width;

    public SplitFixture()
    {
        WriteRegions(Values(Images), Images);
        WriteCaptions(Images * 5);
    }

    public TemporaryFolder Folder { get; } = new();

    /// <summary>Row i holds i, i + 1/16, i + 2/16 …</summary>
    public static float[] Values(int rows) =>
        [.. Enumerable.Range(0, rows * RowElements).Select(i => (i / RowElements) + ((i % RowElements) / 16f))];

    public void WriteRegions(float[] values, long rows) => Folder.WriteNpy("test_ims.npy", values, rows, Regions, Width);

    public void WriteCaptions(int count) =>
        Folder.Write("test_caps.txt", string.Concat(Enumerable.Range(0, count).Select(i => $"caption {i}\n")));

    public void WriteLines(string name, params IEnumerable<string> lines) =>
        Folder.Write(name, string.Concat(lines.Select(l => l + "\n")));

    public PrecomputedSplitSource Open(int? captionsPerImage = null, int? regionCount = Regions, int? regionWidth = Width) =>
        PrecomputedSplitSource.Open(Folder.Path, "test", new FeatureExpectation
        {
            RegionCount = regionCount,
            RegionWidth = regionWidth,
            CaptionsPerImage = captionsPerImage,
        });

    public List<SourceItem> Read(long row = 0, int? captionsPerImage = null)
    {
        using var source = Open(captionsPerImage);
        return [.. source.ReadFrom(row)];
    }

    public void Dispose() => Folder.Dispose();
}
