using System.Runtime.InteropServices;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;

namespace Retrieval.Features.Tests.Sources;

/// <summary>Lines of a bottom-up-attention file on disk.</summary>
public sealed class TsvFixture : IDisposable
{
    public const int Width = 4;

    public TemporaryFolder Folder { get; } = new();

    public static string Line(string id, int regions = 2, float first = 1, int width = Width)
    {
        var boxes = Enumerable.Range(0, regions * 4).Select(i => (float)i).ToArray();
        var features = Enumerable.Range(0, regions * width).Select(i => first + i).ToArray();
        return $"{id}\t640\t480\t{regions}\t{Encode(boxes)}\t{Encode(features)}";
    }

    public static string Encode(float[] values) => Convert.ToBase64String(MemoryMarshal.AsBytes(values.AsSpan()));

    public DetectorTsvSource Open(string text, string? captions = null, int? regionCount = 2, int? regionWidth = Width)
    {
        Folder.Write("features.tsv", text);
        return DetectorTsvSource.Open(Folder["features.tsv"], captions, new FeatureExpectation { RegionCount = regionCount, RegionWidth = regionWidth });
    }

    public List<SourceItem> Read(string text, string? captions = null)
    {
        using var source = Open(text, captions);
        return [.. source.ReadFrom(0)];
    }

    public void Dispose() => Folder.Dispose();
}
