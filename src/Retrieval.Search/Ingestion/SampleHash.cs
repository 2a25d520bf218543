using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Retrieval.Domain.Images;
using Retrieval.Features.Sources;

namespace Retrieval.Search.Ingestion;

/// <summary>SHA-256 over everything that is ingested of an image: distinguishes an unchanged image from a changed one.</summary>
internal static class SampleHash
{
    // Stand before a value where a text has its length: 2024 and "2024" are not the same.
    private const int NumberMark = -1, BooleanMark = -2;

    public static byte[] Of(ImageSample sample)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Number(hash, sample.RegionCount);
        Number(hash, sample.RegionWidth);
        hash.AppendData(MemoryMarshal.AsBytes(sample.Regions.Span));
        var boxes = sample.Boxes ?? default;
        Number(hash, boxes.Length);
        hash.AppendData(MemoryMarshal.AsBytes(boxes.Span));
        Number(hash, sample.Captions.Count);
        foreach (var caption in sample.Captions)
        {
            Text(hash, caption);
        }

        foreach (var (key, value) in (sample.Metadata ?? new Dictionary<string, MetadataValue>()).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Text(hash, key);
            if (value.Kind != MetadataKind.Text)
            {
                Number(hash, value.Kind == MetadataKind.Number ? NumberMark : BooleanMark);
            }

            Text(hash, value.Written);
        }

        return hash.GetHashAndReset();
    }

    // Prefixed with its length, or "ab" + "c" and "a" + "bc" would hash the same.
    private static void Text(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Number(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void Number(IncrementalHash hash, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
