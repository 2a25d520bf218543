using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Retrieval.Server.Tests.Hosting;

/// <summary>Bodies of single images, of the corpus or any other.</summary>
internal static class Image
{
    public const int Regions = TestKit.Corpora.Corpus.RegionCount;
    public const int Width = TestKit.Corpora.Corpus.RegionWidth;

    /// <summary>The features of an image of the corpus in base64, raw.</summary>
    public static string Raw(int row) => Convert.ToBase64String(MemoryMarshal.AsBytes(Corpus.RegionsOf(row).AsSpan()));

    /// <summary>The same as the bytes of a .npy file.</summary>
    public static byte[] Npy(int row, params ReadOnlySpan<long> shape)
    {
        using var folder = new TemporaryFolder();
        return File.ReadAllBytes(folder.WriteNpy("image.npy", Corpus.RegionsOf(row), shape.IsEmpty ? [Regions, Width] : shape.ToArray()));
    }

    /// <summary>The image of the corpus that is in a row, as a body.</summary>
    public static JsonObject Body(int row, params string[] captions) => new()
    {
        ["features"] = Raw(row),
        ["captions"] = new JsonArray([.. captions.Select(caption => JsonValue.Create(caption))]),
    };
}
