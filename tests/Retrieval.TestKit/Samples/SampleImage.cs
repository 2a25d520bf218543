using Retrieval.Storage.Rows;

namespace Retrieval.TestKit.Samples;

/// <summary>One image with the bytes of each field; the embeddings are under the name <c>embedding</c>.</summary>
public sealed record SampleImage(
    ImageEntry Entry,
    IReadOnlyDictionary<string, byte[]> ImageFieldsByName,
    IReadOnlyDictionary<string, byte[]> CaptionFieldsByName,
    int[] CaptionLengths)
{
    internal Dictionary<string, byte[]> ImageFields => (Dictionary<string, byte[]>)ImageFieldsByName;

    internal Dictionary<string, byte[]> CaptionFields => (Dictionary<string, byte[]>)CaptionFieldsByName;
}
